"""Files that entries name or carry: migrations of schemas, samples of buckets, configuration."""

from collections.abc import Iterator

from constructs_lib.characters import lost
from constructs_lib.model import Catalogue, Component
from constructs_lib.problem import Problem
from constructs_lib.resolve.problems.names import NAME
from constructs_lib.resolve.problems.places import BUCKETS, FILES, entry, where
from constructs_lib.types import known_type, type_of


def problems(catalogue: Catalogue) -> Iterator[Problem]:
    """Each schema that would have no tables, each sample that is not there, each file that is no text."""
    for component in catalogue.components:
        if component.schema and not catalogue.migrations(component.schema):
            message = f"there is no migration in {component.schema.migrations!r}"
            yield Problem(where(component), message, "add a file such as 0001_tables.sql to the folder")
        provider = known_type(type_of(component).prepares)
        if provider and provider.holds == "buckets" and NAME.fullmatch(component.name):
            yield from _samples(catalogue, component.name)
        # A file system refuses to look for some names that no component can have anyway.
        if NAME.fullmatch(component.name):
            yield from _texts(catalogue, component)


def _samples(catalogue: Catalogue, maker: str) -> Iterator[Problem]:
    carried = {path.name for path in catalogue.file_paths(maker)}
    for bucket in catalogue.buckets:
        for name in sorted(set(bucket.samples) - carried):
            message = f"there is no sample {name!r} in {FILES}/{maker}"
            yield Problem(entry(BUCKETS, bucket.name), message, "add the file, or remove it from samples")


def _texts(catalogue: Catalogue, component: Component) -> Iterator[Problem]:
    """They become parts of ConfigMaps."""
    migrations = catalogue.migrations(component.schema) if component.schema else ()
    for path in (*catalogue.file_paths(component.name), *migrations):
        place = path.relative_to(catalogue.root).as_posix()
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            yield Problem(place, "is no text in UTF-8", "save it as such, or move it to another folder")
            continue
        for number, line in enumerate(text.split("\n"), 1):
            if message := lost(line):
                yield Problem(f"{place}:{number}", message, "write it as an escape sequence, or remove it")
