"""Random changes of an environment: of entries of the catalogue, of the overlay, and of any object's fields."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from catalogue.components import CATALOGUE
from chatdb.plan.sides import Side
from constructs_lib.model import Component
from constructs_lib.rendered import Manifest
from tests.e2e import plan_edits as edit
from tests.e2e.plan_case import Case
from tests.e2e.plan_edits import GONE, Edit, Inputs

MOST = 3
"""Edits at once."""
EVEN = 0.5
FROM_INPUTS = 0.2
"""The part that changes inputs, and is generated: it takes far longer than a change of manifests."""
Draw = Callable[[random.Random, Manifest], tuple[str, Callable[[Any], Any]] | None]
"""Chooses a place in an object and what to make of it; None where the object has no such place."""
CONTAINER = "/spec/template/spec/containers/0"


def draws(seed: int, count: int, base: Side) -> list[Case]:
    """So many changes, the same ones for the same seed and base."""
    chance = random.Random(seed)
    objects = [manifest for part in base for manifest in part.objects]
    return [_case(chance, f"{seed}-{number}", objects) for number in range(count)]


def _case(chance: random.Random, id_: str, objects: Sequence[Manifest]) -> Case:
    inputs = _inputs(chance) if chance.random() < FROM_INPUTS else None
    edits = [_edit(chance, objects) for _ in range(chance.randint(0 if inputs else 1, MOST))]
    return Case(id=id_, inputs=inputs, edits=tuple(edits))


def _edit(chance: random.Random, objects: Sequence[Manifest]) -> Edit:
    kinds = sorted({manifest["kind"] for manifest in objects})
    while True:
        kind, draw = chance.choice(kinds), chance.choice(DRAWS)
        manifest = chance.choice([one for one in objects if one["kind"] == kind])
        if chosen := draw(chance, manifest):
            metadata = manifest["metadata"]
            place = [metadata["namespace"]] if "namespace" in metadata else []
            return Edit("/".join([manifest["kind"], *place, metadata["name"]]), *chosen)


def _inputs(chance: random.Random) -> Inputs:
    made = [chance.choice(INPUTS)(chance) for _ in range(chance.randint(1, MOST))]
    return edit.both(*made)


def _label(chance: random.Random, _: Manifest) -> tuple[str, Callable[[Any], Any]]:
    value = str(chance.randint(1, 9))
    return f"/metadata/{chance.choice(('labels', 'annotations'))}", lambda old: {
        **({} if old is GONE else old),
        "example.com/drawn": value,
    }


def _fixed(*kinds: str, path: str, values: Sequence[Any]) -> Draw:
    """One of these values at the place, in objects of these kinds."""

    def draw(chance: random.Random, manifest: Manifest) -> tuple[str, Callable[[Any], Any]] | None:
        value = chance.choice(values)
        return (path, lambda _: value) if manifest["kind"] in kinds else None

    return draw


def _list(*kinds: str, paths: Sequence[str]) -> Draw:
    """Another order of a list, or one item less."""

    def draw(chance: random.Random, manifest: Manifest) -> tuple[str, Callable[[Any], Any]] | None:
        path = chance.choice(paths)
        items = _there(manifest, path)
        if manifest["kind"] not in kinds or not isinstance(items, list) or len(items) <= 1:
            return None
        mixed = chance.sample(items, len(items) if chance.random() < EVEN else len(items) - 1)
        return path, lambda _: mixed

    return draw


def _there(node: Any, path: str) -> Any:
    for step in path.removeprefix("/").split("/"):
        if isinstance(node, list):
            node = node[int(step)] if int(step) < len(node) else None
        elif isinstance(node, dict):
            node = node.get(step)
        else:
            return None
    return node


def _data(chance: random.Random, manifest: Manifest) -> tuple[str, Callable[[Any], Any]] | None:
    """A value of a ConfigMap that is another one, or gone."""
    if manifest["kind"] != "ConfigMap" or not manifest.get("data"):
        return None
    name = chance.choice(sorted(manifest["data"])).replace("~", "~0").replace("/", "~1")
    value: Any = GONE if chance.random() < EVEN else f"drawn {chance.randint(1, 9)}"
    return f"/data/{name}", lambda _: value


def _rule(chance: random.Random, manifest: Manifest) -> tuple[str, Callable[[Any], Any]] | None:
    """One more port of a policy's rule, or a rule less."""
    spec = manifest.get("spec") or {}
    direction = next((name for name in ("ingress", "egress") if spec.get(name)), None)
    if manifest["kind"] != "NetworkPolicy" or direction is None:
        return None
    if chance.random() < EVEN:
        return f"/spec/{direction}/0", lambda _: GONE
    port = chance.choice(({"port": 9999}, {"port": 9999, "protocol": "TCP"}, {"port": 9999, "protocol": "UDP"}))
    return f"/spec/{direction}/0/ports", lambda old: [*([] if old is GONE else old), port]


