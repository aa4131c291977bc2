"""What rendered objects take of a cluster: requests, limits, pods and storage, as the scheduler and quotas count."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

from constructs_lib.pods import LONG_RUNNING, api_group, is_daemon_set, is_sidecar, pod_spec
from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.quantity import cpu_text, in_bytes, memory_text, millicores

Manifest = Mapping[str, Any]
DEFAULT_SURGE = "25%"
RESOURCES = ("cpu", "memory", DISK := "ephemeral-storage")


@dataclass(frozen=True, kw_only=True, slots=True)
class Footprint:
    """Sums over pods; CPU in millicores, memory and disk (ephemeral storage) in bytes."""

    cpu: int = 0
    memory: int = 0
    disk: int = 0
    cpu_limit: int = 0
    memory_limit: int = 0
    disk_limit: int = 0
    pods: int = 0

    def _with(self, operator: Callable[[int, int], int], other: "Footprint") -> "Footprint":
        return Footprint(**{f.name: operator(getattr(self, f.name), getattr(other, f.name)) for f in fields(self)})

    def __add__(self, other: "Footprint") -> "Footprint":
        """Both together."""
        return self._with(int.__add__, other)

    def __or__(self, other: "Footprint") -> "Footprint":
        """Of each resource the larger amount: enough for either."""
        return self._with(max, other)

    def times(self, count: int) -> "Footprint":
        """That many of it."""
        return Footprint(**{field.name: getattr(self, field.name) * count for field in fields(self)})


def pod(manifest: Manifest) -> Footprint:
    """One pod of the workload, as the scheduler counts it.

    Init containers run one after another, before the containers; sidecars run from their place in that row on.
    Pod-level resources replace the sum. Source: Kubernetes documentation, "Sidecar Containers: resource sharing".
    """
    with _reading(manifest):
        spec = pod_spec(manifest) or {}
        sidecars = before = Footprint()
        for container in spec.get("initContainers") or []:
            own = _amounts(container.get("resources"))
            before |= sidecars + own
            sidecars += own if is_sidecar(container) else Footprint()
        running = sum((_amounts(one.get("resources")) for one in spec.get("containers") or []), sidecars)
        overhead = _amounts({"requests": spec.get("overhead"), "limits": spec.get("overhead")})
        return _amounts(spec.get("resources"), besides=running | before) + overhead + Footprint(pods=1)


def _amounts(resources: Mapping[str, Any] | None, besides: Footprint | None = None) -> Footprint:
    """Requests and limits; a request that is missing equals its limit. `besides` holds for what is not said at all."""
    requests, limits = ((resources or {}).get(field) or {} for field in ("requests", "limits"))
    other = besides or Footprint()
    cpu, memory, disk = (requests.get(name, limits.get(name)) for name in RESOURCES)
    return Footprint(
        cpu=other.cpu if cpu is None else millicores(cpu),
        memory=other.memory if memory is None else in_bytes(memory),
        disk=other.disk if disk is None else in_bytes(disk),
        cpu_limit=millicores(limits["cpu"]) if "cpu" in limits else other.cpu_limit,
        memory_limit=in_bytes(limits["memory"]) if "memory" in limits else other.memory_limit,
        disk_limit=in_bytes(limits[DISK]) if DISK in limits else other.disk_limit,
    )


def replicas(manifest: Manifest) -> int:
    """How many pods a long-running workload has at rest; a DaemonSet has one, or what `at_most` says."""
    if manifest["kind"] == "Pod":
        return 1
    number = (manifest.get("spec") or {}).get("replicas")
    return 1 if number is None else _integer(number)


def _integer(value: Any) -> int:
    """The number; TypeError for what `cdk8s synth` reads and Kubernetes does not take."""
    if not isinstance(value, int):
        raise TypeError(value)
    return value


def steady(manifest: Manifest) -> Footprint:
    """A long-running workload at rest; nothing for a Job and for every other object."""
    if pod_spec(manifest) is None or manifest["kind"] not in LONG_RUNNING:
        return Footprint()
    with _reading(manifest):
        return pod(manifest).times(replicas(manifest))


def extra(manifest: Manifest) -> Footprint:
    """What comes on top of `steady` for a while: a rollout's surge, the pods of a Job, one run of a CronJob."""
    spec = manifest.get("spec") or {}
    if pod_spec(manifest) is None:
        return Footprint()
    with _reading(manifest):
        match manifest["kind"]:
            case "Job":
                return pod(manifest).times(_at_once(spec))
            case "CronJob":
                return pod(manifest).times(_at_once((spec.get("jobTemplate") or {}).get("spec") or {}))
            case "Deployment":
                return pod(manifest).times(surge(manifest))
            case "DaemonSet":
                limit = ((spec.get("updateStrategy") or {}).get("rollingUpdate") or {}).get("maxSurge") or 0
                return pod(manifest).times(part(limit, replicas(manifest)))
    return Footprint()


def _at_once(job: Mapping[str, Any]) -> int:
    parallelism = job.get("parallelism")
    return 1 if parallelism is None else _integer(parallelism)


def surge(manifest: Manifest) -> int:
    """How many pods more than its replicas a Deployment starts in a rollout."""
    strategy = manifest["spec"].get("strategy") or {}
    if strategy.get("type") == "Recreate":
        return 0
    limit = (strategy.get("rollingUpdate") or {}).get("maxSurge")
    return part(DEFAULT_SURGE if limit is None else limit, replicas(manifest))


