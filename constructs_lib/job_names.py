"""Names of Jobs: a hash of all that they run, so that they run again exactly when that changes."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

HASH_DIGITS = 8


def checksum_key(platform: str) -> str:
    """The annotation of a pod template that replaces the pods when what they read at their start changes."""
    return f"{platform}.io/config-checksum"


def digest(value: Any) -> str:
    """Hex SHA-256 of a value's canonical JSON."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def job_name(component: str, template: Mapping[str, Any], configs: Iterable[Mapping[str, str]]) -> str:
    """<component>-<hash> of the pod template and of the data of the ConfigMaps that it uses, as rendered."""
    used = sorted(digest(dict(data)) for data in configs)
    return f"{component}-{digest([template, used])[:HASH_DIGITS]}"


def config_data(manifests: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], Mapping[str, str]]:
    """(namespace, name) -> data of each ConfigMap."""
    maps = [one for one in manifests if one["kind"] == "ConfigMap"]
    return {(one["metadata"].get("namespace", ""), one["metadata"]["name"]): one.get("data") or {} for one in maps}


def named_by_content(
    manifest: dict[str, Any], component: str, data: Mapping[tuple[str, str], Mapping[str, str]]
) -> dict[str, Any]:
    """A Job of the component with the name that its template and its ConfigMaps give; any other object as it is."""
    if manifest["kind"] != "Job":
        return manifest
    metadata, template = manifest["metadata"], (manifest.get("spec") or {}).get("template") or {}
    configs = [data.get((metadata.get("namespace", ""), name), {}) for name in sorted(set(used_config_maps(template)))]
    return {**manifest, "metadata": {**metadata, "name": job_name(component, template, configs)}}


def used_config_maps(template: Mapping[str, Any]) -> Iterator[str]:
    """The ConfigMaps that a pod template mounts, or takes variables from."""
    spec = template.get("spec") or {}
    references = [volume.get("configMap") for volume in spec.get("volumes") or []]
    for container in (*(spec.get("initContainers") or []), *(spec.get("containers") or [])):
        references += [source.get("configMapRef") for source in container.get("envFrom") or []]
    yield from (one["name"] for one in references if one and one.get("name"))
