"""Placing pods on nodes: by hand, and at random against a search of every order and every node."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from constructs_lib.checks.model import Rendered
from constructs_lib.checks.placement import HOSTNAME, Node, Pods, place, pods_of, spreads
from constructs_lib.footprint import Footprint, pod
from constructs_lib.problem import InvalidInput

LIMIT = 10
ROOM = Footprint(cpu=LIMIT, memory=LIMIT, disk=LIMIT, pods=LIMIT)
SEED, CASES = 20, 300
CONSTRAINED = 0.35
"""How many workloads have a constraint."""
State = tuple[tuple[int, ...], ...]
"""For each node how many pods of each workload it has."""


def workload(name: str, cpu: int = 1, memory: int = 1, *, space: str = "a", **spec: Any) -> Rendered:
    """A Deployment whose pods have their workload's name as a label."""
    requests = {"cpu": f"{cpu}m", "memory": memory}
    container = {"name": "main", "resources": {"requests": requests}}
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container], **spec}}
    metadata = {"name": name, "namespace": space}
    return Rendered(
        "core", {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {"template": template}}
    )


def some(obj: Rendered, number: int = 1, *, on_each_node: bool = False) -> Pods:
    """That many of its pods."""
    return pods_of(obj, number, pod(obj.manifest), on_each_node=on_each_node)


def constraint(selected: str, skew: int = 1, **more: Any) -> dict[str, Any]:
    """A spread constraint that is never broken."""
    selector = {"matchLabels": {"app": selected}}
    own = {"topologyKey": HOSTNAME, "maxSkew": skew, "whenUnsatisfiable": "DoNotSchedule", "labelSelector": selector}
    return own | more


def anti_affinity(*selected: str, kind: str = "required", **more: Any) -> dict[str, Any]:
    """To the pods of these workloads."""
    terms: list[dict[str, Any]] = [
        {"topologyKey": HOSTNAME, "labelSelector": {"matchLabels": {"app": name}}, **more} for name in selected
    ]
    if kind == "preferred":
        terms = [{"weight": 1, "podAffinityTerm": term} for term in terms]
    return {"podAntiAffinity": {f"{kind}DuringSchedulingIgnoredDuringExecution": terms}}


def names(nodes: list[Node]) -> list[str]:
    """Who is on each node."""
    return [" ".join(pods.where.rpartition("/")[2] for pods in node.pods) for node in nodes]


def missing_of(*pods: Pods, count: int = 2, room: Footprint = ROOM, lost: int = 0) -> list[tuple[int, bool]]:
    """How many of each workload have no place, and whether a constraint keeps them off."""
    return [(number, kept_off) for _, number, kept_off in place([pods], count, room, lost)[1]]


def test_defaults() -> None:
    """The largest pods first, by the resource of which they take most; each to the first node with room."""
    by_size = some(workload("small", 3), 2), some(workload("large", 1, 7)), some(workload("middle", 5))
    nodes, missing = place([by_size], 2, ROOM)
    assert (names(nodes), missing) == (["large middle small", "small"], [])


def test_custom() -> None:
    """A batch is placed after the one before, whatever its size; without a place is what is too much for each node."""
    nodes, missing = place([[some(workload("rest", 6), 2)], [some(workload("job", 4), 3)]], 2, ROOM)
    assert names(nodes) == ["rest job", "rest job"]
    assert [(pods.where, number, kept_off) for pods, number, kept_off in missing] == [
        ("tier core: Deployment a/job", 1, False)
    ]


@pytest.mark.parametrize("resource", ["cpu", "memory", "disk", "pods"])
def test_each_resource_counts(resource: str) -> None:
    """A pod has no place where one of the resources is used up."""
    request = Footprint(**{"cpu": 1, "memory": 1, "disk": 1, "pods": 1, resource: 6})
    pods = Pods(where="", number=3, request=request, namespace="", labels={})
    assert missing_of(pods) == [(1, False)]


def test_one_on_each_node() -> None:
    """First of all, and less is free for the others; a node without room for it is counted."""
    agent = some(workload("agent", 2), on_each_node=True)
    nodes, missing = place([[some(workload("app", 9)), agent]], 2, ROOM)
    assert names(nodes) == ["agent", "agent"]
    assert [(pods.where[-3:], number) for pods, number, _ in missing] == [("app", 1)]
    assert missing_of(some(workload("agent", 11), on_each_node=True)) == [(2, False)]
    alone = some(workload("agent", affinity=anti_affinity("app")), on_each_node=True)
    assert place([[some(workload("app"))], [alone]], 2, ROOM)[1][0].number == 1