WORKLOADS = ("Deployment", "StatefulSet")
RUNNERS = (*WORKLOADS, "Job")
DRAWS: tuple[Draw, ...] = (
    _label,
    _data,
    _rule,
    _fixed(*WORKLOADS, path="/spec/replicas", values=(0, 1, 2, GONE)),
    _fixed(*WORKLOADS, path="/spec/revisionHistoryLimit", values=(3, 10, GONE)),
    _fixed(*WORKLOADS, path="/spec/minReadySeconds", values=(0, 1, GONE)),
    _fixed("Deployment", path="/spec/progressDeadlineSeconds", values=(600, 700)),
    _fixed("Deployment", path="/spec/strategy", values=(
        GONE, {"type": "Recreate"}, {"type": "RollingUpdate"}, {"rollingUpdate": {"maxSurge": 1}},
    )),
    _fixed("StatefulSet", path="/spec/updateStrategy", values=({"type": "OnDelete"}, {"type": "RollingUpdate"})),
    _fixed("StatefulSet", path="/spec/podManagementPolicy", values=("Parallel", "OrderedReady")),
    _fixed("StatefulSet", path="/spec/serviceName", values=("other", "postgres")),
    _fixed("StatefulSet", path="/spec/volumeClaimTemplates/0/spec/resources/requests/storage",
           values=("2Gi", "2048Mi", "2147483648", "3Gi")),
    _fixed("Job", path="/spec/backoffLimit", values=(2, 6, GONE)),
    _fixed("Job", path="/spec/parallelism", values=(1, 2)),
    _fixed("Job", path="/spec/completions", values=(1, 2)),
    _fixed("Job", path="/spec/ttlSecondsAfterFinished", values=(86_400,)),
    _fixed("Job", path="/spec/activeDeadlineSeconds", values=(86_400,)),
    _fixed(*RUNNERS, path=f"{CONTAINER}/image", values=("example.com/drawn", "example.com/drawn:2", "postgres:16")),
    _fixed(*RUNNERS, path=f"{CONTAINER}/imagePullPolicy", values=("IfNotPresent", "Always", GONE)),
    _fixed(*RUNNERS, path=f"{CONTAINER}/resources/requests/cpu", values=("100m", "0.1", ".1", "100e-3", 0.1)),
    _fixed(*RUNNERS, path=f"{CONTAINER}/resources/limits/memory", values=("1Gi", "1024Mi", "1073741824", "1.5Gi")),
    _fixed(*RUNNERS, path=f"{CONTAINER}/env", values=(
        GONE, [], [{"name": "A", "value": ""}], [{"name": "A"}],
        [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
        [{"name": "A", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}}],
    )),
    _fixed(*RUNNERS, path=f"{CONTAINER}/terminationMessagePolicy", values=("File", "FallbackToLogsOnError")),
    _fixed(*RUNNERS, path=f"{CONTAINER}/lifecycle", values=(
        GONE, {"preStop": {"exec": {"command": ["sleep", "1"]}}}, {"preStop": {"httpGet": {"port": 80}}},
    )),
    _fixed(*RUNNERS, path="/spec/template/spec/terminationGracePeriodSeconds", values=(30, 60, GONE)),
    _fixed(*RUNNERS, path="/spec/template/spec/serviceAccountName", values=("default", GONE)),
    _fixed(*RUNNERS, path="/spec/template/spec/hostNetwork", values=(False,)),
    _fixed(*RUNNERS, path="/spec/template/spec/priorityClassName", values=("", GONE)),
    _fixed(*RUNNERS, path="/spec/template/spec/enableServiceLinks", values=(True, False, GONE)),
    _fixed(*RUNNERS, path="/spec/template/spec/tolerations", values=([], [{"key": "a", "operator": "Exists"}])),
    _fixed(*WORKLOADS, path=f"{CONTAINER}/livenessProbe", values=(
        GONE, {"tcpSocket": {"port": 80}}, {"httpGet": {"port": 80}}, {"grpc": {"port": 80}},
        {"httpGet": {"port": 80, "path": "/", "scheme": "HTTP"}, "periodSeconds": 10, "initialDelaySeconds": 0},
    )),
    _fixed("Service", path="/spec/clusterIP", values=("None", GONE)),
    _fixed("Service", path="/spec/type", values=("ClusterIP", "NodePort", GONE)),
    _fixed("Service", path="/spec/sessionAffinity", values=("None", "ClientIP", GONE)),
    _fixed("Service", path="/spec/ports/0/targetPort", values=(8080, "http", GONE)),
    _fixed("Service", path="/spec/publishNotReadyAddresses", values=(True, False)),
    _fixed("PersistentVolumeClaim", path="/spec/resources/requests/storage", values=("1Gi", "5Gi", "5120Mi", "9Gi")),
    _fixed("PersistentVolumeClaim", path="/spec/storageClassName", values=("other",)),
    _fixed("PersistentVolumeClaim", path="/spec/volumeMode", values=("Filesystem", "Block", GONE)),
    _fixed("ConfigMap", path="/immutable", values=(True, False)),
    _fixed("NetworkPolicy", path="/spec/policyTypes", values=(["Ingress"], ["Ingress", "Egress"], GONE)),
    _fixed("NetworkPolicy", path="/spec/egress", values=([], [{}], GONE)),
    _fixed("Role", path="/rules/0/verbs", values=(["get"], ["get", "list"])),
    _fixed("RoleBinding", path="/roleRef/name", values=("drawn", "chaos")),
    _fixed("RoleBinding", path="/subjects", values=([], GONE, [{"kind": "User", "name": "drawn"}])),
    _fixed("ResourceQuota", path="/spec/hard/pods", values=("30", 30, "3e1")),
    _fixed("LimitRange", path="/spec/limits/0/default/cpu", values=("200m", "0.2", "300m")),
    _fixed("PodDisruptionBudget", path="/spec/unhealthyPodEvictionPolicy", values=("AlwaysAllow", "IfHealthyBudget")),
    _fixed("Ingress", path="/spec/ingressClassName", values=("nginx", "drawn")),
    _fixed("Application", path="/spec/source/targetRevision", values=("main", "0" * 40)),
    _list(*RUNNERS, paths=[f"{CONTAINER}/{name}" for name in ("env", "args", "command", "ports", "volumeMounts")]),
    _list("Ingress", paths=["/spec/rules/0/http/paths"]),
    _list("Role", paths=["/rules", "/rules/0/verbs"]),
    _list("NetworkPolicy", paths=["/spec/egress/0/ports", "/spec/ingress/0/ports"]),
    _list("Service", paths=["/spec/ports"]),
)  # fmt: skip


