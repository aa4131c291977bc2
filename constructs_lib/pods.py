"""Which objects run pods, and where their pod templates are."""

from collections.abc import Iterator, Mapping
from typing import Any

Manifest = Mapping[str, Any]

TEMPLATE = ("spec", "template")
TEMPLATES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("apps", "Deployment"): TEMPLATE,
    ("apps", "StatefulSet"): TEMPLATE,
    ("apps", "DaemonSet"): TEMPLATE,
    ("apps", "ReplicaSet"): TEMPLATE,
    ("batch", "Job"): TEMPLATE,
    ("batch", "CronJob"): ("spec", "jobTemplate", *TEMPLATE),
    ("", "ReplicationController"): TEMPLATE,
    ("", "PodTemplate"): ("template",),
    ("", "Pod"): (),
}
"""(API group, kind) of what holds a pod template, or is a pod -> the path to the template."""
KINDS = frozenset(kind for _, kind in TEMPLATES)
LONG_RUNNING = frozenset(KINDS - {"Job", "CronJob", "PodTemplate"})
"""Kinds whose pods are meant to run for ever."""


def api_group(manifest: Manifest) -> str:
    """The API group; empty for the core group."""
    return str(manifest.get("apiVersion") or "").rpartition("/")[0]


def is_daemon_set(manifest: Manifest) -> bool:
    """Whether it runs a pod on each node."""
    return manifest["kind"] == "DaemonSet" and api_group(manifest) == "apps"


def pod_template(manifest: Manifest) -> Manifest | None:
    """The pod template of a workload, a pod itself, and None for every other object."""
    path = TEMPLATES.get((api_group(manifest), manifest["kind"]))
    if path is None:
        return None
    template = manifest
    for key in path:
        template = template.get(key) or {}
    return template


def pod_spec(manifest: Manifest) -> Mapping[str, Any] | None:
    """The pod spec of a workload or a pod; None for every other object."""
    template = pod_template(manifest)
    return None if template is None else template.get("spec") or {}


def pod_labels(template: Manifest) -> Mapping[str, str]:
    """The labels of the pods."""
    return (template.get("metadata") or {}).get("labels") or {}


def is_sidecar(init_container: Mapping[str, Any]) -> bool:
    """Whether an init container runs for as long as its pod."""
    return init_container.get("restartPolicy") == "Always"


def long_running_containers(spec: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Containers and sidecars."""
    yield from (container for container in spec.get("initContainers") or [] if is_sidecar(container))
    yield from spec.get("containers") or []


def all_containers(spec: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Init containers, containers, and ephemeral containers."""
    for field in ("initContainers", "containers", "ephemeralContainers"):
        yield from spec.get(field) or []


def image_names(manifest: Mapping[str, Any]) -> Iterator[str]:
    """The image of each container of an object that runs pods."""
    return (str(container.get("image", "")) for container in all_containers(pod_spec(manifest) or {}))
