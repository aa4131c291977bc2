"""What the rules read in workloads: images, volumes, and the values and keys that containers get."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from constructs_lib.image_reference import ImageReference, InvalidImage, parse_image
from constructs_lib.pods import all_containers, pod_spec
from constructs_lib.quantity import in_bytes
from constructs_lib.rendered import Identity, Manifest

WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet")
"""Kinds whose pods run for ever, and are replaced when their template changes."""
RUNNERS = (*WORKLOADS, "Job", "CronJob")
NUMBERS = re.compile(r"v?(\d+(?:\.\d+)*)")
Objects = Mapping[Identity, Manifest]


@dataclass(frozen=True, slots=True)
class Mount:
    """A claim in a container; for a StatefulSet the name of the claim's template."""

    container: str
    claim: str
    path: str
    sub_path: str


def images(manifest: Manifest) -> dict[str, ImageReference]:
    """Container -> its image; one that is not a valid reference is left out."""
    found = {}
    for container in all_containers(pod_spec(manifest) or {}):
        try:
            found[container["name"]] = parse_image(str(container.get("image", "")))
        except InvalidImage:
            continue
    return found


def image_pairs(before: Manifest, after: Manifest) -> Iterator[tuple[str, ImageReference, ImageReference]]:
    """(container, its image, its next image) of each container that stays, by name."""
    old, new = images(before), images(after)
    return ((name, old[name], new[name]) for name in sorted(old.keys() & new.keys()))


def version(image: ImageReference) -> tuple[int, ...]:
    """The numbers that the tag begins with; empty where it begins with none."""
    match = NUMBERS.match(image.tag or "")
    return tuple(map(int, match[1].split("."))) if match else ()


def mounts(manifest: Manifest) -> list[Mount]:
    """Where the containers of a workload see its claims."""
    spec = pod_spec(manifest) or {}
    claims = {
        volume["name"]: volume["persistentVolumeClaim"]["claimName"]
        for volume in spec.get("volumes") or []
        if volume.get("persistentVolumeClaim")
    }
    templates = (manifest.get("spec") or {}).get("volumeClaimTemplates") or []
    claims |= {one["metadata"]["name"]: one["metadata"]["name"] for one in templates}
    return [
        Mount(container["name"], claims[mount["name"]], mount["mountPath"], mount.get("subPath", ""))
        for container in all_containers(spec)
        for mount in container.get("volumeMounts") or []
        if mount["name"] in claims
    ]


def values(manifest: Manifest, objects: Objects) -> dict[str, str]:
    """The environment variables of all containers whose values are written down, in ConfigMaps or in the pod."""
    namespace = str(manifest["metadata"].get("namespace") or "")
    found: dict[str, str] = {}
    for container in all_containers(pod_spec(manifest) or {}):
        for source in container.get("envFrom") or []:
            name = (source.get("configMapRef") or {}).get("name")
            found |= (objects.get(("ConfigMap", namespace, name), {}).get("data") or {}) if name else {}
        found |= {one["name"]: one["value"] for one in container.get("env") or [] if "value" in one}
    return found


def read_keys(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """(Secret, key) of each key that a pod cannot start without."""
    spec = pod_spec(manifest) or {}
    for container in all_containers(spec):
        for one in container.get("env") or []:
            reference = (one.get("valueFrom") or {}).get("secretKeyRef")
            if reference and not reference.get("optional"):
                yield reference["name"], reference["key"]
    for volume in spec.get("volumes") or []:
        secret = volume.get("secret") or {}
        for item in secret.get("items") or []:
            yield secret["secretName"], item["key"]


def workloads(objects: Objects, *kinds: str) -> Iterator[Manifest]:
    """The objects of these kinds that run pods."""
    return (manifest for manifest in objects.values() if manifest["kind"] in (kinds or RUNNERS))


def size(claim: Manifest) -> int:
    """Bytes that a claim asks for; 0 where it says nothing that can be read."""
    try:
        return in_bytes(claim["spec"]["resources"]["requests"]["storage"])
    except (KeyError, TypeError, ValueError):
        return 0


def config_maps(manifest: Manifest) -> Iterator[tuple[str, bool]]:
    """(ConfigMap, whether the pod sees a change of it without a restart) of each that it uses."""
    spec = pod_spec(manifest) or {}
    containers = list(all_containers(spec))
    fixed = {mount["name"] for one in containers for mount in one.get("volumeMounts") or [] if mount.get("subPath")}
    for volume in spec.get("volumes") or []:
        if name := (volume.get("configMap") or {}).get("name"):
            yield name, volume["name"] not in fixed
    for container in containers:
        references: list[Mapping[str, Any]] = [one.get("configMapRef") or {} for one in container.get("envFrom") or []]
        references += [(one.get("valueFrom") or {}).get("configMapKeyRef") or {} for one in container.get("env") or []]
        yield from ((one["name"], False) for one in references if one)