def _some(chance: random.Random, *, with_resources: bool = False) -> Component:
    known = [one for one in CATALOGUE.components if one.resources or not with_resources]
    return chance.choice([one for one in known if one.image and one.type != "credentials"])


def _draw_resources(chance: random.Random) -> Inputs:
    one = _some(chance, with_resources=True)
    assert one.resources
    return edit.component(one.name, resources=replace(one.resources, cpu=chance.choice(("1m", "0.05", "50m"))))


def _draw_setting(chance: random.Random) -> Inputs:
    one = chance.choice([one for one in CATALOGUE.components if one.settings])
    return edit.component(one.name, settings={**one.settings, "DRAWN": str(chance.randint(1, 9))})


def _draw_image(chance: random.Random) -> Inputs:
    name = chance.choice(sorted(name for name, image in CATALOGUE.images.items() if image.source is None))
    return edit.image(name, tag=f"{chance.randint(1, 20)}.{chance.randint(0, 9)}")


def _draw_grace(chance: random.Random) -> Inputs:
    return edit.component(_some(chance).name, grace_period=chance.choice((20, 30, 90)))


def _draw_topics(chance: random.Random) -> Inputs:
    chosen = chance.choice(CATALOGUE.topics).name

    def change(_: Path, catalogue: Any) -> Any:
        topics = (replace(one, partitions=6) if one.name == chosen else one for one in catalogue.topics)
        return replace(catalogue, topics=tuple(topics))

    return change


def _draw_overlay(chance: random.Random) -> Inputs:
    tier, name = chance.choice((("processing", "query-parser"), ("core", "model-registry"), ("edge", "test-service")))
    path, value = chance.choice(
        (("/spec/replicas", 2), ("/spec/template/metadata/labels/drawn", "yes"), ("/metadata/labels/drawn", "yes"))
    )
    return edit.overlay(tier, "Deployment", name, ("add", path, value))


INPUTS: tuple[Callable[[random.Random], Inputs], ...] = (
    _draw_resources, _draw_setting, _draw_image, _draw_grace, _draw_topics, _draw_overlay,
)  # fmt: skip
