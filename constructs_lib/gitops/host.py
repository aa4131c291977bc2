"""The host of an environment, wherever the base manifests name the platform's: routes, and files that pods read."""

import json
import re
from collections.abc import Iterator
from typing import Any

from constructs_lib.job_names import checksum_key, digest, used_config_maps
from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.rendered import Manifest, Rendered
from constructs_lib.resolved import ResolvedPlatform
from constructs_lib.settings import Settings

Path = tuple[str | int, ...]


def host_patches(platform: ResolvedPlatform, settings: Settings, rendered: Rendered) -> dict[str, list[Manifest]]:
    """Folder of dist/ -> patches that give its objects the environment's host; none where it is the platform's own.

    Pods that read a ConfigMap with the host are replaced. InvalidInput where a Job reads one: its name says what it
    runs, and no patch may change that.
    """
    every = [(folder, one) for (folder, _), objects in rendered.charts.items() for one in objects]
    operations = [(folder, one, list(_replaced(one, platform.catalogue.host, settings.host))) for folder, one in every]
    changed = {_name(one) for _, one, places in operations if places and one["kind"] == "ConfigMap"}
    patches: dict[str, list[Manifest]] = {}
    for folder, one, places in operations:
        if changed & set(_read(one)):
            if one["kind"] == "Job":
                place, name = f"environment {settings.environment}", one["metadata"]["name"]
                message = f"the Job {name} reads {platform.catalogue.host}, and runs the same in all environments"
                raise InvalidInput([Problem(place, message, "let the catalogue give it an address in the cluster")])
            places.append(_restart(one, checksum_key(platform.name), settings.host))
        if places:
            patches.setdefault(folder, []).append(_patch(one, places))
    return patches


def at_host(value: Any, host: str, other: str) -> Any:
    """The value with another host in place of one, in all its texts."""
    if isinstance(value, dict):
        return {key: at_host(part, host, other) for key, part in value.items()}
    if isinstance(value, list):
        return [at_host(part, host, other) for part in value]
    if not isinstance(value, str) or host == other:
        return value
    return re.sub(rf"(?<![\w.-]){re.escape(host)}(?![\w-]|\.\w)", lambda _: other, value)


def _replaced(value: Any, host: str, other: str, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """(place, new text) of each text that names the host."""
    if isinstance(value, dict | list):
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _replaced(part, host, other, (*path, key))
    elif (text := at_host(value, host, other)) != value:
        yield path, text


def _name(manifest: Manifest) -> tuple[str, str]:
    return manifest["metadata"].get("namespace", ""), manifest["metadata"]["name"]


def _read(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Namespace and name of each ConfigMap that the pods of a workload read."""
    template = (manifest.get("spec") or {}).get("template") or {}
    return ((manifest["metadata"].get("namespace", ""), name) for name in used_config_maps(template))


def _restart(manifest: Manifest, key: str, host: str) -> tuple[Path, str]:
    """A checksum that changes with the host, and with all that it changed with before."""
    annotations = manifest["spec"]["template"]["metadata"]["annotations"]
    place = ("spec", "template", "metadata", "annotations", key)
    return place, digest([annotations[key], host])[: len(annotations[key])]


def _patch(manifest: Manifest, places: list[tuple[Path, str]]) -> Manifest:
    pointers = ("".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path) for path, _ in places)
    operations = [
        {"op": "replace", "path": pointer, "value": text} for pointer, (_, text) in zip(pointers, places, strict=True)
    ]
    names = {key: manifest["metadata"][key] for key in ("name", "namespace") if key in manifest["metadata"]}
    target = {"kind": manifest["kind"], **names}
    return {"target": target, "patch": json.dumps(operations)}
