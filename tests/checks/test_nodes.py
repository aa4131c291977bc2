"""The rules `capacity`, `quotas` and `disruption` on several nodes, and the lines of `chatdb capacity`."""

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from catalogue.machines import NODE_OVERHEAD
from catalogue.tiers import Tier
from constructs_lib.checks import capacity
from constructs_lib.checks.model import Inputs, Rendered
from constructs_lib.checks.placement import HOSTNAME
from constructs_lib.checks.rules import RULES, run
from constructs_lib.footprint import quota
from constructs_lib.machine import Machine, Nodes, Overhead
from constructs_lib.quantity import MIB
from tests.checks.mutations import Manifest, first, pick, pod

GIB = 1024 * MIB
NODE = Machine(
    cpu=8000, memory=32 * GIB, disk=200 * 10**9, disk_used=NODE_OVERHEAD.disk_used, system=NODE_OVERHEAD.system
)
BARE = Overhead(reserve=0.0)
WORKER, REGISTRY = (
    "tier testing: Deployment chatdb-testing/locust-worker",
    "tier core: Deployment chatdb-services/model",
)
SURGING = ("grafana", "locust-worker")
ABOUT_NODES = [rule for rule in RULES if rule.id in ("capacity", "disruption")]
Change = Callable[[list[Rendered]], Any]


def bare(cpu: int, memory: int = GIB * 1000, disk: int = GIB * 1000) -> Machine:
    """A node of which nothing is taken, and nothing has to stay free."""
    return Machine(cpu=cpu, memory=memory, disk=disk, reserve=BARE.reserve)


def on(inputs: Inputs, count: int, machine: Machine, *changes: Change) -> Inputs:
    """The environment on these nodes, its objects changed."""
    objects = [Rendered(one.tier, copy.deepcopy(one.manifest)) for one in inputs.rendered]
    for change in changes:
        change(objects)
    return replace(inputs, rendered=tuple(objects), settings=replace(inputs.settings, nodes=Nodes(count, machine)))


def findings(inputs: Inputs) -> list[str]:
    """What the rules say, without their fix."""
    return [f"{one.where}: {one.what}" for rule in ABOUT_NODES for one in rule.check(inputs)]


def only(*names: str, cpu: str) -> Change:
    """A change of all workloads: these request so much CPU, the others nothing, and nobody memory; two may surge."""

    def change(objects: list[Rendered]) -> None:
        for one in objects:
            for container in one.containers:
                container["resources"]["requests"].update(cpu=cpu if one.name in names else "0", memory="0")
        for name in SURGING:
            pick(objects, "Deployment", name)["spec"]["strategy"] = {"rollingUpdate": {"maxSurge": 1}}

    return change


def replicas(name: str, number: int) -> Change:
    """A change of the number of pods."""
    return lambda objects: pick(objects, "Deployment", name)["spec"].update(replicas=number)


