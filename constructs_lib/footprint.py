"""What rendered objects take of a cluster: requests, limits, pods and storage."""

import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.quantity import cpu_text, in_bytes, memory_text, millicores

Manifest = Mapping[str, Any]
DEFAULT_SURGE = "25%"
LONG_RUNNING = ("Deployment", "StatefulSet")
WORKLOADS = (*LONG_RUNNING, "Job")
"""Kinds that run pods."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Footprint:
    """Sums over pods; CPU in millicores, memory in bytes."""

    cpu: int = 0
    memory: int = 0
    cpu_limit: int = 0
    memory_limit: int = 0
    pods: int = 0

    def __add__(self, other: "Footprint") -> "Footprint":
        """Both together."""
        return Footprint(
            cpu=self.cpu + other.cpu,
            memory=self.memory + other.memory,
            cpu_limit=self.cpu_limit + other.cpu_limit,
            memory_limit=self.memory_limit + other.memory_limit,
            pods=self.pods + other.pods,
        )

    def times(self, count: int) -> "Footprint":
        """That many of it."""
        return sum((self for _ in range(count)), Footprint())


def pod_spec(manifest: Manifest) -> dict[str, Any] | None:
    """The pod spec of a workload; None for every other object."""
    template = (manifest.get("spec") or {}).get("template") if manifest["kind"] in WORKLOADS else None
    return template["spec"] if template else None


def pod(manifest: Manifest) -> Footprint:
    """One pod of the workload."""
    with _reading(manifest):
        spec = pod_spec(manifest) or {}
        return sum((_container(container) for container in spec.get("containers", [])), Footprint(pods=1))


def steady(manifest: Manifest) -> Footprint:
    """A long-running workload at rest; nothing for a Job and for all else."""
    if manifest["kind"] not in LONG_RUNNING:
        return Footprint()
    with _reading(manifest):
        return pod(manifest).times(manifest["spec"].get("replicas", 1))


def extra(manifest: Manifest) -> Footprint:
    """What comes on top of `steady` for a while: a Deployment's surge, a Job's pod."""
    if manifest["kind"] == "Job":
        return pod(manifest)
    if manifest["kind"] == "Deployment":
        with _reading(manifest):
            return pod(manifest).times(surge(manifest))
    return Footprint()


def surge(manifest: Manifest) -> int:
    """How many pods more than its replicas a Deployment starts in a rollout."""
    strategy = manifest["spec"].get("strategy") or {}
    if strategy.get("type") == "Recreate":
        return 0
    limit = (strategy.get("rollingUpdate") or {}).get("maxSurge", DEFAULT_SURGE)
    replicas = int(manifest["spec"].get("replicas", 1))
    return math.ceil(replicas * int(limit[:-1]) / 100) if isinstance(limit, str) else int(limit)


def claims(manifests: Iterable[Manifest]) -> Iterator[tuple[str, str, int]]:
    """(namespace, name, bytes) of every PersistentVolumeClaim that the objects make."""
    for manifest in manifests:
        namespace = manifest["metadata"].get("namespace", "")
        if manifest["kind"] == "PersistentVolumeClaim":
            yield namespace, manifest["metadata"]["name"], _storage(manifest, manifest["spec"])
        if manifest["kind"] == "StatefulSet":
            for template in manifest["spec"].get("volumeClaimTemplates", []):
                for number in range(manifest["spec"].get("replicas", 1)):
                    name = f"{template['metadata']['name']}-{manifest['metadata']['name']}-{number}"
                    yield namespace, name, _storage(manifest, template["spec"])


def quota(manifests: Iterable[Manifest], namespace: str) -> dict[str, str]:
    """The `hard` limits of a ResourceQuota that holds the namespace at its peak.

    That is everything at rest, the surge of all rollouts at once, all Jobs, and one pod of each long-running workload
    that is still terminating while its successor starts.
    """
    mine = [manifest for manifest in manifests if manifest["metadata"].get("namespace") == namespace]
    peak = sum((steady(manifest) + extra(manifest) + leaving(manifest) for manifest in mine), Footprint())
    return {
        "requests.cpu": cpu_text(peak.cpu),
        "requests.memory": memory_text(peak.memory),
        "limits.cpu": cpu_text(peak.cpu_limit),
        "limits.memory": memory_text(peak.memory_limit),
        "pods": str(peak.pods),
    }


def leaving(manifest: Manifest) -> Footprint:
    """One terminating pod of a long-running workload: a quota counts it until it is gone."""
    return pod(manifest) if steady(manifest).pods else Footprint()


def _container(container: Mapping[str, Any]) -> Footprint:
    resources = container.get("resources") or {}
    requests, limits = resources.get("requests") or {}, resources.get("limits") or {}
    return Footprint(
        cpu=millicores(requests.get("cpu", "0")),
        memory=in_bytes(requests.get("memory", "0")),
        cpu_limit=millicores(limits.get("cpu", "0")),
        memory_limit=in_bytes(limits.get("memory", "0")),
    )


def _storage(manifest: Manifest, spec: Mapping[str, Any]) -> int:
    with _reading(manifest):
        return in_bytes(spec["resources"]["requests"]["storage"])


@contextmanager
def _reading(manifest: Manifest) -> Iterator[None]:
    """InvalidInput that names the object where a patch has written what Kubernetes does not take, either."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        metadata = manifest["metadata"]
        place = f"{manifest['kind']} {metadata.get('namespace', '')}/{metadata['name']}"
        words = str(error) if isinstance(error, ValueError) else "its resources, replicas or claims cannot be read"
        what, _, fix = words.partition(": ")
        raise InvalidInput([Problem(place, what, fix or "correct the patch that writes them")]) from error
