"""NetworkPolicies as Kubernetes defines them: which ports are open between two ends, and to whom a policy opens them.

Source: Kubernetes documentation, "Network Policies", and the API reference of NetworkPolicy in networking.k8s.io/v1.
Policies are read once; all answers are exact sets of ports, addresses and labels. Replies, a pod's connections to
itself, and what comes from the pod's own node are no matter of policies, and not of this module.
"""

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from constructs_lib.checks.label_sets import (
    EVERY_POD,
    NAMESPACE,
    POD,
    Box,
    Key,
    Values,
    both,
    holds,
    labels_of,
    less,
    requirements,
)
from constructs_lib.checks.spans import (
    ALL_ADDRESSES,
    ALL_PORTS,
    Span,
    Spans,
    common,
    union,
    without,
)
from constructs_lib.resolve.problems.names import LAST_PORT
from constructs_lib.resolve.problems.values import PROTOCOLS
from constructs_lib.resolved import NAMESPACE_LABEL

Manifest = Mapping[str, Any]
INGRESS, EGRESS = "Ingress", "Egress"
API_GROUP = "networking.k8s.io/"
"""Other groups have a kind of that name, too."""


@dataclass(frozen=True, kw_only=True)
class Pod:
    """A pod as policies see it; `ports` are those with a name: (name, protocol, number).

    `address` is for who knows it: without it no ipBlock is taken to have the pod in it.
    """

    namespace: str
    labels: Mapping[str, str]
    namespace_labels: Mapping[str, str] = field(default_factory=dict)
    ports: tuple[tuple[str, str, int], ...] = ()
    address: str | None = None

    @cached_property
    def facts(self) -> Mapping[Key, str]:
        """All labels of the pod and of its namespace."""
        own = {**self.namespace_labels, NAMESPACE_LABEL: self.namespace}
        return labels_of(POD, self.labels) | labels_of(NAMESPACE, own)

    @cached_property
    def addresses(self) -> Spans:
        """Its own address, if that is known."""
        return (one_address(self.address),) if self.address else ()


End = Pod | Span
"""One side of a connection: a pod, or a single address outside of the cluster's pods."""


@dataclass(frozen=True, slots=True)
class Peers:
    """A set of pods and of addresses."""

    pods: tuple[Box, ...] = ()
    addresses: Spans = ()

    def __contains__(self, end: End) -> bool:
        """Whether the pod, or the address, is one of them."""
        if not isinstance(end, Pod):
            return bool(common(self.addresses, (end,)))
        return any(holds(box, end.facts) for box in self.pods) or bool(common(self.addresses, end.addresses))

    def __bool__(self) -> bool:
        """Whether there can be anybody."""
        return bool(self.pods or self.addresses)

    def __and__(self, other: "Peers") -> "Peers":
        """Who is in both."""
        boxes = (both(one, two) for one in self.pods for two in other.pods)
        return Peers(tuple(box for box in boxes if box is not None), common(self.addresses, other.addresses))

    def __sub__(self, other: "Peers") -> "Peers":
        """Who is in the first alone."""
        boxes = self.pods
        for taken in other.pods:
            boxes = tuple(rest for box in boxes for rest in less(box, taken))
        return Peers(boxes, without(self.addresses, other.addresses))


EVERYONE = Peers((EVERY_POD,), ALL_ADDRESSES)