def part(limit: int | str, whole: int) -> int:
    """A number, or a percentage of the whole, rounded up."""
    return -(-whole * int(limit[:-1]) // 100) if isinstance(limit, str) else _integer(limit)


class Claim(NamedTuple):
    """A PersistentVolumeClaim of so many bytes; one of a StatefulSet's templates stands for those of all its pods."""

    namespace: str
    name: str
    size: int
    pods: int | None = None

    def covers(self, namespace: str, name: str) -> bool:
        """Whether it is, or makes, the claim of that name."""
        stem, _, ordinal = name.rpartition("-")
        numbered = self.pods is not None and stem == self.name and ordinal.isdecimal() and int(ordinal) < self.pods
        return namespace == self.namespace and (numbered or (self.pods is None and name == self.name))

    @property
    def total(self) -> int:
        """Bytes of all of them."""
        return self.size if self.pods is None else self.size * self.pods


def claims(manifests: Iterable[Manifest]) -> Iterator[Claim]:
    """Every PersistentVolumeClaim that the objects make."""
    for manifest in manifests:
        metadata, spec = manifest["metadata"], manifest.get("spec") or {}
        namespace = metadata.get("namespace") or ""
        if manifest["kind"] == "PersistentVolumeClaim":
            yield Claim(namespace, metadata["name"], _storage(manifest, spec))
        if manifest["kind"] == "StatefulSet":
            for template in spec.get("volumeClaimTemplates") or []:
                stem = f"{(template.get('metadata') or {}).get('name')}-{metadata['name']}"
                yield Claim(namespace, stem, _storage(manifest, template.get("spec") or {}), replicas(manifest))


class ScaleTarget(NamedTuple):
    """A workload whose replicas an autoscaler sets."""

    kind: str
    namespace: str
    name: str


def scale_targets(manifests: Iterable[Manifest]) -> dict[ScaleTarget, int]:
    """Each workload that a HorizontalPodAutoscaler scales, and the most replicas that it may get."""
    most = {}
    for scaler in manifests:
        if scaler["kind"] == "HorizontalPodAutoscaler" and api_group(scaler) == "autoscaling":
            spec = scaler.get("spec") or {}
            target = spec.get("scaleTargetRef") or {}
            namespace = scaler["metadata"].get("namespace") or ""
            most[ScaleTarget(str(target.get("kind")), namespace, str(target.get("name")))] = (
                spec.get("maxReplicas") or 1
            )
    return most


def at_most(manifests: Iterable[Manifest], nodes: int = 1) -> list[Manifest]:
    """The objects, where each workload that a HorizontalPodAutoscaler scales has the most replicas that it may get.

    A DaemonSet gets as many as there are nodes.
    """
    every = list(manifests)
    most = scale_targets(every)
    for number, manifest in enumerate(every):
        metadata = manifest["metadata"]
        place = ScaleTarget(manifest["kind"], metadata.get("namespace") or "", metadata["name"])
        own = nodes if is_daemon_set(manifest) else most.get(place)
        if own is not None:
            every[number] = {**manifest, "spec": {**(manifest.get("spec") or {}), "replicas": own}}
    return every


def peak(manifests: Iterable[Manifest], namespace: str, nodes: int = 1) -> Footprint:
    """The most that a namespace takes at any time.

    That is everything at rest, the surge of all rollouts at once, all Jobs, and one pod of each long-running workload
    that is still terminating while its successor starts.
    """
    mine = at_most((one for one in manifests if one["metadata"].get("namespace") == namespace), nodes)
    return sum((steady(manifest) + extra(manifest) + leaving(manifest) for manifest in mine), Footprint())


def quota(manifests: Iterable[Manifest], namespace: str, nodes: int = 1) -> dict[str, str]:
    """The `hard` limits of a ResourceQuota that holds the namespace at its peak."""
    most = peak(manifests, namespace, nodes)
    return {
        "requests.cpu": cpu_text(most.cpu),
        "requests.memory": memory_text(most.memory),
        "limits.cpu": cpu_text(most.cpu_limit),
        "limits.memory": memory_text(most.memory_limit),
        "pods": str(most.pods),
    }


def leaving(manifest: Manifest) -> Footprint:
    """One terminating pod of a long-running workload: a quota counts it until it is gone."""
    return pod(manifest) if steady(manifest).pods else Footprint()


def _storage(manifest: Manifest, spec: Mapping[str, Any]) -> int:
    with _reading(manifest):
        requests = (spec.get("resources") or {}).get("requests") or {}
        return in_bytes(requests.get("storage", "0"))


@contextmanager
def _reading(manifest: Manifest) -> Iterator[None]:
    """InvalidInput that names the object where a patch has written what Kubernetes does not take, either.

    The checks reject such objects before; `cdk8s synth` reads them, too, for the quotas.
    """
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        metadata = manifest["metadata"]
        place = f"{manifest['kind']} {metadata.get('namespace', '')}/{metadata['name']}"
        words = str(error) if isinstance(error, ValueError) else "its resources, replicas or claims cannot be read"
        message, _, fix = words.partition(": ")
        raise InvalidInput([Problem(place, message, fix or "correct the patch that writes them")]) from error
