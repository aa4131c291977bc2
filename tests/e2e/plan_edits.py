"""Changes of an environment for the tests of plans: of its manifests, of its overlay, and of the catalogue."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from catalogue.components import CATALOGUE
from chatdb.plan import sides
from chatdb.plan.sides import Part, Side
from constructs_lib.gitops.synth import stage
from constructs_lib.model import Catalogue, Component
from constructs_lib.rendered import Manifest
from constructs_lib.resolve import resolve
from constructs_lib.settings import read_settings
from tests.repository import ROOT, attach, copy_inputs, set_values

ENVIRONMENT = "minikube"
BESIDE = "+"
"""In place of a path: one more object."""
GONE = object()
"""In place of a value that is not there."""
Inputs = Callable[[Path, Catalogue], Catalogue]
"""Changes a copy of the hand-written files, and gives the catalogue to generate from."""


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of one object, `Kind/name` or `Kind/namespace/name`; a name may be a Job's without its hash.

    `path` is a JSON pointer; at its place `value` is given what there is, or GONE, and gives what shall be there.
    """

    target: str
    path: str
    value: Callable[[Any], Any]


def put(target: str, path: str, value: Any) -> Edit:
    """A value, whatever is there."""
    return Edit(target, path, lambda _: copy.deepcopy(value))


def drop(target: str, path: str) -> Edit:
    """Without what is there."""
    return Edit(target, path, lambda _: GONE)


def merge(target: str, path: str, **values: Any) -> Edit:
    """More fields of a mapping."""
    return Edit(target, path, lambda old: {**({} if old is GONE else old), **copy.deepcopy(values)})


def append(target: str, path: str, *items: Any) -> Edit:
    """More items of a list."""
    return Edit(target, path, lambda old: [*([] if old is GONE else old), *copy.deepcopy(items)])


def turn(target: str, path: str) -> Edit:
    """The same list from its end."""
    return Edit(target, path, lambda old: old[::-1])


def remove(target: str) -> Edit:
    """Without the object."""
    return Edit(target, "", lambda _: GONE)


def create(beside: str, manifest: Manifest) -> Edit:
    """One more object, in the tier of that one."""
    return Edit(beside, BESIDE, lambda _: copy.deepcopy(manifest))


def edited(side: Side, *edits: Edit) -> Side:
    """The environment with these changes of its manifests."""
    for edit in edits:
        side = tuple(_part(part, edit) for part in side)
    return side


def _part(part: Part, edit: Edit) -> Part:
    if not any(_is(manifest, edit.target) for manifest in part.objects):
        return part
    return replace(part, objects=tuple(_objects(part.objects, edit)))


def _objects(manifests: tuple[Manifest, ...], edit: Edit) -> Iterator[Manifest]:
    for manifest in manifests:
        if not _is(manifest, edit.target):
            yield manifest
        elif edit.path == BESIDE:
            yield from (manifest, edit.value(manifest))
        elif not edit.path:
            changed = edit.value(manifest)
            yield from () if changed is GONE else (changed,)
        else:
            yield _at(manifest, [_step(step) for step in edit.path.removeprefix("/").split("/")], edit.value)


def _is(manifest: Manifest, target: str) -> bool:
    kind, *namespace, name = target.split("/")
    metadata = manifest["metadata"]
    names = {metadata["name"], metadata["name"].rpartition("-")[0] if kind == "Job" else metadata["name"]}
    return manifest["kind"] == kind and name in names and namespace in ([], [metadata.get("namespace")])


def _step(text: str) -> str:
    return text.replace("~1", "/").replace("~0", "~")


def _at(node: Any, steps: list[str], value: Callable[[Any], Any]) -> Any:
    """A copy of the node with the value at the place."""
    first, *rest = steps
    if isinstance(node, list):
        number = int(first)
        new = _at(node[number], rest, value) if rest else value(node[number])
        return [*node[:number], *([] if new is GONE else [new]), *node[number + 1 :]]
    old = node.get(first, {} if rest else GONE)
    new = _at(old, rest, value) if rest else value(old)
    others = {key: one for key, one in node.items() if key != first or new is not GONE}
    return others if new is GONE else {**others, first: new}


def generated(folder: Path, inputs: Inputs) -> Side:
    """The environment from changed inputs, as `chatdb plan` builds it; the folder has to be new."""
    root, out = copy_inputs(folder), folder / "out"
    catalogue = inputs(root, CATALOGUE)
    out.mkdir()
    stage(root, resolve(catalogue, ROOT), [read_settings(root, catalogue, ENVIRONMENT)], out)
    return sides.side(root, ENVIRONMENT, out)


def component(name: str, **values: Any) -> Inputs:
    """Other values of a component."""

    def change(_: Path, catalogue: Catalogue) -> Catalogue:
        every = (replace(one, **values) if one.name == name else one for one in catalogue.components)
        return replace(catalogue, components=tuple(every))

    return change


def components(change: Callable[[tuple[Component, ...]], tuple[Component, ...]]) -> Inputs:
    """Other components."""
    return lambda _, catalogue: replace(catalogue, components=change(catalogue.components))


def image(name: str, **values: Any) -> Inputs:
    """Other values of an image."""

    def change(_: Path, catalogue: Catalogue) -> Catalogue:
        return replace(catalogue, images={**catalogue.images, name: replace(catalogue.images[name], **values)})

    return change


def overlay(tier: str, kind: str, name: str, *operations: tuple[str, str, Any]) -> Inputs:
    """A hand-written patch in the overlay of a tier."""

    def change(root: Path, catalogue: Catalogue) -> Catalogue:
        folder = root / "overlays" / ENVIRONMENT / tier
        written = [
            {"op": op, "path": path, **({} if op == "remove" else {"value": value})} for op, path, value in operations
        ]
        path = folder / "kustomization.yaml"
        kustomization = yaml.safe_load(path.read_text(encoding="utf-8"))
        patches = kustomization.setdefault("patches", [])
        file = folder / f"changed-{len(patches)}.yaml"
        file.write_text(yaml.safe_dump(written), encoding="utf-8")
        patches.append({"target": {"kind": kind, "name": name}, "path": file.name})
        path.write_text(yaml.safe_dump(kustomization, sort_keys=False), encoding="utf-8")
        return catalogue

    return change


def traits(*names: str) -> Inputs:
    """With traits attached."""

    def change(root: Path, catalogue: Catalogue) -> Catalogue:
        attach(root, ENVIRONMENT, names)
        return catalogue

    return change


def without_patch(tier: str, name: str) -> Inputs:
    """Without that file among the patches of the tier's overlay."""

    def change(root: Path, catalogue: Catalogue) -> Catalogue:
        path = root / "overlays" / ENVIRONMENT / tier / "kustomization.yaml"
        kustomization = yaml.safe_load(path.read_text(encoding="utf-8"))
        kustomization["patches"] = [one for one in kustomization["patches"] if one.get("path") != name]
        path.write_text(yaml.safe_dump(kustomization, sort_keys=False), encoding="utf-8")
        return catalogue

    return change


def settings(**values: Any) -> Inputs:
    """Other settings of the environment."""

    def change(root: Path, catalogue: Catalogue) -> Catalogue:
        set_values(root, ENVIRONMENT, **values)
        return catalogue

    return change


def both(*every: Inputs) -> Inputs:
    """One change after another."""

    def change(root: Path, catalogue: Catalogue) -> Catalogue:
        for one in every:
            catalogue = one(root, catalogue)
        return catalogue

    return change