def test_anti_affinity() -> None:
    """Between replicas, and of a pod to one that says nothing of it, in the namespaces that are meant."""
    lonely = workload("a", affinity=anti_affinity("a"))
    assert missing_of(some(lonely, 3)) == [(1, True)]
    assert missing_of(some(lonely, 3), count=3) == []
    away = workload("b", affinity=anti_affinity("c"))
    assert missing_of(some(away), some(workload("c")), count=1) == [(1, True)]
    assert missing_of(some(away), some(workload("c", space="other")), count=1) == []
    scopes: tuple[dict[str, Any], ...] = ({"namespaces": ["other"]}, {"namespaceSelector": {}})
    for scope in scopes:
        wide = workload("b", affinity=anti_affinity("c", **scope))
        assert missing_of(some(wide), some(workload("c", space="other")), count=1) == [(1, True)]
    zone = workload("b", affinity=anti_affinity("b", topologyKey="topology.kubernetes.io/zone"))
    preferred = workload("b", affinity=anti_affinity("b", kind="preferred"))
    nobody = workload("b", affinity=anti_affinity("b", labelSelector=None))
    assert [missing_of(some(one, 3)) for one in (zone, preferred, nobody)] == [[], [], []]


def test_spread() -> None:
    """No node may have more than `maxSkew` pods above the emptiest one, and nothing else is asked of it."""
    even = some(workload("a", 4, topologySpreadConstraints=[constraint("a")]), 3)
    assert names(place([[even]], 2, ROOM)[0]) == ["a a", "a"]
    full = some(workload("full", 8))
    assert missing_of(full, even) == [(2, True)]
    uneven = some(workload("a", 2, topologySpreadConstraints=[constraint("a", 3)]), 3)
    assert missing_of(full, uneven) == []
    soft = constraint("a", whenUnsatisfiable="ScheduleAnyway")
    assert missing_of(full, some(workload("a", 4, topologySpreadConstraints=[soft]), 2)) == []
    of_zones = constraint("a", topologyKey="topology.kubernetes.io/zone")
    assert missing_of(full, some(workload("a", 4, topologySpreadConstraints=[of_zones]), 2)) == []
    others = some(workload("a", topologySpreadConstraints=[constraint("full")]), 3)
    assert names(place([[full], [others]], 2, ROOM)[0]) == ["full a a", "a"]


def test_spread_over_few_nodes() -> None:
    """With fewer nodes than `minDomains` the emptiest one counts as empty."""
    wide = workload("a", topologySpreadConstraints=[constraint("a", minDomains=3)])
    assert missing_of(some(wide, 3)) == [(1, True)]
    assert missing_of(some(wide, 3), count=3) == []


def test_spread_with_a_lost_node() -> None:
    """It is tainted, and still counts as an empty one, unless the constraint says otherwise."""
    usual = workload("a", topologySpreadConstraints=[constraint("a")])
    assert missing_of(some(usual, 3), lost=1) == [(1, True)]
    honors = workload("a", topologySpreadConstraints=[constraint("a", nodeTaintsPolicy="Honor")])
    assert missing_of(some(honors, 3), lost=1) == []


def test_illegal_selector() -> None:
    """What the schema takes, and the API server does not, is advice."""
    selector = {"matchExpressions": [{"key": "app", "operator": "In"}]}
    odd = workload("a", topologySpreadConstraints=[constraint("a", labelSelector=selector)])
    with pytest.raises(InvalidInput, match=r"Deployment a/a: the selector .* is not legal: operator In of label app"):
        some(odd)


@pytest.mark.parametrize(
    ("spec", "spread"),
    [
        ({}, False),
        ({"topologySpreadConstraints": [constraint("a")]}, True),
        ({"topologySpreadConstraints": [constraint("a", whenUnsatisfiable="ScheduleAnyway")]}, True),
        ({"topologySpreadConstraints": [constraint("b")]}, False),
        ({"topologySpreadConstraints": [constraint("a", topologyKey="rack")]}, False),
        ({"affinity": anti_affinity("a")}, True),
        ({"affinity": anti_affinity("a", kind="preferred")}, True),
        ({"affinity": anti_affinity("b")}, False),
    ],
)
def test_replicas_are_spread(spec: dict[str, Any], spread: bool) -> None:
    """By whatever selects their own pods, over nodes, also where it is only preferred."""
    assert spreads(workload("a", **spec)) is spread


