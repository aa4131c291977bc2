"""NetworkPolicies, evaluated: what is open between components, and to everybody else, against the dependencies.

For each pair of workloads, and for the pods of each among themselves, all ports are compared. Everybody else are pods
of other namespaces, with whatever labels, in namespaces with whatever labels; and all addresses. A policy that opens a
port to more of them than the catalogue names is a finding, with those whom it names without need.
"""

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from constructs_lib.checks import label_sets
from constructs_lib.checks.label_sets import EVERY_POD, NAMESPACE, Values
from constructs_lib.checks.model import Inputs
from constructs_lib.checks.network_policies import (
    EGRESS,
    INGRESS,
    Peers,
    Policy,
    Rule,
    is_network_policy,
    open_ports,
    opened,
    read_policy,
)
from constructs_lib.checks.spans import ALL_ADDRESSES, ALL_PORTS, BITS, Spans, common, union, without
from constructs_lib.checks.traffic import Expected, Node, Outside, expected, nodes
from constructs_lib.problem import Problem
from constructs_lib.resolved import NAMESPACE_LABEL

NARROW = "add the dependency to the catalogue, or narrow the policy"
Door = tuple[Peers, Spans]
"""Whom something is open to, on which ports."""


@dataclass(frozen=True, slots=True)
class Hole:
    """Traffic that no dependency asks for: which pods, with whom, on which ports of the one that is connected to."""

    node: str
    other: str
    ports: Spans


def exact(inputs: Inputs) -> Iterator[Problem]:
    """Traffic is allowed exactly where a dependency says so, and to DNS."""
    policies: list[Policy] = []
    for policy in inputs.of("NetworkPolicy"):
        if is_network_policy(policy.manifest):
            try:
                policies.append(read_policy(policy.manifest, policy.where))
            except ValueError as error:
                yield Problem(policy.where, f"the API server refuses it: {error}", "correct the policy")
    every = list(nodes(inputs, policies))
    wanted = expected(inputs, {node.name for node in every})
    yield from dict.fromkeys(_closed(policies, every, wanted))
    yield from _undefended(every)
    yield from _between(every, wanted)
    yield from _strangers(every, wanted, inputs.platform.namespaces.names)


def _closed(policies: list[Policy], every: list[Node], wanted: Expected) -> Iterator[Problem]:
    """Dependencies that policies forbid."""
    for source in every:
        for target in every:
            ports = wanted.inside.get((source.name, target.name), ())
            if ports:
                open_ = common(_ports(source, EGRESS, target, target), _ports(target, INGRESS, source, target))
                yield from _forbidden(source.name, target.name, without(ports, open_))
    for node in every:
        for other, ports in wanted.outside.get((EGRESS, node.name), ()):
            yield from _forbidden(node.name, other.name, without(ports, _with(policies, node, EGRESS, other)))
        for other, ports in wanted.outside.get((INGRESS, node.name), ()):
            yield from _forbidden(other.name, node.name, without(ports, _with(policies, node, INGRESS, other)))


def _forbidden(source: str, target: str, ports: Spans) -> Iterator[Problem]:
    if ports:
        where = f"{source} -> {target}:{_port_text(ports)}"
        yield Problem(
            where, "a dependency says so, but policies forbid it", "see the pair of policies of that dependency"
        )


def _ports(node: Node, direction: str, peer: Node, target: Node) -> Spans:
    """The ports of the target that the node's policies open between it and the peer."""
    mine = node.policies[direction]
    if mine is None:
        return ALL_PORTS
    return union(span for policy in mine for span in opened(policy, direction, peer.pod, target.pod))


def _with(policies: list[Policy], node: Node, direction: str, other: Outside) -> Spans:
    """The ports that are open between the node and the external node, or one of the addresses that it may have."""
    if other.pod is not None:
        source, target = (node.pod, other.pod) if direction == EGRESS else (other.pod, node.pod)
        return open_ports(policies, source, target)
    mine = node.policies[direction]
    if mine is None:
        return ALL_PORTS
    rules = [rule for policy in mine for rule in policy.rules[direction]]
    matching = [rule for rule in rules if common(rule.peers.addresses, other.peers.addresses)]
    return union(s for rule in matching for s in (rule.numbers if direction == EGRESS else rule.ports(node.pod)))


def _undefended(every: list[Node]) -> Iterator[Problem]:
    """Pods that no policy restricts: one finding for each namespace and direction."""
    for direction, effect in ((INGRESS, "everybody reaches all ports of"), (EGRESS, "nothing holds back")):
        for namespace in sorted({node.pod.namespace for node in every}):
            names = {n.name for n in every if n.pod.namespace == namespace and n.policies[direction] is None}
            if names:
                yield Problem(
                    f"namespace {namespace}",
                    f"{effect} {_listed(names)}: no NetworkPolicy of type {direction} selects the pods",
                    "bring back the namespace's default-deny policy",
                )


