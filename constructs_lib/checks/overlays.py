"""Rules about the files in overlays/: what Kustomize takes without a word, and does not use."""

import os
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from constructs_lib.checks.model import Inputs, Rendered
from constructs_lib.kustomize import DIST, GENERATED, KUSTOMIZATION
from constructs_lib.problem import Problem

MOST_LINES = 20
TOP_KEYS = frozenset({"apiVersion", "kind", "resources"})
FINAL = {
    "Job": "its name says what it runs: change the catalogue",
    "ConfigMap": "its pods would not notice: change the catalogue",
}
"""Kinds that no overlay changes, and why."""
OLD_FIELDS = ("patchesStrategicMerge", "patchesJson6902", "bases")
SELECTOR = re.compile(r"([A-Za-z0-9./_-]+)\s*==?\s*([A-Za-z0-9._-]*)")

Manifest = Mapping[str, Any]
Identity = tuple[str, str, str]
"""Kind, namespace and name."""


@dataclass(frozen=True, slots=True)
class Patch:
    """One entry of `patches`: where it stands, its text, and the target that it names besides."""

    where: str
    text: str
    target: Mapping[str, Any] | None


class Folder:
    """A kustomization, read as Kustomize reads it: resources, then components, then its own patches."""

    def __init__(self, root: Path, path: Path) -> None:
        """`path` has a kustomization; rendering has already failed where it has none."""
        self.root = root
        self.path = path
        self.where = path.relative_to(root).as_posix()
        self.content: Mapping[str, Any] = yaml.safe_load((path / KUSTOMIZATION).read_text(encoding="utf-8"))

    def paths(self, key: str) -> list[Path]:
        """The files and folders that the list of that name has."""
        return [_normal(self.path / name) for name in self.content.get(key) or []]

    def components(self) -> list["Folder"]:
        """The traits that are attached."""
        return [Folder(self.root, path) for path in self.paths("components")]

    def patches(self) -> list[Patch]:
        """Those of files, and those that are written in place."""
        return [self._patch(number, entry) for number, entry in enumerate(self.content.get("patches") or [], 1)]

    def _patch(self, number: int, entry: Mapping[str, Any]) -> Patch:
        if "path" in entry:
            text = (self.path / entry["path"]).read_text(encoding="utf-8")
            return Patch(f"{self.where}/{entry['path']}", text, entry.get("target"))
        return Patch(f"{self.where}/{KUSTOMIZATION}: patch {number}", entry["patch"], entry.get("target"))

    def objects(self) -> list[Manifest]:
        """All that there is to patch, before any patch: deletions by a trait do not count."""
        found = [manifest for path in self.paths("resources") for manifest in self.read(path)]
        return found + [manifest for component in self.components() for manifest in component.objects()]

    def read(self, path: Path) -> list[Manifest]:
        """The objects of a file, or of a folder's kustomization."""
        if path.is_dir():
            return Folder(self.root, path).objects()
        return [found for found in yaml.load_all(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) if found]

    def listed(self) -> set[Path]:
        """Every file and folder that the kustomization names."""
        named = [path for key in ("resources", "components") for path in self.paths(key)]
        named += [_normal(self.path / entry["path"]) for entry in self.content.get("patches") or [] if "path" in entry]
        return {*named, _normal(self.path / KUSTOMIZATION)}


def _normal(path: Path) -> Path:
    """Without `..`; links stay as they are, as a repository may lie behind one."""
    return Path(os.path.normpath(path))


def all_used(inputs: Inputs) -> Iterator[Problem]:
    """Every file is listed, every patch finds its target, is short, and touches nothing that is final or generated."""
    environment = inputs.root / "overlays" / inputs.settings.environment
    yield from _top(inputs, environment)
    for tier in inputs.settings.tiers:
        folder = Folder(inputs.root, environment / tier)
        if _normal(inputs.root / "dist" / tier) not in folder.paths("resources"):
            yield Problem(folder.where, f"it does not list {DIST}/{tier}", "add it to its resources")
        generated = environment / tier / GENERATED
        made = Folder(inputs.root, generated).objects() if (generated / KUSTOMIZATION).is_file() else []
        if made and _normal(generated) not in folder.paths("resources"):
            yield Problem(folder.where, f"it does not list {GENERATED}", "add it to its resources")
        everything, final = folder.objects(), {_identity(manifest) for manifest in made}
        for part in (folder, *folder.components()):
            yield from _folder(part, everything, final)


def deleted_by_traits(inputs: Inputs, tier: str) -> list[Rendered]:
    """The objects of the tier that traits attached to its overlay delete."""
    folder = Folder(inputs.root, inputs.root / "overlays" / inputs.settings.environment / tier)
    objects = folder.objects()
    deletions = [
        patch.target or _own_target(content)
        for component in folder.components()
        for patch in component.patches()
        for content in yaml.safe_load_all(patch.text)
        if isinstance(content, Mapping) and content.get("$patch") == "delete"
    ]
    return [Rendered(tier, manifest) for manifest in objects if any(_matches(one, manifest) for one in deletions)]


