"""The tags of the images that are built from this repository: a build writes them, synthesis reads them."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from constructs_lib.command import COMMAND
from constructs_lib.files import write_by_rename
from constructs_lib.model import Catalogue
from constructs_lib.problem import Problem
from constructs_lib.resolve.problems.images import tag_defects

FILE = "images.yaml"
HEAD = f"# Tags of the images of services/; `{COMMAND} images --build` writes them, and `{COMMAND} synth` reads them.\n"
FIX = f"delete it, and run `{COMMAND} images --build`"


def problems(root: Path, catalogue: Catalogue) -> Iterator[Problem]:
    """What is wrong with the file; a catalogue without problems of its own says what may be in it."""
    tags, unreadable = _read(root)
    yield from unreadable
    ours = sorted(name for name, image in catalogue.images.items() if image.source)
    for name, tag in tags.items():
        if name not in ours:
            yield Problem(FILE, f"{name!r} is not built here", f"delete the line; there are: {', '.join(ours)}")
        defects = tag_defects(tag) if isinstance(tag, str) else [(f"{tag!r} is not a text", "")]
        for defect, _ in defects:
            yield Problem(FILE, f"{name}: {defect}", FIX)


def _read(root: Path) -> tuple[dict[str, Any], list[Problem]]:
    if not (root / FILE).exists():
        return {}, []
    # Imported late: most commands read no YAML.
    from constructs_lib.yaml_files import read_mapping

    return read_mapping(root / FILE, FILE, FIX)


def read(root: Path) -> Mapping[str, str]:
    """Name of an image -> its tag, for those that were built."""
    return _read(root)[0]


def write(root: Path, tags: Mapping[str, str]) -> None:
    """Replace the file at once: a run that dies leaves the old tags."""
    from constructs_lib import manifest_yaml

    write_by_rename(root / FILE, HEAD + manifest_yaml.dump([dict(sorted(tags.items()))]))


def tagged(root: Path, catalogue: Catalogue) -> Catalogue:
    """The catalogue whose images have the tags that they were built with; the same one where none was built."""
    tags = read(root)
    if not tags:
        return catalogue
    built = {name: replace(catalogue.images[name], tag=tag) for name, tag in tags.items()}
    return replace(catalogue, images={**catalogue.images, **built})