def daemon_set(objects: list[Rendered]) -> None:
    """An agent on each node."""
    container = {"name": "agent", "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}}}
    spec = {"template": {"metadata": {"labels": {"app": "agent"}}, "spec": {"containers": [container]}}}
    metadata = {"name": "agent", "namespace": "chatdb-monitoring"}
    manifest = {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": metadata, "spec": spec}
    objects.append(Rendered(Tier.MONITORING, manifest))


def test_platform_passes(rendered: Inputs) -> None:
    """On three nodes as the documentation has them."""
    assert [str(one) for one in run(on(rendered, 3, NODE))] == []


def test_lines(rendered: Inputs) -> None:
    """All nodes at the peak, then one less at rest; the system is counted once for each of them, claims for none."""
    sums = capacity.ledger(on(rendered, 3, NODE))
    assert sums
    every, left = capacity.lines(sums)[:4], capacity.lines(sums)[4:]
    assert [line.name + " with one node lost" for line in every] == [line.name for line in left]
    for line, most in ((every[0], sums.peak), (left[0], sums.rest)):
        assert line.platform == most.cpu
    assert (every[2].platform, left[2].platform) == (sums.peak.memory_limit, sums.rest.memory_limit)
    assert (every[3].platform, left[3].platform) == (sums.peak.disk_limit, sums.rest.disk_limit)
    for line, lost in zip(every, left, strict=True):
        assert (2 * line.total, 2 * line.system) == (3 * lost.total, 3 * lost.system)
        assert line.free == line.total - line.system - line.platform > line.reserve == round(line.total * 0.1)


def test_one_node_of_the_setting(rendered: Inputs) -> None:
    """Is as a machine of the catalogue: four lines, with the claims on its disk."""
    sums = capacity.ledger(on(rendered, 1, NODE))
    assert sums
    assert [(line.name, line.platform) for line in capacity.lines(sums)][3:] == [("disk", sums.storage)]


def test_sum_without_one_node(rendered: Inputs) -> None:
    """Enough for the peak on all, and too little for what is at rest on the others."""
    sums = capacity.ledger(on(rendered, 2, NODE))
    assert sums
    cpu = sums.rest.cpu - 1
    assert 2 * cpu > sums.at_once.cpu
    (finding,) = findings(on(rendered, 2, bare(cpu)))
    assert finding == f"environment minikube: CPU requests with one node lost: -1m of {cpu}m left, less than 0m"


@pytest.mark.parametrize(("resource", "limit"), [("memory", "memory_limit"), ("disk", "disk_limit")])
def test_limits_without_one_node(rendered: Inputs, resource: str, limit: str) -> None:
    """What all pods may use at once has room on all nodes but one: two of three are overcommitted by nothing."""
    sums = capacity.ledger(on(rendered, 3, NODE))
    assert sums
    half = -(-getattr(sums.rest, limit) // 2)
    assert findings(on(rendered, 3, replace(bare(10**6), **{resource: half}))) == []
    (finding,) = findings(on(rendered, 3, replace(bare(10**6), **{resource: half - MIB})))
    assert finding.startswith(f"environment minikube: {'memory limits' if resource == 'memory' else 'disk'} with one")


@pytest.mark.parametrize(
    ("field", "values", "text"),
    [
        ("requests", {"cpu": "7000m"}, "the CPU request of a pod is 7000m, but a node has 6270m for it"),
        ("requests", {"memory": "27Gi"}, "the memory request of a pod is 27648Mi, but a node has 27087Mi for it"),
        ("limits", {"memory": "27Gi"}, "the memory limit of a pod is 27648Mi, but a node has 27087Mi for it"),
        ("requests", {"ephemeral-storage": "180G"}, "the request of ephemeral storage of a pod is 171662Mi, but a"),
        ("limits", {"ephemeral-storage": "180G"}, "the limit of ephemeral storage of a pod is 171662Mi, but a node"),
    ],
)
def test_pod_larger_than_a_node(rendered: Inputs, field: str, values: dict[str, str], text: str) -> None:
    """Also where the sum of all nodes is enough; once, and not again as a pod without a place."""

    def change(objects: list[Rendered]) -> None:
        first(objects, "Deployment", "locust-worker")["resources"][field].update(values)

    (finding,) = findings(on(rendered, 30, NODE, change))
    assert finding.startswith(f"{WORKER}: {text}")


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (3, {"locust-worker": "at rest", "grafana": "in a rollout of edge and monitoring"}),
        (4, {"locust-worker": "in a rollout of testing", "grafana": "in a rollout of edge and monitoring"}),
        (5, {"locust-worker": "when all tiers roll at once"}),
        (6, {}),
    ],
)
def test_pods_without_a_place(rendered: Inputs, count: int, expected: dict[str, str]) -> None:
    """Four pods, and two more that take more than half of a node; each is named once, for where it is missing first."""
    found = findings(on(rendered, count, bare(1000), only(*SURGING, "jaeger", "minio", cpu="600m")))
    text = "no node has room for 1 of its pods {}, each of which requests 600m CPU and 0Mi memory"
    assert {one.partition(": ")[2].partition("/")[2] for one in found if ": no node has" in one} == {
        f"{name}: {text.format(when)}" for name, when in expected.items()
    }


def test_lost_node_without_a_place(rendered: Inputs) -> None:
    """The others have room for it, but none has enough; what is left over by a rollout is not needed then."""
    names = "jaeger", "locust-master", "minio"
    assert findings(on(rendered, 4, bare(1000), only(*names, cpu="600m"))) == []
    (finding,) = findings(on(rendered, 3, bare(1000), only(*names, cpu="600m")))
    text = "no node has room for 1 of its pods with one node lost, each of which requests 600m CPU and 0Mi memory"
    assert finding == f"tier testing: Deployment chatdb-testing/locust-master: {text}"


def test_all_tiers_at_once(rendered: Inputs) -> None:
    """They may use what otherwise has to stay free; where the sum is too small, no pod is named."""
    change = only(*SURGING, cpu="600m")
    (finding,) = findings(on(rendered, 3, bare(1000), change))
    text = "no node has room for 1 of its pods when all tiers roll at once, each of which requests 600m CPU"
    assert finding.startswith(f"{WORKER}: {text}")
    assert findings(on(rendered, 3, replace(bare(1300), reserve=0.4), change)) == []
    assert findings(on(rendered, 3, bare(530), only(*SURGING, cpu="400m"))) == [
        "environment minikube: CPU requests: 10m are missing when all tiers roll at once"
    ]


def test_kept_off_by_anti_affinity(rendered: Inputs) -> None:
    """With as many replicas as nodes there is no node for one of them once a node is lost, however large they are."""

    def apart(objects: list[Rendered]) -> None:
        term = {"topologyKey": HOSTNAME, "labelSelector": {"matchLabels": {"app": "model-registry"}}}
        spec = pod(objects, "Deployment", "model-registry")
        spec["affinity"] = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}

    found = findings(on(rendered, 3, NODE, replicas("model-registry", 3), apart))
    text = "its spread constraint or an anti-affinity leaves 1 of its pods no node"
    assert [one.partition(" when ")[0].partition(" with ")[0] for one in found] == [f"{REGISTRY}-registry: {text}"]
    assert findings(on(rendered, 5, NODE, replicas("model-registry", 3), apart)) == []


