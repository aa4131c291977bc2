"""What a kustomization changes: each patch, image and replacement finds an object that it may change."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from constructs_lib.kustomization import Kustomization, Manifest, Patch
from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.rendered import Identity, identity

MOST_LINES = 20
FINAL = {
    "Job": "its name says what it runs: change the catalogue",
    "ConfigMap": "its pods would not notice: change the catalogue",
}
"""Kinds that no overlay changes, and why."""
LABELS = re.compile(r"([A-Za-z0-9./_-]+)\s*==?\s*([A-Za-z0-9._-]*)")
TAG = re.compile(r"(:[A-Za-z0-9_.{}-]*)?(@sha256:[A-Za-z0-9_.{}-]*)?$")
POD_SPECS = (("spec", "template", "spec"), ("spec", "jobTemplate", "spec", "template", "spec"), ("spec",))
CONTAINERS = ("initContainers", "containers")


def transformers(
    folder: Kustomization, objects: Sequence[Manifest], generated: Collection[Identity]
) -> Iterator[Problem]:
    """Each entry that matches none of the objects, or that changes what is final or generated."""
    for patch in folder.patches():
        try:
            yield from _patch(patch, objects, generated)
        except InvalidInput as error:
            yield from error.problems
    yield from _images(folder, objects)
    yield from _replacements(folder, objects)


def _patch(patch: Patch, objects: Sequence[Manifest], generated: Collection[Identity]) -> Iterator[Problem]:
    lines, contents = len(patch.text.splitlines()), patch.contents()
    if lines > MOST_LINES:
        yield Problem(patch.where, f"it has {lines} lines, more than {MOST_LINES}", "change the base, or split it")
    if not contents:
        yield Problem(
            patch.where, "it patches nothing: it has no content", "write the patch, or remove it from patches"
        )
    for content in contents:
        target = patch.target or own_target(content)
        patched = [manifest for manifest in objects if matches(target, manifest)] if target else []
        if not patched:
            words = ", ".join(f"{key} {value}" for key, value in sorted(target.items())) or "no name"
            yield Problem(patch.where, f"it patches nothing: the tier has no object with {words}", "correct its target")
        yield from _changes(patch.where, content, patched, generated)
        yield from _new_containers(patch.where, content, patched)


def _changes(
    where: str, content: Any, patched: Sequence[Manifest], generated: Collection[Identity]
) -> Iterator[Problem]:
    """Objects among these that no overlay changes."""
    made = {identity(manifest) for manifest in patched} & set(generated)
    for kind, name in sorted({(kind, name) for kind, _, name in made}):
        fix = "remove the patch: it follows from what the environment runs, so change that"
        yield Problem(where, f"it changes the {kind} {name}, which is generated", fix)
    if isinstance(content, Mapping) and content.get("$patch") == "delete":
        return
    for kind in sorted({manifest["kind"] for manifest in patched if identity(manifest) not in made} & set(FINAL)):
        yield Problem(where, f"it changes a {kind}", FINAL[kind])


def _new_containers(where: str, content: Any, patched: Iterable[Manifest]) -> Iterator[Problem]:
    """A merge patch with another name does not change a container: it adds one, which has nothing but the change."""
    for manifest in patched:
        there = _containers(manifest)
        for (list_, name), container in _containers(content).items():
            if (list_, name) in there or container.get("image") or "$patch" in container:
                continue
            names = [other for key, other in there if key == list_]
            near = get_close_matches(name, names, 1, 0) or ["a container of the object"]
            message = (
                f"it adds the container {name!r} to {manifest['kind']} {manifest['metadata']['name']}, without an image"
            )
            yield Problem(where, message, f"write {near[0]}, or give it an image")


def _containers(manifest: Any) -> dict[tuple[str, str], Mapping[str, Any]]:
    """(list, name) -> container of an object, or of a patch of one."""
    by_name = {}
    for path in POD_SPECS:
        spec = manifest
        for key in path:
            spec = spec.get(key) if isinstance(spec, Mapping) else None
        for list_ in CONTAINERS if isinstance(spec, Mapping) else ():
            containers = spec.get(list_)
            for container in containers if isinstance(containers, list) else ():
                if isinstance(container, Mapping):
                    by_name[list_, str(container.get("name", ""))] = container
    return by_name


def _images(folder: Kustomization, objects: Sequence[Manifest]) -> Iterator[Problem]:
    entries = folder.entries("images")
    if not entries:
        return
    patches = [content for patch in folder.patches() for content in patch.contents()]
    used = {*_used_images([*objects, *patches]), *(entry.get("newName") or "" for entry in entries)} - {""}
    for number, entry in enumerate(entries):
        name = entry.get("name") or ""
        if not any(_is_image(name, image) for image in used):
            near = get_close_matches(name, sorted({TAG.sub("", image) for image in used}), 1, 0)
            fix = f"write {near[0]}, or remove the entry" if near else "remove the entry"
            yield Problem(folder.place("images", number), f"{name!r} matches no image", fix)


def _used_images(value: Any) -> Iterator[str]:
    """Wherever there is one: also in the operations of a JSON patch."""
    if isinstance(value, list):
        for part in value:
            yield from _used_images(part)
    elif isinstance(value, Mapping):
        for key, part in value.items():
            if isinstance(part, str) and (
                key == "image" or (key == "value" and str(value.get("path")).endswith("/image"))
            ):
                yield part
            else:
                yield from _used_images(part)


def _is_image(name: str, image: str) -> bool:
    """As Kustomize, which takes the name for an expression."""
    return _fits(name, TAG.sub("", image))


def _replacements(folder: Kustomization, objects: Sequence[Manifest]) -> Iterator[Problem]:
    for where, replacement in folder.replacements():
        for number, target in enumerate(replacement.get("targets") or [], 1):
            select = target.get("select") or {}
            if not any(matches(select, manifest) for manifest in objects):
                words = ", ".join(f"{key} {value}" for key, value in sorted(select.items()))
                message = f"target {number} selects nothing: the tier has no object with {words or 'no name'}"
                yield Problem(where, message, "correct its select")


def own_target(content: Any) -> Mapping[str, str]:
    """A strategic merge patch names the one object that it is for; names are no expressions there."""
    metadata = content.get("metadata") if isinstance(content, Mapping) else None
    if not isinstance(metadata, Mapping):
        return {}
    named = {"kind": content.get("kind"), "name": metadata.get("name"), "namespace": metadata.get("namespace")}
    return {key: re.escape(str(value)) for key, value in named.items() if value}


def matches(target: Mapping[str, Any], manifest: Manifest) -> bool:
    """As Kustomize: whole expressions for names, label selectors for labels and annotations; all have to fit."""
    metadata = manifest["metadata"]
    group, _, version = manifest["apiVersion"].rpartition("/")
    fields = {"group": group, "version": version, "kind": manifest["kind"]}
    fields |= {"name": metadata["name"], "namespace": str(metadata.get("namespace") or "")}
    return (
        all(_fits(target[key], value) for key, value in fields.items() if target.get(key))
        and _selected(target.get("labelSelector"), metadata.get("labels"))
        and _selected(target.get("annotationSelector"), metadata.get("annotations"))
    )


def _fits(expression: str, text: str) -> bool:
    try:
        return re.fullmatch(expression, text) is not None
    except re.error:
        return False


def _selected(selector: str | None, values: Any) -> bool:
    """Equality only: what else there is, nobody needs here, and it counts as a target that is not there."""
    there = values if isinstance(values, Mapping) else {}
    parts = [part.strip() for part in selector.split(",")] if selector else []
    pairs = [LABELS.fullmatch(part) for part in parts]
    return all(pair is not None and there.get(pair[1]) == pair[2] for pair in pairs)
