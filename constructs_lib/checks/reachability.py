"""NetworkPolicies, evaluated: for every pair of components and every port, against the catalogue's dependencies."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

from constructs_lib.checks.model import Inputs, Rendered
from constructs_lib.model import DNS, Component, External
from constructs_lib.problem import Problem
from constructs_lib.resolved import NAMESPACE_LABEL, Peer

NOBODYS_PORT = 9
"""A port that no component has: what reaches it reaches everything."""

Policy = Mapping[str, Any]
Protocol = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Pods that policies treat alike; without a namespace it is an address outside the cluster's pods."""

    name: str
    namespace: str | None
    labels: tuple[tuple[str, str], ...]
    guarded: bool
    """Whether it is in a namespace of the platform, where policies apply."""
    block: str = ""
    """Where it is, as CIDR; empty where that is not known."""
    elsewhere: tuple[str, ...] = ()
    """Blocks in which it is not, as others are there."""


def exact(inputs: Inputs) -> Iterator[Problem]:
    """Traffic is allowed exactly where a dependency says so, and to DNS."""
    endpoints = [*_components(inputs), *_externals(inputs)]
    policies = [found.manifest for found in inputs.of("NetworkPolicy")]
    expected = _expected(inputs, endpoints)
    ports = sorted({port for _, _, port in expected} | {("TCP", NOBODYS_PORT)} | _all_ports(inputs))
    for source in endpoints:
        for target in endpoints:
            if source == target or not (source.guarded or target.guarded):
                continue
            for port in ports:
                yield from _compare(policies, expected, source, target, port)


def _compare(
    policies: list[Policy],
    expected: set[tuple[str, str, Protocol]],
    source: Endpoint,
    target: Endpoint,
    port: Protocol,
) -> Iterator[Problem]:
    wanted = (source.name, target.name, port) in expected
    found = allowed(policies, source, target, port)
    where = f"{source.name} -> {target.name}:{port[1]}/{port[0]}"
    if wanted and not found:
        yield Problem(
            where, "a dependency says so, but policies forbid it", "see the pair of policies of that dependency"
        )
    if found and not wanted:
        yield Problem(where, "policies allow it, but no dependency says so", "add the dependency, or narrow the policy")


def allowed(policies: Iterable[Policy], source: Endpoint, target: Endpoint, port: Protocol) -> bool:
    """Whether a connection is possible: both sides have to agree, and a side without any policy agrees to all."""
    both = [policy for policy in policies if policy["kind"] == "NetworkPolicy"]
    return _side(both, "Egress", source, target, port) and _side(both, "Ingress", target, source, port)


def _side(policies: list[Policy], direction: str, subject: Endpoint, peer: Endpoint, port: Protocol) -> bool:
    if not subject.guarded:
        return True
    mine = [policy for policy in policies if direction in policy["spec"]["policyTypes"] and _subject(policy, subject)]
    rules = [rule for policy in mine for rule in policy["spec"].get(direction.lower(), [])]
    return not mine or any(_rule(rule, "to" if direction == "Egress" else "from", peer, port) for rule in rules)


def _subject(policy: Policy, endpoint: Endpoint) -> bool:
    in_namespace = policy["metadata"]["namespace"] == endpoint.namespace
    return in_namespace and _matches(policy["spec"].get("podSelector") or {}, dict(endpoint.labels))


def _rule(rule: Mapping[str, Any], direction: str, peer: Endpoint, port: Protocol) -> bool:
    ports = rule.get("ports")
    if ports and not any((p.get("protocol", "TCP"), p.get("port", port[1])) == port for p in ports):
        return False
    peers = rule.get(direction)
    return not peers or any(_peer(entry, peer) for entry in peers)


def _peer(entry: Mapping[str, Any], peer: Endpoint) -> bool:
    if "ipBlock" in entry:
        return peer.namespace is None and _in_block(entry["ipBlock"], peer)
    if peer.namespace is None:
        return False
    namespaces = entry.get("namespaceSelector")
    if namespaces is not None and not _matches(namespaces, {NAMESPACE_LABEL: peer.namespace, "name": peer.namespace}):
        return False
    return _matches(entry.get("podSelector") or {}, dict(peer.labels))