def _between(every: list[Node], wanted: Expected) -> Iterator[Problem]:
    """Ports that both sides open to each other without need; one finding for each pair of policies that does it.

    What the target opens to every pod is a finding of `_strangers` already.
    """
    holes: dict[tuple[str, str], list[Hole]] = {}
    for source in every:
        for target in every:
            inside = wanted.inside.get((source.name, target.name), ())
            both = common(_ports(source, EGRESS, target, target), _ports(target, INGRESS, source, target))
            excess = without(without(both, inside), _open_to_every_pod(target)) if both != inside else ()
            for leaving in (source.policies[EGRESS] or ()) if excess else ():
                for entering in target.policies[INGRESS] or ():
                    ports = common(excess, opened(leaving, EGRESS, target.pod, target.pod))
                    ports = common(ports, opened(entering, INGRESS, source.pod, target.pod))
                    if ports:
                        pair = entering.where, leaving.where
                        holes.setdefault(pair, []).append(Hole(source.name, target.name, ports))
    for (entering_where, leaving_where), group in holes.items():
        whom = "; ".join(f"{names} reach {other} on {_port_text(ports)}" for names, other, ports in _grouped(group))
        message = f"together with {leaving_where} it lets {whom}, but no dependency says so"
        yield Problem(entering_where, message, NARROW)


def _open_to_every_pod(target: Node) -> Spans:
    rules = [rule for policy in target.policies[INGRESS] or () for rule in policy.rules[INGRESS]]
    return union(span for rule in rules if EVERY_POD in rule.peers.pods for span in rule.ports(target.pod))


def _strangers(every: list[Node], wanted: Expected, platform: Iterable[str]) -> Iterator[Problem]:
    """What policies open to others than the platform's pods; one finding for each policy and direction."""
    elsewhere = {(NAMESPACE, NAMESPACE_LABEL): Values(frozenset(platform), inverse=True)}
    foreign = Peers((elsewhere,), ALL_ADDRESSES)
    holes: dict[tuple[str, str], list[Hole]] = {}
    for node in every:
        for direction in (INGRESS, EGRESS):
            needed = wanted.outside.get((direction, node.name), ())
            for policy in node.policies[direction] or ():
                doors = [door for rule in policy.rules[direction] for door in _doors(rule, direction, node)]
                for peers, ports in _too_wide(doors, foreign, needed):
                    whom = [Hole(node.name, who, ports) for who in _who(peers)]
                    holes.setdefault((policy.where, direction), []).extend(whom)
    for (where, direction), group in holes.items():
        whom_text = "; ".join(
            f"{others} reach {names} on {_port_text(ports)}"
            if direction == INGRESS
            else f"{names} reach {others} on {_port_text(ports)}"
            for names, others, ports in _grouped(group)
        )
        yield Problem(where, f"it lets {whom_text}: more than the dependencies ask for", NARROW)


def _doors(rule: Rule, direction: str, node: Node) -> Iterator[Door]:
    """What the rule opens to whom; pods and addresses apart, as no address has ports with names."""
    own = rule.ports(node.pod)
    pods, addresses = (own, own) if direction == INGRESS else (rule.ports_of_unknown_pods, rule.numbers)
    yield from ((Peers((box,)), pods) for box in rule.peers.pods)
    yield Peers(addresses=rule.peers.addresses), addresses


def _too_wide(doors: Iterable[Door], foreign: Peers, needed: Iterable[tuple[Outside, Spans]]) -> Iterator[Door]:
    """What is too much of each door that foreign peers pass without need; all of the door where that is in parts."""
    every = tuple(needed)
    for door in doors:
        outside = door[0] & foreign, door[1]
        too_much = _unneeded(outside, every)
        if too_much:
            yield too_much[0] if len(too_much) == 1 and too_much != [outside] else door


def _unneeded(door: Door, needed: Iterable[tuple[Outside, Spans]]) -> list[Door]:
    """What is left of the door without what is needed."""
    left = [door]
    for other, ports in needed:
        parts: list[Door] = []
        for peers, open_ in left:
            shared = common(open_, ports) if peers & other.peers else ()
            parts += [(peers, without(open_, shared)), (peers - other.peers, shared)]
        left = [(peers, open_) for peers, open_ in parts if peers and open_]
    return [(peers, open_) for peers, open_ in left if peers and open_]


def _grouped(holes: Iterable[Hole]) -> Iterator[tuple[str, str, Spans]]:
    """(nodes, others, ports) in words: nodes of the same other and ports together, then others of the same nodes."""
    nodes_of: dict[tuple[str, Spans], set[str]] = {}
    for hole in holes:
        nodes_of.setdefault((hole.other, hole.ports), set()).add(hole.node)
    others_of: dict[tuple[str, Spans], set[str]] = {}
    for (other, ports), names in nodes_of.items():
        others_of.setdefault((_listed(names), ports), set()).add(other)
    for (joined, ports), others in others_of.items():
        yield joined, _listed(others), ports


def _who(peers: Peers) -> Iterator[str]:
    for box in peers.pods:
        yield label_sets.text(box)
    if peers.addresses == ALL_ADDRESSES:
        yield "any address"
        return
    yield from (_range_text(*span) for span in peers.addresses)


def _range_text(family: str, first: int, last: int) -> str:
    made = ipaddress.IPv4Address if family == "IPv4" else ipaddress.IPv6Address
    if (first, last) == (0, 2 ** BITS[family] - 1):
        return f"any {family} address"
    return str(made(first)) if first == last else f"{made(first)}-{made(last)}"


def _port_text(spans: Spans) -> str:
    """As 80/TCP, 8000-8010/UDP."""
    if spans == ALL_PORTS:
        return "all ports"
    return ", ".join(f"{first}/{kind}" if first == last else f"{first}-{last}/{kind}" for kind, first, last in spans)


def _listed(names: Iterable[str]) -> str:
    *most, last = sorted(names)
    return f"{', '.join(most)} and {last}" if most else last
