"""Pushing: what the registry does not have yet, one image after the other; each digest is written at once."""

import shlex
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from chatdb.images.build import LOCK, unwritten
from chatdb.images.builders import REGISTRY, Builder, Commands, run
from chatdb.images.registry import manifest_digest
from constructs_lib.command import COMMAND
from constructs_lib.files import advised_writes, exclusive
from constructs_lib.gitops.environment_images import EnvironmentImage, environment_images
from constructs_lib.model import Catalogue
from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.resolve import image_tags
from constructs_lib.settings import FILE, Settings


def check_registry(settings: Settings) -> None:
    """InvalidInput where the environment has no registry."""
    if settings.registry is None:
        name = settings.environment
        fix = f"add one below environments: {name}, such as registry: registry.example/team"
        raise InvalidInput([Problem(FILE, f"environment {name} has no registry", fix)])


def images_of(root: Path, catalogue: Catalogue, settings: Settings) -> tuple[EnvironmentImage, ...]:
    """The images of an environment, with the tags that were built; InvalidInput where it has no registry."""
    check_registry(settings)
    if wrong := image_tags.problems(root, catalogue):
        raise InvalidInput(wrong)
    return environment_images(root, image_tags.tagged(root, catalogue), settings)


def push(
    root: Path, catalogue: Catalogue, settings: Settings, builders: Sequence[Builder], tell: Callable[[str], None]
) -> bool:
    """Push what was built and is not there; whether images.yaml has changed. `tell` hears of each image.

    An image is there where the registry has its tag with the digest that images.yaml says. Each of the others is pushed
    by the first of the builders that has it; InvalidInput, before anything is pushed, where none has.
    """
    with advised_writes(str(root)), exclusive(root / LOCK):
        left_out, every = unwritten(root, catalogue), images_of(root, catalogue, settings)
        images = [image for image in every if catalogue.images[image.name].source not in left_out]
        before = image_tags.read(root)
        for image, commands in _planned(before, images, builders, settings.environment, tell):
            tell("\n".join(shlex.join(command) for command in commands))
            _write(root, image, settings, _pushed(root, image, commands))
        return image_tags.read(root) != before


def _planned(
    before: image_tags.BuiltImages,
    images: Sequence[EnvironmentImage],
    builders: Sequence[Builder],
    environment: str,
    tell: Callable[[str], None],
) -> list[tuple[EnvironmentImage, Commands]]:
    """What has to be pushed, by which commands."""
    lists = [(builder, builder.there()) for builder in builders]
    planned: list[tuple[EnvironmentImage, Commands]] = []
    missing: list[Problem] = []
    for image in images:
        if image.digest and manifest_digest(image.repository, image.tag) == image.digest:
            tell(f"# {image.reference} is there")
            continue
        pushes = next((builder.pushes for builder, there in lists if image.in_dist in there), None)
        if image.name in before.tags and pushes:
            planned.append((image, pushes(REGISTRY + image.in_dist, image.tagged)))
        else:
            programs = " or ".join(builder.answers[0] for builder in builders)
            what = f"{programs} does not have it" if image.name in before.tags else "was not built"
            missing.append(Problem(image.in_dist, what, f"run `{COMMAND} images --build --push -e {environment}`"))
    if missing:
        raise InvalidInput(missing)
    return planned


def _pushed(root: Path, image: EnvironmentImage, commands: Commands) -> str:
    """The digest that the registry has after these commands."""
    for command in commands:
        if wrong := run(command, root):
            fix = "its own words are above; fix it, and run again: what was pushed stays"
            raise InvalidInput([Problem(shlex.join(command), wrong, fix)])
    digest = manifest_digest(image.repository, image.tag)
    if digest is None:
        what = "is not in the registry, though the push reported success"
        raise InvalidInput([Problem(image.tagged, what, "see what the registry logs")])
    return digest


def _write(root: Path, image: EnvironmentImage, settings: Settings, digest: str) -> None:
    """Note what is in the registry, beside what images.yaml says by now."""
    written = image_tags.read(root)
    registry = str(settings.registry)
    pushed = {**written.registries.get(registry, {}), image.name: (image.tag, digest)}
    image_tags.write(root, replace(written, registries={**written.registries, registry: pushed}))