@dataclass(frozen=True)
class Cluster:
    """Workloads with what a pod of each requests and how many there are; nodes, and lost ones. As manifests say it."""

    objects: list[Rendered]
    sizes: list[tuple[int, int]]
    replicas: list[int]
    nodes: int
    lost: int

    def admits(self, state: State, own: int, node: int) -> bool:
        """Whether the scheduler may bind one more pod of a workload to the node."""
        after = [n + (number == own) for number, n in enumerate(state[node])]
        for resource in (0, 1):
            if sum(size[resource] * n for size, n in zip(self.sizes, after, strict=True)) > LIMIT:
                return False
        obj, here = self.objects[own], [one for one, n in zip(self.objects, state[node], strict=True) if n]
        if avoided(obj) & {one.name for one in here} or any(obj.name in avoided(one) for one in here):
            return False
        return all(self.keeps(one, obj.name, state, node) for one in obj.pod.get("topologySpreadConstraints", ()))

    def keeps(self, one: dict[str, Any], name: str, state: State, node: int) -> bool:
        """Whether a constraint allows one more pod of that name on the node."""
        app = one["labelSelector"]["matchLabels"]["app"]
        counts = [sum(n for obj, n in zip(self.objects, pods, strict=True) if obj.name == app) for pods in state]
        domains = [*counts, *([] if one.get("nodeTaintsPolicy") == "Honor" else [0] * self.lost)]
        least = min(domains) if len(domains) >= one.get("minDomains", 1) else 0
        return bool(counts[node] + (app == name) - least <= one["maxSkew"])

    def reachable(self) -> set[State]:
        """Every way to have some of the pods on the nodes, whatever the order in which they come."""
        empty: State = ((0,) * len(self.objects),) * self.nodes
        seen, open_ = {empty}, [empty]
        while open_:
            state = open_.pop()
            new = {after for after in self.steps(state) if after not in seen}
            seen |= new
            open_ += new
        return seen

    def steps(self, state: State) -> Iterator[State]:
        """The states after one more pod."""
        for own, number in enumerate(self.replicas):
            if sum(pods[own] for pods in state) == number:
                continue
            for node, pods in enumerate(state):
                if self.admits(state, own, node):
                    changed = (*pods[:own], pods[own] + 1, *pods[own + 1 :])
                    yield (*state[:node], changed, *state[node + 1 :])


def avoided(obj: Rendered) -> set[str]:
    """Labels of the pods that its pods avoid."""
    terms = obj.pod.get("affinity", {}).get("podAntiAffinity", {}).values()
    return {one["labelSelector"]["matchLabels"]["app"] for of_kind in terms for one in of_kind}


def drawn(draw: random.Random) -> Cluster:
    """A small one."""
    names = "abc"[: draw.randint(1, 3)]
    sizes = [(draw.randint(1, 6), draw.randint(1, 6)) for _ in names]
    objects = []
    for name, size in zip(names, sizes, strict=True):
        spec: dict[str, Any] = {}
        if draw.random() < CONSTRAINED:
            more: dict[str, Any] = draw.choice([{}, {"minDomains": 2}, {"nodeTaintsPolicy": "Honor"}])
            spec["topologySpreadConstraints"] = [constraint(draw.choice("abc"), draw.randint(1, 2), **more)]
        if draw.random() < CONSTRAINED:
            spec["affinity"] = anti_affinity(draw.choice("abc"))
        objects.append(workload(name, *size, **spec))
    return Cluster(objects, sizes, [draw.randint(1, 3) for _ in names], draw.randint(1, 3), draw.randint(0, 1))


def test_never_places_what_the_scheduler_cannot() -> None:
    """Each placement is one that some order of the pods gives; what it places whole can be placed whole."""
    draw, outcomes = random.Random(SEED), Counter[str]()
    for _ in range(CASES):
        cluster = drawn(draw)
        batch = [some(obj, number) for obj, number in zip(cluster.objects, cluster.replicas, strict=True)]
        nodes, missing = place([batch], cluster.nodes, ROOM, cluster.lost)
        placed = tuple(tuple(sum(one is pods for one in node.pods) for pods in batch) for node in nodes)
        left = {pods: number for pods, number, _ in missing}
        on_nodes = [sum(pods[own] for pods in placed) for own in range(len(batch))]
        assert [n + left.get(pods, 0) for n, pods in zip(on_nodes, batch, strict=True)] == cluster.replicas
        states = cluster.reachable()
        assert placed in states
        whole = max(sum(map(sum, state)) for state in states) == sum(cluster.replicas)
        assert whole or missing
        outcomes["missed" if whole and missing else "placed" if whole else "impossible"] += 1
    assert outcomes["placed"] > CASES / 4
    assert outcomes["impossible"] > CASES / 4
    assert outcomes["missed"] < CASES / 20
