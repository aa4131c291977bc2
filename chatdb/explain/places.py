"""Where things are in the repository: entry, construct, rendered objects, patches, Applications, files, pages."""

import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from chatdb.explain.documents import Words
from chatdb.explain.model import Object, Place
from chatdb.explain.sources import Sources
from constructs_lib.component_type import type_of
from constructs_lib.files import is_scratch
from constructs_lib.model import Component
from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.resolve.problems.places import COMPONENTS
from constructs_lib.resolve.topics import DEAD_LETTER_SUFFIX
from constructs_lib.resolved import SECRET_SUFFIX

FILES = Path("catalogue/files")


def owner_labels(platform: str) -> tuple[str, str]:
    """A policy names its owner in the first, every other object in the second."""
    return f"{platform}.io/owner", "app"


def entry(sources: Sources, component: Component) -> Place:
    """The line of the component's entry; InvalidInput where the file has none."""
    line = sources.entries.get(component.name)
    if line is None:
        fix = "write the name as a plain text"
        raise InvalidInput([Problem(COMPONENTS, f"no entry has name={component.name!r}", fix)])
    return Place(COMPONENTS, line)


def construct(component: Component) -> Place | None:
    """The class that builds components of this type: CONSTRUCT of its module; None where nothing is built."""
    if not type_of(component).rendered:
        return None
    module = type_of(component).construct_module
    file = f"{module.replace('.', '/')}.py"
    spec = find_spec(module)
    text = Path(str(spec.origin)).read_text(encoding="utf-8") if spec else ""
    named = re.search(r"^CONSTRUCT = (\w+)$", text, re.MULTILINE)
    definition = named and re.search(rf"^class {named[1]}\(", text, re.MULTILINE)
    if not definition:
        raise InvalidInput([Problem(file, "has no class named by CONSTRUCT", "write CONSTRUCT = <class>")])
    return Place(file, text.count("\n", 0, definition.start()) + 1)


def objects(sources: Sources, component: Component, platform: str) -> tuple[Object, ...]:
    """The rendered objects that the component owns, that are there because of it, or that name it.

    Of an environment each object once: where a trait has another one in its place, that one.
    """
    words = Words(*_traces(sources.root, component))
    related: dict[object, Object] = {}
    for document, manifest in sources.generated.having(words):
        metadata = manifest["metadata"]
        kind, namespace, name = identity = manifest["kind"], metadata.get("namespace", ""), metadata["name"]
        owner = _owner(metadata, platform)
        if sources.has(identity) and (owner == component.name or document.mentions(words)):
            found = Object(place=document.place, kind=kind, namespace=namespace, name=name, owner=owner)
            related[identity if sources.of_one else document.place] = found
    return tuple(related.values())


def _owner(metadata: dict[str, Any], platform: str) -> str:
    labels = metadata.get("labels")
    there = labels if isinstance(labels, dict) else {}
    return next((str(there[label]) for label in owner_labels(platform) if label in there), "")


def _traces(root: Path, component: Component) -> Iterator[str]:
    """What others call the component and what is its alone."""
    yield component.name
    yield component.name + SECRET_SUFFIX
    yield from (topic + DEAD_LETTER_SUFFIX for topic in component.consumes.values())
    if component.schema:
        yield component.role
        paths = (root / component.schema.migrations).glob("*.sql")
        yield from (f"{component.schema.name}--{path.name}" for path in sorted(paths))


def overlays(sources: Sources, component: Component, related: Sequence[Object], platform: str) -> tuple[Place, ...]:
    """What in overlays/ changes an object of the component, or gives it a further one."""
    own = [item for item in related if item.owner == component.name]
    names = (component.name, *(item.name for item in own))
    patches = [
        document.place
        for document, patch in sources.patches.having(Words(*names))
        if _changes(patch, component, own, platform)
    ]
    patches += [
        document.place
        for document, _ in sources.kustomizations.having(Words(*names, *(item.kind for item in own)))
        for patch in sources.targeted(document.place.file)
        if _selects(patch.target, component, own, platform)
    ]
    return tuple(dict.fromkeys(sorted(patches)))


def _changes(patch: dict[str, Any], component: Component, own: Sequence[Object], platform: str) -> bool:
    """Whether it patches one of the objects, or is one more."""
    metadata = patch.get("metadata")
    if not isinstance(metadata, dict):
        return False
    own_keys = {(item.kind, item.name) for item in own}
    return _owner(metadata, platform) == component.name or (patch.get("kind"), metadata.get("name")) in own_keys


def _selects(target: Mapping[str, str], component: Component, own: Sequence[Object], platform: str) -> bool:
    """Labels select what the component owns; else the target's kind and name do."""
    labels = target.get("labelSelector")
    if labels:
        return any(f"{label}={component.name}" in labels.split(",") for label in owner_labels(platform))
    return any(target.get("kind", o.kind) == o.kind and target.get("name", o.name) == o.name for o in own)


def files(root: Path, component: Component, source: str | None) -> tuple[str, ...]:
    """Hand-written files: its type's and its own, its image's folder, its migrations, its test."""
    spec = Path(type(type_of(component)).__module__.replace(".", "/"))
    folders = [root / spec.parent / "files", root / FILES / component.name, *([root / source] if source else [])]
    paths = {path for folder in folders for path in folder.rglob("*") if path.is_file() and not is_scratch(path.name)}
    paths |= set((root / component.schema.migrations).glob("*.sql")) if component.schema else set()
    paths |= set((root / "tests/services").glob(f"test_service_{component.role}.py"))
    return tuple(sorted(path.relative_to(root).as_posix() for path in paths if "__pycache__" not in path.parts))


def docs(sources: Sources, component: Component) -> tuple[Place, ...]:
    """The pages that name the component, with the first line that does."""
    words = Words(component.name)
    places = []
    for file, text, runs in sources.pages:
        match = words.pattern.search(text) if words.runs <= runs else None
        if match:
            places.append(Place(file, text.count("\n", 0, match.start()) + 1))
    return tuple(places)
