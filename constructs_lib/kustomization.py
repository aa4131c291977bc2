"""Reading kustomizations: the one place that knows their names and fields, and refuses a value of a wrong type."""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.yaml_files import Document, documents, read_text, single

KUSTOMIZATION = "kustomization.yaml"
NAMES = (KUSTOMIZATION, "kustomization.yml", "Kustomization")
"""Kustomize takes any of them, but only one in a folder."""
DIST = "../../../dist"
"""The generated bases, as an overlay's folder sees them."""
GENERATED = "generated"
"""The folder of a tier's overlay for what depends on its environment."""
REMOTE = ("://", "github.com/", "git@", "git::")
Manifest = Mapping[str, Any]

SELECTOR = dict.fromkeys(("group", "version", "kind", "name", "namespace", "labelSelector", "annotationSelector"), str)
NAMED = {"name": str, "namespace": str}
REPLACEMENT = {"path": str, "source": {}, "targets": [{"select": SELECTOR, "reject": [SELECTOR]}]}
FIELDS: Mapping[str, Any] = {
    "apiVersion": str,
    "kind": str,
    "resources": [str],
    "components": [str],
    "patches": [{"path": str, "patch": str, "target": SELECTOR, "options": {}}],
    "images": [{"name": str, "newName": str, "newTag": str, "digest": str}],
    "replicas": [{"name": str, "count": int}],
    "replacements": [REPLACEMENT],
    "configMapGenerator": [NAMED],
    "secretGenerator": [NAMED],
}
"""The types of the fields that are used here; all others are Kustomize's own business."""
WORDS = {str: "a text", int: "a whole number"}


@dataclass(frozen=True, slots=True)
class Patch:
    """One entry of `patches`: where it stands, its text, and the target that it names besides."""

    where: str
    text: str
    target: Mapping[str, str]

    def contents(self) -> list[Any]:
        """What it says, without documents that are empty; InvalidInput where it is not YAML."""
        return [document.content for document in documents(self.text, self.where) if document.content]


