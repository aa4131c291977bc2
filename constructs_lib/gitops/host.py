"""The host of an environment, wherever the base manifests name the platform's: routes, and files that pods read."""

import re
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from constructs_lib.gitops.delta import by_identity, difference
from constructs_lib.job_names import checksum_key, digest, used_config_maps
from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.rendered import Manifest, Rendered
from constructs_lib.resolved import ResolvedPlatform
from constructs_lib.settings import Settings


def host_patches(platform: ResolvedPlatform, settings: Settings, rendered: Rendered) -> dict[str, list[Manifest]]:
    """Folder of dist/ -> patches that give its objects the environment's host; none where it is the platform's own.

    Pods that read a ConfigMap with the host are replaced. InvalidInput where a Job reads one: its name says what it
    runs, and no patch may change that.
    """
    hosts = platform.catalogue.host, settings.host
    every = [(folder, one, at_host(one, *hosts)) for (folder, _), objects in rendered.charts.items() for one in objects]
    changed = {_name(one) for _, one, other in every if one != other and one["kind"] == "ConfigMap"}
    patches: dict[str, list[Manifest]] = {}
    for folder, one, there in every:
        other = there
        if changed & set(_read(one)):
            if one["kind"] == "Job":
                place, name = f"environment {settings.environment}", one["metadata"]["name"]
                message = f"the Job {name} reads {platform.catalogue.host}, and runs the same in all environments"
                raise InvalidInput([Problem(place, message, "let the catalogue give it an address in the cluster")])
            other = _restarted(there, checksum_key(platform.name), settings.host)
        if one != other:
            patches.setdefault(folder, []).extend(difference(by_identity([one]), by_identity([other])).patches())
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


def _name(manifest: Manifest) -> tuple[str, str]:
    return manifest["metadata"].get("namespace", ""), manifest["metadata"]["name"]


def _read(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Namespace and name of each ConfigMap that the pods of a workload read."""
    template = (manifest.get("spec") or {}).get("template") or {}
    return ((manifest["metadata"].get("namespace", ""), name) for name in used_config_maps(template))


def _restarted(manifest: Manifest, key: str, host: str) -> Manifest:
    """The workload with a checksum that changes with the host, and with all that it changed with before."""
    changed = deepcopy(manifest)
    annotations = changed["spec"]["template"]["metadata"]["annotations"]
    annotations[key] = digest([annotations[key], host])[: len(annotations[key])]
    return changed