def sources(inputs: Inputs, found: Rendered) -> list[str]:
    """The files of the overlay and its traits that hold the object, relative to the repository."""
    folder = Folder(inputs.root, inputs.root / "overlays" / inputs.settings.environment / found.tier)
    paths = [path for part in (folder, *folder.components()) for path in part.paths("resources") if path.is_file()]
    return [
        path.relative_to(inputs.root).as_posix()
        for path in paths
        if found.identity in {_identity(one) for one in folder.read(path)}
    ]


def _top(inputs: Inputs, environment: Path) -> Iterator[Problem]:
    """What is attached to the environment as a whole reaches `kubectl apply -k`, but no Application."""
    top = Folder(inputs.root, environment)
    for key in sorted(set(top.content) - TOP_KEYS):
        fix = "attach it to the overlay of a tier: Argo CD applies those"
        yield Problem(f"{top.where}/{KUSTOMIZATION}", f"it has {key}", fix)
    tiers = inputs.platform.tiers
    for path in sorted(environment.iterdir()):
        if path.name not in {*tiers, KUSTOMIZATION}:
            place = path.relative_to(inputs.root).as_posix()
            yield Problem(place, "it is no tier's folder", f"use {', '.join(tiers)}")


def _folder(folder: Folder, objects: Sequence[Manifest], generated: Collection[Identity]) -> Iterator[Problem]:
    for key in OLD_FIELDS:
        if key in folder.content:
            yield Problem(f"{folder.where}/{KUSTOMIZATION}", f"{key} is deprecated", "use resources and patches")
    listed = folder.listed() | {_normal(folder.path / GENERATED)}
    for path in sorted(path for path in folder.path.rglob("*") if path.is_file()):
        if not listed & {_normal(path), *_normal(path).parents}:
            place = path.relative_to(folder.root).as_posix()
            yield Problem(place, "its kustomization does not list it", "list it among resources or patches")
    for patch in folder.patches():
        yield from _patch(patch, objects, generated)


def _patch(patch: Patch, objects: Sequence[Manifest], generated: Collection[Identity]) -> Iterator[Problem]:
    lines = len(patch.text.splitlines())
    if lines > MOST_LINES:
        yield Problem(patch.where, f"it has {lines} lines, more than {MOST_LINES}", "change the base, or split it")
    for content in (found for found in yaml.safe_load_all(patch.text) if found):
        target = patch.target or _own_target(content)
        found = [manifest for manifest in objects if _matches(target, manifest)]
        if not found:
            words = ", ".join(f"{key} {value}" for key, value in sorted(target.items()))
            yield Problem(patch.where, f"it patches nothing: the tier has no object with {words}", "correct its target")
        made = {identity for manifest in found if (identity := _identity(manifest)) in generated}
        for kind, name in sorted({(kind, name) for kind, _, name in made}):
            fix = "remove the patch: it follows from what the environment runs, so change that"
            yield Problem(patch.where, f"it changes the {kind} {name}, which is generated", fix)
        if isinstance(content, Mapping) and content.get("$patch") == "delete":
            continue
        for kind in sorted({manifest["kind"] for manifest in found if _identity(manifest) not in made} & set(FINAL)):
            yield Problem(patch.where, f"it changes a {kind}", FINAL[kind])


def _identity(manifest: Manifest) -> Identity:
    metadata = manifest["metadata"]
    return manifest["kind"], metadata.get("namespace", ""), metadata["name"]


def _own_target(content: Mapping[str, Any]) -> Mapping[str, str]:
    """A strategic merge patch names the one object that it is for; names are no expressions there."""
    metadata = content["metadata"]
    named = {"kind": content["kind"], "name": metadata["name"], "namespace": metadata.get("namespace")}
    return {key: re.escape(value) for key, value in named.items() if value}


def _matches(target: Mapping[str, Any], manifest: Manifest) -> bool:
    """As Kustomize: whole expressions for names, label selectors for labels and annotations; all have to fit."""
    metadata = manifest["metadata"]
    group, _, version = manifest["apiVersion"].rpartition("/")
    fields = {"group": group, "version": version, "kind": manifest["kind"]}
    fields |= {"name": metadata["name"], "namespace": metadata.get("namespace", "")}
    return (
        all(re.fullmatch(str(target[key]), value) for key, value in fields.items() if target.get(key))
        and _selected(target.get("labelSelector"), metadata.get("labels") or {})
        and _selected(target.get("annotationSelector"), metadata.get("annotations") or {})
    )


def _selected(selector: str | None, values: Mapping[str, str]) -> bool:
    """Equality only: what else there is, nobody needs here, and it counts as a target that is not there."""
    parts = [part.strip() for part in selector.split(",")] if selector else []
    pairs = [SELECTOR.fullmatch(part) for part in parts]
    return all(pair is not None and values.get(pair[1]) == pair[2] for pair in pairs)
