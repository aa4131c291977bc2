"""Placing pods on equal nodes as the scheduler may: by requests, spread constraints and anti-affinity.

First fit decreasing: each pod, the largest first, goes to the first node that takes it. Where all pods have a place,
that is one way in which they fit. Where one has none, there may be a better way, which the scheduler does not look for
either: it takes pods as they come, and moves none. What is preferred (`ScheduleAnyway`, preferred affinity), labels and
taints of nodes, affinity to pods, other topologies than the node, and zones of volumes are left out.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from constructs_lib.checks.label_sets import POD, Box, Key, holds, labels_of, selected_pods
from constructs_lib.checks.model import Rendered
from constructs_lib.footprint import Footprint

HOSTNAME = "kubernetes.io/hostname"
PLACED_BY = ("cpu", "memory", "disk", "pods")
"""What the scheduler counts of a footprint."""


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """A topology spread constraint over nodes that the scheduler never breaks; `lost` nodes may count as empty ones."""

    selector: Box
    most: int
    least_nodes: int
    counts_lost: bool

    def limit(self, counts: Sequence[int], lost: int) -> int:
        """How many selected pods a node may have; `counts` are those that each has."""
        empty = lost if self.counts_lost else 0
        return self.most + (0 if empty or len(counts) + empty < self.least_nodes else min(counts))


@dataclass(frozen=True, slots=True)
class Apart:
    """Required anti-affinity on a node to pods of these namespaces; None stands for all."""

    selector: Box
    namespaces: frozenset[str] | None


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Pods:
    """Equal pods of one workload; `number` is ignored where each node runs one."""

    where: str
    number: int
    request: Footprint
    namespace: str
    labels: Mapping[Key, str]
    spread: tuple[Spread, ...] = ()
    apart: tuple[Apart, ...] = ()
    on_each_node: bool = False

    def counted_by(self, spread: Spread, namespace: str) -> bool:
        """Whether a constraint of a pod of that namespace counts them."""
        return namespace == self.namespace and holds(spread.selector, self.labels)

    def repel(self, other: "Pods") -> bool:
        """Whether one of both keeps the other off its node."""
        return self.avoid(other) or other.avoid(self)

    def avoid(self, other: "Pods") -> bool:
        """Whether they go to no node with one of the others on it."""
        return any(
            (term.namespaces is None or other.namespace in term.namespaces) and holds(term.selector, other.labels)
            for term in self.apart
        )


@dataclass(slots=True)
class Node:
    """What is free on a node, and the pods on it."""

    free: Footprint
    pods: list[Pods] = field(default_factory=list)

    def has_room(self, pods: Pods) -> bool:
        """Whether there is room for one of them."""
        return all(getattr(pods.request, name) <= getattr(self.free, name) for name in PLACED_BY)

    def put(self, pods: Pods) -> None:
        """Place one of them."""
        self.free += pods.request.times(-1)
        self.pods.append(pods)


class Missing(NamedTuple):
    """Pods without a place; `kept_off` where a node has room, but a constraint or an anti-affinity forbids it."""

    pods: Pods
    number: int
    kept_off: bool


def place(
    batches: Iterable[Iterable[Pods]], count: int, room: Footprint, lost: int = 0
) -> tuple[list[Node], list[Missing]]:
    """Place one batch after the other on `count` nodes with that room, beside `lost` ones that still are registered."""
    nodes = [Node(room) for _ in range(count)]
    missing: list[Missing] = []
    for batch in batches:
        for pods in sorted(batch, key=lambda pods: (not pods.on_each_node, -_share(pods.request, room), pods.where)):
            put = _put_on_each if pods.on_each_node else _put
            if left := put(pods, nodes, lost):
                missing.append(Missing(pods, left, any(node.has_room(pods) for node in nodes)))
    return nodes, missing


def _share(request: Footprint, room: Footprint) -> float:
    """The largest part that a pod takes of any resource of a node."""
    return max(float(getattr(request, name) / max(getattr(room, name), 1)) for name in PLACED_BY)


def _put_on_each(pods: Pods, nodes: Sequence[Node], _lost: int) -> int:
    """The number of nodes that do not take one."""
    taking = [node for node in nodes if node.has_room(pods) and not any(map(pods.repel, node.pods))]
    for node in taking:
        node.put(pods)
    return len(nodes) - len(taking)


def _put(pods: Pods, nodes: Sequence[Node], lost: int) -> int:
    """The number of pods that no node takes."""
    open_ = [number for number, node in enumerate(nodes) if not any(map(pods.repel, node.pods))]
    counts = {
        spread: [sum(other.counted_by(spread, pods.namespace) for other in node.pods) for node in nodes]
        for spread in pods.spread
    }
    own = {spread: int(pods.counted_by(spread, pods.namespace)) for spread in pods.spread}
    left = pods.number
    while left:
        limits = {spread: spread.limit(counts[spread], lost) - own[spread] for spread in pods.spread}
        chosen = next((n for n in open_ if all(counts[spread][n] <= limits[spread] for spread in pods.spread)), None)
        if chosen is None:
            return left
        if not nodes[chosen].has_room(pods):
            open_.remove(chosen)
            continue
        nodes[chosen].put(pods)
        left -= 1
        for spread in pods.spread:
            counts[spread][chosen] += own[spread]
        if pods.repel(pods):
            open_.remove(chosen)
    return 0


def pods_of(workload: Rendered, number: int, request: Footprint, *, on_each_node: bool) -> Pods:
    """That many pods of a workload."""
    return Pods(
        where=workload.where,
        number=number,
        request=request,
        namespace=workload.namespace,
        labels=labels_of(POD, workload.pod_labels),
        spread=tuple(
            Spread(
                _selector(workload, one),
                one["maxSkew"],
                one.get("minDomains") or 1,
                one.get("nodeTaintsPolicy") != "Honor",
            )
            for one in _constraints(workload)
            if one.get("whenUnsatisfiable") == "DoNotSchedule"
        ),
        apart=tuple(
            Apart(_selector(workload, term), _namespaces(term, workload.namespace))
            for term in _anti_affinity(workload, "required")
        ),
        on_each_node=on_each_node,
    )


def spreads(workload: Rendered) -> bool:
    """Whether its pods keep, or prefer to keep, off the nodes of each other."""
    own = labels_of(POD, workload.pod_labels)
    terms = (term for kind in ("required", "preferred") for term in _anti_affinity(workload, kind))
    return any(holds(_selector(workload, one), own) for one in (*_constraints(workload), *terms))


def _selector(workload: Rendered, term: Mapping[str, Any]) -> Box:
    """Whom a constraint or a term selects; InvalidInput where the API server refuses its selector."""
    return selected_pods(workload.where, "a spread constraint or an anti-affinity", term["labelSelector"])


def _constraints(workload: Rendered) -> Iterator[Mapping[str, Any]]:
    """Those over nodes that select pods: without a selector they select none."""
    constraints = workload.pod.get("topologySpreadConstraints") or []
    return (one for one in constraints if one.get("topologyKey") == HOSTNAME and one.get("labelSelector") is not None)


def _anti_affinity(workload: Rendered, kind: str) -> Iterator[Mapping[str, Any]]:
    """The terms over nodes, `required` or `preferred`, that select pods."""
    affinity = (workload.pod.get("affinity") or {}).get("podAntiAffinity") or {}
    for entry in affinity.get(f"{kind}DuringSchedulingIgnoredDuringExecution") or []:
        term = entry.get("podAffinityTerm", entry)
        if term.get("topologyKey") == HOSTNAME and term.get("labelSelector") is not None:
            yield term


def _namespaces(term: Mapping[str, Any], own: str) -> frozenset[str] | None:
    """Where a term looks; a selector of namespaces is read as all of them, so that pods have rather less room."""
    if term.get("namespaceSelector") is not None:
        return None
    return frozenset(term.get("namespaces") or [own])
