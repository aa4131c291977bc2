"""Building: what is not there yet, one image after the other, and then the tags of all of them at once."""

import shlex
import tempfile
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path

from chatdb.images import content
from chatdb.images.builders import Builder, run
from constructs_lib.files import advised_writes, exclusive
from constructs_lib.model import Catalogue
from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.resolve import image_tags

LOCK = Path(".cdk8s/images.lock")


@dataclass(frozen=True, slots=True)
class Step:
    """One image: its name in the catalogue, its tag and reference, the build's context and its command."""

    name: str
    tag: str
    reference: str
    context: Path
    command: tuple[str, ...]


def unwritten(root: Path, catalogue: Catalogue) -> list[str]:
    """Folders of images of ours that have no Dockerfile yet."""
    sources = sorted(image.source for image in catalogue.images.values() if image.source)
    return [source for source in sources if not (root / source / content.DOCKERFILE).exists()]


def steps(root: Path, catalogue: Catalogue, builder: Builder, out: Path) -> list[Step]:
    """What there is to build, each from a copy below `out`: a file that changes meanwhile changes no image."""
    left_out = unwritten(root, catalogue)
    to_build: list[Step] = []
    wrong: list[Problem] = []
    for name, image in sorted(catalogue.images.items()):
        if not image.source or image.source in left_out:
            continue
        try:
            files = content.copy(content.contents(root, image.source), out / name)
        except InvalidInput as error:
            wrong += error.problems
            continue
        tag = content.tag(files)
        reference = f"{image.repository}:{tag}"
        command = builder.command(f"{image.source}/{content.DOCKERFILE}", reference)
        to_build.append(Step(name, tag, reference, out / name, command))
    if wrong:
        raise InvalidInput(wrong)
    return to_build


def build(root: Path, catalogue: Catalogue, builder: Builder, tell: Callable[[str], None]) -> bool:
    """Build what is missing and then write all tags; whether they have changed. `tell` hears of each image."""
    with advised_writes(str(root)), exclusive(root / LOCK), tempfile.TemporaryDirectory() as out:
        before = image_tags.read(root)
        to_build = steps(root, catalogue, builder, Path(out))
        there = builder.there()
        for step in to_build:
            tell(_line(step, there))
            if step.reference not in there:
                _build(step, builder)
        built = {step.name: step.tag for step in to_build}
        if before.tags == built:
            return False
        image_tags.write(root, replace(before, tags=built))
        return True


def planned(root: Path, catalogue: Catalogue, builder: Builder) -> list[str]:
    """What `build` would tell; nothing is built."""
    with advised_writes(str(root)), tempfile.TemporaryDirectory() as out:
        to_build = steps(root, catalogue, builder, Path(out))
        there = builder.there()
    return [_line(step, there) for step in to_build]


def _line(step: Step, there: Collection[str]) -> str:
    """A command that could be pasted, or a comment."""
    return f"# {step.reference} is there" if step.reference in there else shlex.join(step.command)


def _build(step: Step, builder: Builder) -> None:
    """Only that the image is there counts: minikube ends with 0 also where its build has failed."""
    wrong = run(step.command, step.context)
    if not wrong and step.reference not in builder.there():
        wrong = f"{step.reference} is not there after it"
    if wrong:
        fix = "its own words are above; fix it, and run again: what was built stays"
        raise InvalidInput([Problem(shlex.join(step.command), wrong, fix)])
