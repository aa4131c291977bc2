"""The set of objects in a folder of manifests: what has to be the same whoever renders it."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

Key = tuple[str, str, str, str]


def objects(folder: Path, pattern: str = "*") -> dict[Key, dict[str, Any]]:
    """Every object below the folder by API version, kind, namespace and name; ValueError where one is there twice."""
    by_key: dict[Key, dict[str, Any]] = {}
    for manifest in _manifests(folder, pattern):
        metadata = manifest["metadata"]
        key = (manifest["apiVersion"], manifest["kind"], metadata.get("namespace", ""), metadata["name"])
        if key in by_key:
            raise ValueError(f"{' '.join(key)} is there twice below {folder}")
        by_key[key] = manifest
    return by_key


def _manifests(folder: Path, pattern: str) -> Iterator[dict[str, Any]]:
    for path in sorted(path for path in folder.rglob(pattern) if path.is_file()):
        for document in yaml.load_all(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader):
            if document is not None:
                yield document


def difference(ours: Mapping[Key, Any], theirs: Mapping[Key, Any]) -> tuple[str, ...]:
    """One line for each object that is not the same on both sides; empty where the sets are equal."""
    return tuple(
        f"{' '.join(key)}: {_verdict(ours.get(key), theirs.get(key))}"
        for key in sorted(ours.keys() | theirs.keys())
        if ours.get(key) != theirs.get(key)
    )


def _verdict(ours: Any, theirs: Any) -> str:
    if ours is None or theirs is None:
        return "only the peer makes it" if ours is None else "the peer does not make it"
    return f"not the same at {', '.join(_paths(ours, theirs, ''))}"


def _paths(left: Any, right: Any, path: str) -> Iterator[str]:
    """The deepest places at which the two values differ."""
    if isinstance(left, dict) and isinstance(right, dict):
        for key in sorted(left.keys() | right.keys()):
            yield from _paths(left.get(key), right.get(key), f"{path}.{key}")
    elif isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        for number, (one, other) in enumerate(zip(left, right, strict=True)):
            yield from _paths(one, other, f"{path}[{number}]")
    elif left != right:
        yield path
