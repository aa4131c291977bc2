"""The cluster at one moment: the platform's objects, their pods, nodes, namespaces, and the warnings about them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from chatdb.deploy.kubectl import Kubectl, KubectlError
from chatdb.deploy.objects import Key, Manifest, key
from constructs_lib.gitops.status_access import OF_CLUSTER, READ
from constructs_lib.operated import CLUSTER

SELECTOR = "--selector=app.kubernetes.io/part-of=chatdb"
KINDS = ",".join(f"{name}.{group}".rstrip(".") for group, names in READ.items() for name in names)
CLUSTER_KINDS = ",".join(name for names in OF_CLUSTER.values() for name in names)
WARNINGS = "--field-selector=type=Warning"
ACTIVE = "Active"
"""The phase of a namespace that nobody has deleted."""
AT_ONCE = 4
OPTIONAL = {"Gateway": "gateways.gateway.networking.k8s.io", "Cluster": "clusters.postgresql.cnpg.io"}
"""Kinds that most clusters do not know."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """Objects by kind, namespace and name; pods; and the warnings about each object, the last one last."""

    objects: Mapping[Key, Manifest] = field(default_factory=dict)
    pods: Sequence[Manifest] = ()
    warnings: Mapping[Key, Sequence[Manifest]] = field(default_factory=dict)

    def get(self, kind: str, namespace: str, name: str) -> Manifest | None:
        """An object, where it was requested and exists."""
        return self.objects.get((kind, namespace, name))

    def of_kind(self, kind: str) -> Iterator[Manifest]:
        """All objects of the kind."""
        return (manifest for (name, _, _), manifest in self.objects.items() if name == kind)

    def pods_of(self, workload: Mapping[str, Any]) -> Iterator[Manifest]:
        """The pods that the workload selects, and that nobody has deleted."""
        selector = _selector(workload)
        for pod in self.pods:
            metadata = pod["metadata"]
            same = metadata["namespace"] == workload["metadata"]["namespace"]
            if same and selector and selector.items() <= metadata["labels"].items() and _lives(pod):
                yield pod

    def newest(self, deployment: Mapping[str, Any]) -> Manifest | None:
        """The ReplicaSet of the Deployment's last template, once it is made."""
        owner = deployment["metadata"].get("uid")
        owned = [
            manifest
            for (kind, _, _), manifest in self.objects.items()
            if kind == "ReplicaSet" and any(one["uid"] == owner for one in manifest["metadata"]["ownerReferences"])
        ]
        return max(owned, key=_revision, default=None)

    def warned(self, manifest: Mapping[str, Any], reason: str) -> str | None:
        """The last warning about the object that gives that reason."""
        warnings = [one for one in self.warnings.get(key(manifest), ()) if one.get("reason") == reason]
        return str(warnings[-1]["message"]) if warnings else None


def _selector(workload: Mapping[str, Any]) -> Mapping[str, str]:
    if workload["kind"] == "Cluster":
        return {CLUSTER: workload["metadata"]["name"]}
    return dict(workload["spec"].get("selector", {}).get("matchLabels", {}))


def _revision(replica_set: Manifest) -> int:
    return int(replica_set["metadata"].get("annotations", {}).get("deployment.kubernetes.io/revision", 0))


def _lives(pod: Manifest) -> bool:
    return "deletionTimestamp" not in pod["metadata"]


def kinds_of(manifests: Iterable[Manifest]) -> str:
    """The kinds to look at where these are waited for."""
    waited = {manifest["kind"] for manifest in manifests}
    return ",".join([KINDS, *(name for kind, name in OPTIONAL.items() if kind in waited)])


def look(kubectl: Kubectl, kinds: str = KINDS, namespaces: Sequence[str] = ()) -> Snapshot:
    """Request everything: all of these namespaces as far as they exist, or what has the platform's label in any."""
    of_cluster = kubectl.items("get", CLUSTER_KINDS)
    phases = {one["metadata"]["name"]: one["status"]["phase"] for one in of_cluster if one["kind"] == "Namespace"}
    places = {f"--namespace={name}": phases[name] for name in namespaces if name in phases}
    places = places if namespaces else {"--all-namespaces": ACTIVE}
    label = () if namespaces else (SELECTOR,)
    requests = [(("get", kinds, place, *label), phase) for place, phase in places.items()]
    requests += [(("get", "events", place, WARNINGS), phase) for place, phase in places.items()]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda one: _request(kubectl, *one), requests))
    objects = [*of_cluster, *(one for answer in answers[: len(places)] for one in answer)]
    return Snapshot(
        objects={key(one): one for one in objects if one["kind"] != "Pod"},
        pods=[one for one in objects if one["kind"] == "Pod"],
        warnings=_warnings(event for answer in answers[len(places) :] for event in answer),
    )


def _request(kubectl: Kubectl, arguments: Sequence[str], phase: str) -> list[Manifest]:
    """Nothing, where a namespace that is being deleted has lost the Role by which it was read."""
    try:
        return kubectl.items(*arguments)
    except KubectlError:
        if phase == ACTIVE:
            raise
        return []


def _warnings(events: Iterable[Manifest]) -> dict[Key, list[Manifest]]:
    made: dict[Key, list[Manifest]] = {}
    for event in sorted(events, key=_time):
        about = event["involvedObject"]
        made.setdefault((about.get("kind", ""), about.get("namespace", ""), about.get("name", "")), []).append(event)
    return made


def _time(event: Manifest) -> str:
    return str(event.get("lastTimestamp") or event.get("eventTime") or event["metadata"]["creationTimestamp"])
