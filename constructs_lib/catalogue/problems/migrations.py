"""Files that entries name: the migrations of schemas."""

from collections.abc import Iterator

from constructs_lib.catalogue.migrations import migration_files
from constructs_lib.catalogue.model import Catalogue
from constructs_lib.catalogue.problems.places import where
from constructs_lib.problem import Problem


def found(catalogue: Catalogue) -> Iterator[Problem]:
    """Each schema that would have no tables."""
    for component in catalogue.components:
        if component.schema and not migration_files(component.schema):
            what = f"there is no migration in {component.schema.migrations!r}"
            yield Problem(where(component), what, "add a file such as 0001_tables.sql to the folder")
