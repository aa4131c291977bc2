"""The file images.yaml: a build writes tags of the images of this repository, a push what registries have of them."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from constructs_lib.command import COMMAND
from constructs_lib.files import write_by_rename
from constructs_lib.image_reference import InvalidImage, is_registry, parse_digest
from constructs_lib.model import Catalogue
from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.resolve.problems.images import tag_defects

if TYPE_CHECKING:
    from constructs_lib.yaml_files import Place

FILE = "images.yaml"
HEAD = f"# Tags and digests of the images of services/: `{COMMAND} images` writes them, `{COMMAND} synth` reads them.\n"
FIX = f"delete it, and run `{COMMAND} images --build`"
TAGS, REGISTRIES = "tags", "registries"
"""The keys of a file that has digests; without any, its keys are names of images."""


@dataclass(frozen=True, slots=True)
class BuiltImages:
    """Name of an image -> its tag; and registry -> name -> the (tag, digest) that was pushed there last."""

    tags: Mapping[str, str] = field(default_factory=dict)
    registries: Mapping[str, Mapping[str, tuple[str, str]]] = field(default_factory=dict)

    def digest(self, registry: str, name: str, tag: str) -> str | None:
        """The digest of the image with that tag in the registry; None where the last push there had another tag."""
        pushed = self.registries.get(registry, {}).get(name)
        return pushed[1] if pushed and pushed[0] == tag else None


def problems(root: Path, catalogue: Catalogue) -> tuple[Problem, ...]:
    """What is wrong with the file; a catalogue without problems of its own says what may be in it."""
    try:
        read(root, sorted(name for name, image in catalogue.images.items() if image.source))
    except InvalidInput as error:
        return error.problems
    return ()


def read(root: Path, ours: Collection[str] | None = None) -> BuiltImages:
    """What was built and pushed; nothing where there is no file. InvalidInput with all that is wrong with it.

    Where they are given, it may have the names `ours` only.
    """
    if not (root / FILE).exists():
        return BuiltImages()
    # Imported late: most commands read no YAML.
    from constructs_lib.yaml_files import read_document

    raw, place = read_document(root / FILE, FILE, FIX)
    tags: Any = raw
    registries: Any = {}
    own = place
    wrong: list[Problem] = []
    if not all(isinstance(raw.get(key, ""), str) for key in (TAGS, REGISTRIES)):
        tags, own, registries = raw.get(TAGS), place.at(TAGS), raw.get(REGISTRIES)
        unknown = [key for key in raw if key not in (TAGS, REGISTRIES)]
        wrong += [Problem(str(place.at(key)), f"unknown key {key!r}", FIX) for key in unknown]
    wrong += _wrong(tags, own, ours, pushed=False)
    if not isinstance(registries, dict):
        wrong.append(Problem(str(place.at(REGISTRIES)), f"{REGISTRIES} is {registries!r}", FIX))
        raise InvalidInput(wrong)
    for registry, images in registries.items():
        own = place.at(REGISTRIES, registry)
        if not isinstance(registry, str) or not is_registry(registry):
            wrong.append(Problem(str(own), f"{registry!r} is not a registry", "delete it with what is below it"))
        wrong += _wrong(images, own, ours, pushed=True)
    if wrong:
        raise InvalidInput(wrong)
    return BuiltImages(tags, {registry: _pairs(images) for registry, images in registries.items()})


def _pairs(images: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    parts = {name: text.partition("@") for name, text in images.items()}
    return {name: (tag, digest) for name, (tag, _, digest) in parts.items()}


def _wrong(images: Any, place: "Place", ours: Collection[str] | None, *, pushed: bool) -> Iterator[Problem]:
    """What is wrong with a mapping of names to tags, or where they were pushed to <tag>@<digest>."""
    if not isinstance(images, dict):
        yield Problem(str(place), f"{images!r} is not a mapping of images to tags", FIX)
        return
    for name, text in images.items():
        where = str(place.at(name))
        if ours is not None and name not in ours:
            yield Problem(where, f"{name!r} is not built here", f"delete the line; there are: {', '.join(ours)}")
        for defect in _defects(text, pushed=pushed):
            yield Problem(where, f"{name}: {defect}", FIX)


def _defects(text: Any, *, pushed: bool) -> Iterator[str]:
    if not isinstance(text, str):
        yield f"{text!r} is not a text"
        return
    tag, _, digest = text.partition("@") if pushed else (text, "", "")
    yield from (defect for defect, _ in tag_defects(tag))
    try:
        if pushed:
            parse_digest(digest)
    except InvalidImage as error:
        yield error.what


def write(root: Path, images: BuiltImages) -> None:
    """Replace the file at once: a run that dies leaves the old one. Digests of images without a tag are left out."""
    from constructs_lib import manifest_yaml

    tags = dict(sorted(images.tags.items()))
    kept = {
        registry: {name: "@".join(pushed[name]) for name in tags if name in pushed}
        for registry, pushed in sorted(images.registries.items())
    }
    registries = {registry: pushed for registry, pushed in kept.items() if pushed}
    content = {TAGS: tags, REGISTRIES: registries} if registries else tags
    write_by_rename(root / FILE, HEAD + manifest_yaml.dump([content]))


def tagged(root: Path, catalogue: Catalogue) -> Catalogue:
    """The catalogue whose images have the tags that they were built with; the same one where none was built."""
    tags = read(root).tags
    if not tags:
        return catalogue
    built = {name: replace(catalogue.images[name], tag=tag) for name, tag in tags.items()}
    return replace(catalogue, images={**catalogue.images, **built})