def test_constraint_with_a_lost_node(rendered: Inputs) -> None:
    """It counts the lost node as an empty one, so that one of three replicas waits; unless it honors taints."""

    def spread(objects: list[Rendered], policy: str) -> None:
        (constraint,) = pod(objects, "Deployment", "model-registry")["topologySpreadConstraints"]
        constraint.update(whenUnsatisfiable="DoNotSchedule", nodeTaintsPolicy=policy)

    three = replicas("model-registry", 3)
    (finding,) = findings(on(rendered, 3, NODE, three, lambda objects: spread(objects, "Ignore")))
    assert finding.endswith("leaves 1 of its pods no node with one node lost")
    assert findings(on(rendered, 3, NODE, three, lambda objects: spread(objects, "Honor"))) == []


def test_agents_are_counted_on_each_node(rendered: Inputs) -> None:
    """In the sums, in the places, and in the quotas, which `chatdb synth` writes for as many nodes."""
    inputs = on(rendered, 3, NODE, daemon_set)
    with_agents, without = capacity.ledger(inputs), capacity.ledger(on(rendered, 3, NODE))
    assert with_agents
    assert without
    assert with_agents.rest.cpu - without.rest.cpu == 300
    manifests = [one.manifest for one in inputs.rendered]
    hard: Manifest = {"hard": quota(manifests, "chatdb-monitoring", 3)}

    def with_quota(objects: list[Rendered]) -> None:
        daemon_set(objects)
        for one in objects:
            if one.identity == ("ResourceQuota", "chatdb-monitoring", "quota"):
                one.manifest["spec"].update(copy.deepcopy(hard))

    fitting = on(rendered, 3, NODE, with_quota)
    assert [*findings(fitting), *capacity.quotas_hold(fitting)] == []
    assert [*capacity.quotas_hold(on(rendered, 4, NODE, with_quota))] != []


@pytest.mark.parametrize("count", [1, 3])
def test_replicas_that_go_with_a_node(rendered: Inputs, count: int) -> None:
    """On several nodes two replicas need a spread and a budget; on one there is nothing to be said."""
    found = findings(on(rendered, count, NODE, replicas("locust-worker", 2)))
    texts = (
        "its 2 replicas may all run on one node",
        "no PodDisruptionBudget selects its 2 replicas: a drain may evict all at once",
    )
    assert found == ([f"{WORKER}: {text}" for text in texts] if count > 1 else [])


def test_replicas_of_an_autoscaler(rendered: Inputs) -> None:
    """As many as it may make."""

    def scaler(objects: list[Rendered]) -> None:
        target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "locust-worker"}
        metadata = {"name": "scaler", "namespace": "chatdb-testing"}
        manifest = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": metadata}
        objects.append(Rendered(Tier.TESTING, {**manifest, "spec": {"scaleTargetRef": target, "maxReplicas": 4}}))

    assert f"{WORKER}: its 4 replicas may all run on one node" in findings(on(rendered, 3, NODE, scaler))
