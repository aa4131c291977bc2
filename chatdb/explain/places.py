"""Where things are in the repository: entry, construct, rendered objects, patches, Applications, files, pages."""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from chatdb.explain.documents import documents, mentions, words
from chatdb.explain.model import Object, Place
from constructs_lib.component_type import type_of
from constructs_lib.files import is_scratch
from constructs_lib.kustomization import GENERATED, NAMES, Kustomization
from constructs_lib.model import Component
from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.resolve.problems.places import COMPONENTS
from constructs_lib.resolve.topics import DEAD_LETTER_SUFFIX
from constructs_lib.resolved import SECRET_SUFFIX

FILES = Path("catalogue/files")


def owner_labels(platform: str) -> tuple[str, str]:
    """A policy names its owner in the first, every other object in the second."""
    return f"{platform}.io/owner", "app"


def entry(root: Path, component: Component) -> Place:
    """The line of the component's entry; InvalidInput where the file has none."""
    tree = ast.parse((root / COMPONENTS).read_text(encoding="utf-8"))
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    for call in calls:
        names = [ast.unparse(keyword.value) for keyword in call.keywords if keyword.arg == "name"]
        if ast.unparse(call.func) == "Component" and names == [repr(component.name)]:
            return Place(COMPONENTS, call.lineno)
    raise InvalidInput([Problem(COMPONENTS, f"no entry has name={component.name!r}", "write the name as a plain text")])


def construct(component: Component) -> Place:
    """The class that builds components of this type: CONSTRUCT of its module."""
    module = type_of(component).construct_module
    file = f"{module.replace('.', '/')}.py"
    spec = find_spec(module)
    text = Path(str(spec.origin)).read_text(encoding="utf-8") if spec else ""
    named = re.search(r"^CONSTRUCT = (\w+)$", text, re.MULTILINE)
    definition = named and re.search(rf"^class {named[1]}\(", text, re.MULTILINE)
    if not definition:
        raise InvalidInput([Problem(file, "has no class named by CONSTRUCT", "write CONSTRUCT = <class>")])
    return Place(file, text.count("\n", 0, definition.start()) + 1)


def objects(root: Path, component: Component, platform: str) -> tuple[Object, ...]:
    """The objects in dist/ that the component owns, that are there because of it, or that name it."""
    if not (root / "dist").is_dir():
        raise InvalidInput([Problem("dist", "is missing", "run `chatdb synth`")])
    word = words(*_traces(root, component))
    related = []
    for place, manifest in documents(root, _generated(root), word):
        metadata = manifest["metadata"]
        owner = _owner(metadata, platform)
        if owner == component.name or mentions(manifest, word):
            namespace = metadata.get("namespace", "")
            name = metadata["name"]
            related.append(Object(place=place, kind=manifest["kind"], namespace=namespace, name=name, owner=owner))
    return tuple(related)


def _generated(root: Path) -> list[Path]:
    """The files of all objects: of the bases, of traits, and of each environment."""
    patterns = ("dist/*/*.k8s.yaml", "dist/traits/*/*.k8s.yaml", "overlays/*/*/generated/*.yaml")
    paths = sorted(path for pattern in patterns for path in root.glob(pattern))
    return [path for path in paths if path.name != "kustomization.yaml"]


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


def overlays(root: Path, component: Component, related: Sequence[Object], platform: str) -> tuple[Place, ...]:
    """What in overlays/ changes an object of the component, or gives it a further one."""
    own = [item for item in related if item.owner == component.name]
    word = words(component.name, *(item.name for item in own), *(item.kind for item in own))
    written = [path for path in (root / "overlays").rglob("*") if path.is_file() and GENERATED not in path.parts]
    lists = [path for path in written if path.name in NAMES]
    files = {path for path in written if path.suffix == ".yaml" and not is_scratch(path.name)} - {*lists}
    patches = [
        place for place, patch in documents(root, sorted(files), word) if _changes(patch, component, own, platform)
    ]
    patches += [
        place
        for place, _ in documents(root, lists, word)
        for patch in Kustomization(root, (root / place.file).parent).patches()
        if patch.target and _selects(patch.target, component, own, platform)
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


def applications(root: Path, component: Component) -> tuple[Place, ...]:
    """The Argo CD Applications of the component's tier, one for each environment."""
    paths = sorted((root / "argocd").glob(f"*/apps/{component.tier}.yaml"))
    return tuple(place for place, _ in documents(root, paths, re.compile("Application")))


def files(root: Path, component: Component, source: str | None) -> tuple[str, ...]:
    """Hand-written files: its type's and its own, its image's folder, its migrations, its test."""
    spec = Path(type(type_of(component)).__module__.replace(".", "/"))
    folders = [root / spec.parent / "files", root / FILES / component.name, *([root / source] if source else [])]
    paths = {path for folder in folders for path in folder.rglob("*") if path.is_file() and not is_scratch(path.name)}
    paths |= set((root / component.schema.migrations).glob("*.sql")) if component.schema else set()
    paths |= set((root / "tests/services").glob(f"test_service_{component.role}.py"))
    return tuple(sorted(path.relative_to(root).as_posix() for path in paths if "__pycache__" not in path.parts))


def docs(root: Path, component: Component) -> tuple[Place, ...]:
    """The pages that name the component, with the first line that does."""
    word = words(component.name)
    places = []
    for path in sorted((root / "docs").rglob("*.md")):
        text = path.read_text(encoding="utf-8")
        if match := word.search(text):
            places.append(Place(path.relative_to(root).as_posix(), text.count("\n", 0, match.start()) + 1))
    return tuple(places)