@dataclass(frozen=True, slots=True)
class Rule:
    """One entry of `ingress` or `egress`: its peers, and its ports, of which some may be names: (protocol, name)."""

    peers: Peers
    numbers: Spans
    names: tuple[tuple[str, str], ...] = ()

    def ports(self, target: End) -> Spans:
        """The ports of the target that it opens: a name is that of a port of the target's pod."""
        if not self.names or not isinstance(target, Pod):
            return self.numbers
        named = ((p, number, number) for name, p, number in target.ports if (p, name) in self.names)
        return union((*self.numbers, *named))

    @property
    def ports_of_unknown_pods(self) -> Spans:
        """The ports that it may open of a pod that is not known: any number may have the name."""
        return union((*self.numbers, *((protocol, 1, LAST_PORT) for protocol, _ in self.names)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """A policy that was read; None where it does not restrict that direction. `where` names it in findings."""

    where: str
    namespace: str
    subjects: Box
    rules: Mapping[str, tuple[Rule, ...]]

    def governs(self, pod: Pod, direction: str) -> bool:
        """Whether it restricts that direction of the pod's traffic."""
        return direction in self.rules and self.namespace == pod.namespace and holds(self.subjects, pod.facts)


def is_network_policy(manifest: Manifest) -> bool:
    """Whether the object is one of Kubernetes' own NetworkPolicies."""
    return manifest["kind"] == "NetworkPolicy" and str(manifest.get("apiVersion", "")).startswith(API_GROUP)


def read_policy(manifest: Manifest, where: str = "") -> Policy:
    """Read one; ValueError where the API server refuses what the schema takes."""
    namespace, spec = manifest["metadata"].get("namespace") or "", manifest.get("spec") or {}
    # A missing policyTypes is what the rules are of: Ingress always, Egress where there are rules of it.
    types = spec.get("policyTypes") or [INGRESS, *([EGRESS] if spec.get("egress") else [])]
    if unknown := set(types) - {INGRESS, EGRESS}:
        raise ValueError(f"policyTypes {', '.join(sorted(unknown))}")
    rules = {
        direction: tuple(_rule(rule or {}, peers, namespace) for rule in spec.get(direction.lower()) or [])
        for direction, peers in ((INGRESS, "from"), (EGRESS, "to"))
    }
    return Policy(
        where=where or f"NetworkPolicy {namespace}/{manifest['metadata'].get('name')}",
        namespace=namespace,
        subjects=requirements(POD, spec.get("podSelector")),
        rules={direction: rules[direction] for direction in (INGRESS, EGRESS) if direction in types},
    )


def _rule(rule: Manifest, key: str, namespace: str) -> Rule:
    ports, peers = rule.get("ports") or [], rule.get(key) or []
    parsed = [_peer(entry or {}, namespace) for entry in peers]
    numbers = [span for port in ports for span in _numbers(port or {})]
    names = {(port.get("protocol") or "TCP", port["port"]) for port in ports if isinstance(port.get("port"), str)}
    return Rule(
        peers=Peers(tuple(box for one in parsed for box in one.pods), union(s for one in parsed for s in one.addresses))
        if peers
        else EVERYONE,
        numbers=union(numbers) if ports else ALL_PORTS,
        names=tuple(sorted(names)),
    )


def _numbers(port: Manifest) -> Iterable[Span]:
    protocol, first, last = port.get("protocol") or "TCP", port.get("port"), port.get("endPort")
    if protocol not in PROTOCOLS:
        raise ValueError(f"protocol {protocol}")
    if last is not None and not isinstance(first, int):
        raise ValueError(f"endPort {last} without the number of a port")
    if first is None:
        yield protocol, 1, LAST_PORT
    if isinstance(first, int):
        if not 1 <= first <= (first if last is None else last) <= LAST_PORT:
            raise ValueError(f"port {first}" + ("" if last is None else f" to endPort {last}"))
        yield protocol, first, first if last is None else last


def _peer(entry: Manifest, namespace: str) -> Peers:
    block, pods, namespaces = entry.get("ipBlock"), entry.get("podSelector"), entry.get("namespaceSelector")
    if (block is None) is (pods is None and namespaces is None):
        raise ValueError("a peer with neither or both of ipBlock and selectors")
    if block is not None:
        excepted = union(address_range(each) for each in block.get("except") or [])
        return Peers(addresses=without((address_range(block["cidr"]),), excepted))
    own = {(NAMESPACE, NAMESPACE_LABEL): Values(frozenset({namespace}))}
    box = {**requirements(POD, pods), **(own if namespaces is None else requirements(NAMESPACE, namespaces))}
    return Peers((box,)) if all(box.values()) else Peers()


def address_range(cidr: str) -> Span:
    """The addresses of a block; ValueError where it is none."""
    network = ipaddress.ip_network(cidr, strict=False)
    return f"IPv{network.version}", int(network.network_address), int(network.broadcast_address)


def one_address(address: str) -> Span:
    """A single address; ValueError where it is none."""
    ip = ipaddress.ip_address(address)
    return f"IPv{ip.version}", int(ip), int(ip)


def governing(policies: Iterable[Policy], pod: Pod, direction: str) -> tuple[Policy, ...] | None:
    """The policies that restrict that direction of the pod's traffic; None where none does, and everything is open."""
    return tuple(policy for policy in policies if policy.governs(pod, direction)) or None


def opened(policy: Policy, direction: str, peer: End, target: End) -> Spans:
    """The ports of the target that the policy opens between its pods and the peer."""
    return union(span for rule in policy.rules[direction] if peer in rule.peers for span in rule.ports(target))


def open_ports(policies: Iterable[Policy], source: End, target: End) -> Spans:
    """The ports of the target that the source reaches: both sides have to agree."""
    every = tuple(policies)
    ports = ALL_PORTS
    for direction, subject, peer in ((EGRESS, source, target), (INGRESS, target, source)):
        mine = governing(every, subject, direction) if isinstance(subject, Pod) else None
        if mine is not None:
            ports = common(ports, union(span for one in mine for span in opened(one, direction, peer, target)))
    return ports