def _in_block(entry: Mapping[str, Any], peer: Endpoint) -> bool:
    """Whether all of the peer is in the block; one whose address is not known may be in each that is not another's."""
    cidr = str(entry["cidr"])
    if not peer.block:
        return not any(_within(cidr, block) for block in peer.elsewhere)
    return _within(peer.block, cidr) and not any(_within(peer.block, block) for block in entry.get("except") or [])


def _within(inner: str, outer: str) -> bool:
    small, large = ip_network(inner, strict=False), ip_network(outer, strict=False)
    return small.version == large.version and small.subnet_of(large)  # type: ignore[arg-type]


def _matches(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    if selector.get("matchExpressions"):
        raise ValueError("matchExpressions are not evaluated: use matchLabels")
    wanted: Mapping[str, str] = selector.get("matchLabels") or {}
    return wanted.items() <= labels.items()


def _components(inputs: Inputs) -> Iterator[Endpoint]:
    """One endpoint for each workload; the name is the component's, as its label app says."""
    for workload in inputs.workloads():
        labels = workload.pod_labels
        yield Endpoint(
            labels.get("app", workload.name), workload.namespace, tuple(sorted(labels.items())), guarded=True
        )


def _externals(inputs: Inputs) -> Iterator[Endpoint]:
    for external in inputs.platform.catalogue.externals:
        if external.name == DNS:
            continue
        labels = tuple(sorted(external.pod_labels.items()))
        guarded = external.namespace in inputs.platform.namespaces.names
        yield Endpoint(external.name, external.namespace, labels, guarded=guarded, elsewhere=inputs.dns.addresses)
    yield from _dns(inputs)
    usual = inputs.platform.namespaces.dns.pods
    if usual and usual != inputs.dns.pods:
        yield _pods(inputs, f"{DNS} of the catalogue", usual)


def _dns(inputs: Inputs) -> Iterator[Endpoint]:
    """The DNS servers of the environment: everyone has a way to each."""
    if inputs.dns.pods:
        yield _pods(inputs, DNS, inputs.dns.pods)
    for block in inputs.dns.addresses:
        yield Endpoint(f"{DNS} {block}", None, (), guarded=False, block=block)


def _pods(inputs: Inputs, name: str, peer: Peer) -> Endpoint:
    guarded = peer.namespace in inputs.platform.namespaces.names
    return Endpoint(name, peer.namespace, tuple(sorted(peer.labels.items())), guarded=guarded)


def _expected(inputs: Inputs, endpoints: list[Endpoint]) -> set[tuple[str, str, Protocol]]:
    """(consumer, provider, port) of every dependency between what is there, and everyone's way to DNS."""
    there = {endpoint.name for endpoint in endpoints}
    found = {
        (link.consumer.name, link.provider.name, (protocol, link.port.number))
        for link in inputs.platform.links
        if {link.consumer.name, link.provider.name} <= there
        for protocol in _protocols(link.provider)
    }
    found |= set(_beside_addressless(inputs, there))
    servers = list(_dns(inputs))
    pods = inputs.dns.pods
    # The catalogue's servers are among them where they have all labels of the setting.
    servers += [one for one in _externals(inputs) if pods and _selected(one, pods)]
    for endpoint in endpoints:
        if endpoint.guarded:
            found |= {(endpoint.name, server.name, port) for server in servers for port in inputs.dns.ports}
    return found


def _selected(endpoint: Endpoint, peer: Peer) -> bool:
    return endpoint.namespace == peer.namespace and peer.labels.items() <= dict(endpoint.labels).items()


def _beside_addressless(inputs: Inputs, there: set[str]) -> Iterator[tuple[str, str, Protocol]]:
    """A policy towards an address that is not known opens its ports to every address: say so, do not hide it."""
    for link in inputs.platform.links:
        if link.provider.namespace is None and link.consumer.name in there:
            for external in _externals(inputs):
                yield link.consumer.name, external.name, ("TCP", link.port.number)


def _protocols(node: Component | External) -> tuple[str, ...]:
    return node.protocols if isinstance(node, External) else ("TCP",)


def _all_ports(inputs: Inputs) -> set[Protocol]:
    return {("TCP", port["containerPort"]) for w in inputs.workloads() for port in _container_ports(w)}


def _container_ports(workload: Rendered) -> Iterator[Mapping[str, Any]]:
    for container in workload.containers:
        yield from container.get("ports", [])