class Kustomization:
    """A kustomization, as Kustomize reads it: resources, then components, then its own patches."""

    def __init__(self, root: Path, folder: Path, within: tuple[Path, ...] = ()) -> None:
        """InvalidInput where the folder has no kustomization or several, or one with a value of a wrong type.

        `root` is the tree that messages name files by, `within` the kustomizations that list this one.
        """
        self.root = root
        self.folder = normal(folder)
        self.where = self._name(self.folder)
        self.within = (*within, self.folder)
        if self.folder in within:
            way = " -> ".join(map(self._name, self.within))
            raise InvalidInput([Problem(self.where, f"it lists itself: {way}", "remove one of these lines")])
        files = [name for name in NAMES if _is(Path.is_file, folder / name)]
        if len(files) != 1:
            raise InvalidInput([_not_one(self.where, folder.name, files)])
        self.path = self.folder / files[0]
        self.file = self._name(self.path)
        document = single(read_text(self.path, self.file, "make it a file"), self.file)
        if document is None or not isinstance(document.content, dict):
            raise InvalidInput([Problem(self.file, "is not a mapping of keys to values", "list its resources")])
        if wrong := list(self._wrong(document)):
            raise InvalidInput(wrong)
        self.document = document
        self.content: Mapping[str, Any] = document.content

    def _name(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else str(path)

    def _wrong(self, document: Document) -> Iterator[Problem]:
        for path, wanted in wrong_types(document.content, FIELDS):
            yield Problem(f"{self.file}:{document.line(*path)}", f"{_words(path)} is not {wanted}", f"write {wanted}")
        entries = document.content.get("patches")
        for number, entry in enumerate(entries if isinstance(entries, list) else []):
            if isinstance(entry, dict) and bool(entry.get("path")) == bool(entry.get("patch")):
                where = f"{self.file}:{document.line('patches', number)}"
                yield Problem(where, f"patch {number + 1} needs either path or patch", "write one of them")
        yield from self._outside(document)

    def _outside(self, document: Document) -> Iterator[Problem]:
        """Argo CD has the repository only; a folder that is given by hand may lie anywhere, and list what it wants."""
        inside = self.folder.is_relative_to(self.root)
        for path, name in _local(document.content) if inside else ():
            if not normal(self.folder / name).is_relative_to(self.root):
                where = f"{self.file}:{document.line(*path)}"
                yield Problem(where, f"{name} is outside the repository", "list what the repository has")

    def place(self, *path: str | int) -> str:
        """File and line of the value at that path of keys and indices."""
        return f"{self.file}:{self.document.line(*path)}"

    def entries(self, key: str) -> list[Any]:
        """The items of the list of that name; none where it is left out."""
        return self.content.get(key) or []

    def paths(self, key: str) -> list[Path]:
        """The files and folders that the list of that name has."""
        return [normal(self.folder / name) for name in self.entries(key) if not _remote(name)]

    def components(self) -> list["Kustomization"]:
        """What is attached: what is generated, traits."""
        return [self._other(path) for path in self.paths("components")]

    def parts(self) -> list["Kustomization"]:
        """Itself, and its components with theirs."""
        return [self, *(part for component in self.components() for part in component.parts())]

    def folders(self) -> list["Kustomization"]:
        """Those of all folders that it names, in whatever field; InvalidInput where one has no kustomization."""
        return [self._other(path) for path in sorted(self.listed()) if _is(Path.is_dir, path)]

    def _other(self, folder: Path) -> "Kustomization":
        return Kustomization(self.root, folder, self.within)

    def patches(self) -> list[Patch]:
        """Those of files, and those that are written in place."""
        return [self._patch(number, entry) for number, entry in enumerate(self.entries("patches"), 1)]

    def _patch(self, number: int, entry: Mapping[str, Any]) -> Patch:
        target = entry.get("target") or {}
        if name := entry.get("path"):
            where = f"{self.where}/{name}"
            return Patch(where, self._text(normal(self.folder / name)), target)
        return Patch(f"{self.file}: patch {number}", entry["patch"], target)

    def _text(self, path: Path) -> str:
        return read_text(path, self._name(path), f"correct its name in {self.file}, or add it")

    def objects(self) -> list[Manifest]:
        """All that there is to patch, before any patch: deletions by a trait do not count."""
        return [*self.own_objects(), *(manifest for one in self.components() for manifest in one.objects())]

    def own_objects(self) -> list[Manifest]:
        """Those among them that no component brings."""
        return [*(manifest for path in self.paths("resources") for manifest in self.read(path)), *self._made()]

    def _made(self) -> Iterator[Manifest]:
        """What a generator makes, as far as a selector can see it."""
        for kind in ("ConfigMap", "Secret"):
            for entry in self.entries(f"{kind[0].lower()}{kind[1:]}Generator"):
                metadata = {"name": entry.get("name") or "", "namespace": entry.get("namespace") or ""}
                yield {"apiVersion": "v1", "kind": kind, "metadata": metadata}

    def replacements(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """(where, replacement): those of files, and those that are written in place."""
        for number, entry in enumerate(self.entries("replacements")):
            if not entry.get("path"):
                yield self.place("replacements", number), entry
                continue
            path = normal(self.folder / entry["path"])
            name = self._name(path)
            for document in documents(self._text(path), name):
                replacements = document.content if isinstance(document.content, list) else [document.content]
                for wrong, wanted in wrong_types(replacements, [REPLACEMENT]):
                    where = f"{name}:{document.line(*wrong)}"
                    raise InvalidInput([Problem(where, f"{_words(wrong)} is not {wanted}", f"write {wanted}")])
                yield from ((name, replacement) for replacement in replacements)

    def read(self, path: Path) -> list[Manifest]:
        """The objects of a file, or of a folder's kustomization; InvalidInput where it cannot be read."""
        if _is(Path.is_dir, path):
            return self._other(path).objects()
        name = self._name(path)
        nonempty = [document for document in documents(self._text(path), name) if document.content]
        return [one for document in nonempty for one in _objects(document.content, f"{name}:{document.line()}")]

    def problems(self) -> Iterator[Problem]:
        """What is wrong with the hand-written files that it lists, before Kustomize is run.

        Kustomize spends minutes and gigabytes on a short file of nested aliases.
        """
        dist = normal(self.root / "dist")
        resources = self.paths("resources")
        reads: list[Callable[[], Any]] = [partial(self.read, path) for path in resources if _is(Path.is_file, path)]
        reads += [partial(self._contents, number, entry) for number, entry in enumerate(self.entries("patches"), 1)]
        reads.append(partial(list, self.replacements()))
        for read in reads:
            try:
                read()
            except InvalidInput as error:
                yield from error.problems
        folders = [path for path in resources if _is(Path.is_dir, path) and not path.is_relative_to(dist)]
        for path in (*folders, *self.paths("components")):
            yield from self._of_other(path)

    def _contents(self, number: int, entry: Mapping[str, Any]) -> list[Any]:
        return self._patch(number, entry).contents()

    def _of_other(self, folder: Path) -> Iterator[Problem]:
        try:
            yield from self._other(folder).problems()
        except InvalidInput as error:
            yield from error.problems

    def listed(self) -> set[Path]:
        """Every file and folder that the kustomization names: also in a field that only Kustomize knows."""
        texts = {part for text in _texts(self.content) for part in (text, text.rpartition("=")[2]) if part}
        return {self.path, *(normal(self.folder / text) for text in texts if "\n" not in text)}


def normal(path: Path) -> Path:
    """Without `..`; links stay as they are, as a repository may lie behind one."""
    return Path(os.path.normpath(path))


def wrong_types(
    value: Any, wanted: Any, path: tuple[str | int, ...] = ()
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """(path, what is wanted there) for each value that is of another type; what is left out or null is of any."""
    if value is None and path and isinstance(path[-1], str):
        return
    if isinstance(wanted, Mapping):
        if not isinstance(value, Mapping):
            yield path, "a mapping"
            return
        for key in (key for key in wanted if key in value):
            yield from wrong_types(value[key], wanted[key], (*path, key))
    elif isinstance(wanted, list):
        if not isinstance(value, list):
            yield path, "a list"
            return
        for number, part in enumerate(value):
            yield from wrong_types(part, wanted[0], (*path, number))
    elif not isinstance(value, wanted) or isinstance(value, bool):
        yield path, WORDS[wanted]


def _words(path: tuple[str | int, ...]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def _not_one(where: str, name: str, files: list[str]) -> Problem:
    if files:
        return Problem(where, f"there are {len(files)} kustomizations: {', '.join(files)}", "keep one of them")
    return Problem(where, f"there is no {KUSTOMIZATION}", f"make it: it lists {DIST}/{name} among its resources")


def _local(content: Manifest) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """(place, name) of each file and folder that it reads."""
    for key in ("resources", "components", "patches", "replacements"):
        entries = content.get(key)
        for number, entry in enumerate(entries if isinstance(entries, list) else []):
            path, name = ((key, number), entry) if isinstance(entry, str) else ((key, number, "path"), _path(entry))
            if isinstance(name, str) and not _remote(name):
                yield path, name


def _path(entry: Any) -> Any:
    return entry.get("path") if isinstance(entry, Mapping) else None


def _remote(name: str) -> bool:
    return any(mark in name for mark in REMOTE)


def _objects(content: Any, where: str) -> Iterator[Manifest]:
    """The object that a document is, or those of a list."""
    if (
        isinstance(content, dict)
        and str(content.get("kind")).endswith("List")
        and isinstance(content.get("items"), list)
    ):
        for item in content["items"]:
            yield from _objects(item, where)
        return
    metadata = content.get("metadata") if isinstance(content, dict) else None
    name = metadata.get("name") if isinstance(metadata, dict) else None
    texts = (name, content["apiVersion"], content["kind"]) if {"apiVersion", "kind"} <= set(content or ()) else ()
    if not texts or not all(isinstance(text, str) for text in texts):
        fix = "write apiVersion, kind and metadata.name"
        raise InvalidInput([Problem(where, "is not an object of Kubernetes", fix)])
    yield content


def _is(test: Callable[[Path], bool], path: Path) -> bool:
    """Whether it is one; a name that is too long for the system is none."""
    try:
        return test(path)
    except OSError:
        return False


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from _texts(part)
    elif isinstance(value, str):
        yield value
