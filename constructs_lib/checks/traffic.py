"""Who is there, and which traffic the catalogue's dependencies ask for."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from constructs_lib.checks.label_sets import NAMESPACE, POD, Values
from constructs_lib.checks.model import Inputs
from constructs_lib.checks.network_policies import (
    EGRESS,
    INGRESS,
    Peers,
    Pod,
    Policy,
    address_range,
    governing,
)
from constructs_lib.checks.spans import ALL_ADDRESSES, Spans, union
from constructs_lib.model import DNS, Component, External
from constructs_lib.pods import long_running_containers
from constructs_lib.resolved import NAMESPACE_LABEL, Peer


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """The pods of one workload. `name` is the component's; `policies` restrict it (None: nothing does) by direction."""

    name: str
    pod: Pod
    policies: Mapping[str, tuple[Policy, ...] | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Outside:
    """An external node of the catalogue: all that it may be, and one of its pods; None where it is known by address."""

    name: str
    peers: Peers
    pod: Pod | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Expected:
    """The traffic that is asked for: between components by name, and of a component with what is outside.

    A pair of a component and itself is the traffic of its pods among themselves.
    """

    inside: Mapping[tuple[str, str], Spans]
    outside: Mapping[tuple[str, str], tuple[tuple[Outside, Spans], ...]]
    """(direction, component) -> with whom, on which ports."""


def nodes(inputs: Inputs, policies: Iterable[Policy]) -> Iterator[Node]:
    """Every rendered workload; one on the network of its host is left out, as policies do not hold for it.

    The rule `pod-security` refuses those.
    """
    every = tuple(policies)
    spaces = {namespace.name: namespace.labels for namespace in inputs.of("Namespace")}
    homes = {component.name: component.namespace for component in inputs.platform.components}
    for workload in inputs.workloads():
        if workload.pod.get("hostNetwork"):
            continue
        pod = Pod(
            namespace=workload.namespace,
            labels=workload.pod_labels,
            namespace_labels=spaces.get(workload.namespace, {}),
            ports=tuple(named_ports(workload.pod)),
        )
        app = workload.pod_labels.get("app", workload.name)
        yield Node(
            name=app if homes.get(app) == pod.namespace else f"{workload.kind} {pod.namespace}/{workload.name}",
            pod=pod,
            policies={direction: governing(every, pod, direction) for direction in (INGRESS, EGRESS)},
        )


def named_ports(spec: Mapping[str, Any]) -> Iterator[tuple[str, str, int]]:
    """Those of containers, and of init containers that run on beside them."""
    for container in long_running_containers(spec):
        for port in container.get("ports") or []:
            if port.get("name"):
                yield port["name"], port.get("protocol") or "TCP", port["containerPort"]


def expected(inputs: Inputs, names: Iterable[str]) -> Expected:
    """The catalogue's links between the nodes of these names, and DNS for all of them."""
    there = set(names)
    inside: dict[tuple[str, str], Spans] = {}
    outside: dict[tuple[str, str], tuple[tuple[Outside, Spans], ...]] = {}

    def add(direction: str, name: str, other: Outside, ports: Spans) -> None:
        if name in there:
            outside[direction, name] = (*outside.get((direction, name), ()), (other, ports))

    for link in inputs.platform.links:
        consumer, provider = link.consumer, link.provider
        ports = _ports(provider, link.port.number)
        if isinstance(provider, External):
            add(EGRESS, consumer.name, _outside(provider), ports)
        elif isinstance(consumer, External):
            add(INGRESS, provider.name, _outside(consumer), ports)
        elif {consumer.name, provider.name} <= there:
            pair = consumer.name, provider.name
            inside[pair] = union((*inside.get(pair, ()), *ports))
    for name, other, ports in _routed(inputs):
        add(INGRESS, name, other, ports)
    for server, ports in _dns(inputs):
        for name in there:
            add(EGRESS, name, server, ports)
    return Expected(inside=inside, outside=outside)


def _ports(provider: Component | External, number: int) -> Spans:
    protocols = provider.protocols if isinstance(provider, External) else ("TCP",)
    return union((protocol, number, number) for protocol in protocols)


def _outside(external: External) -> Outside:
    """Where neither pods nor addresses are known it may be anybody, and its ports are open to all addresses."""
    if external.addresses:
        return Outside(name=external.name, peers=Peers(addresses=union(map(address_range, external.addresses))))
    if external.namespace is None:
        return Outside(name=external.name, peers=Peers(({},), ALL_ADDRESSES))
    return _pods(external.name, Peer(namespace=external.namespace, labels=external.pod_labels))


def _pods(name: str, peer: Peer) -> Outside:
    """Of these pods no more is certain than their selector says, and of their namespace no more than its name."""
    box = {(NAMESPACE, NAMESPACE_LABEL): Values(frozenset({peer.namespace}))}
    box |= {(POD, key): Values(frozenset({value})) for key, value in peer.labels.items()}
    return Outside(name=name, peers=Peers((box,)), pod=Pod(namespace=peer.namespace, labels=peer.labels))


def _routed(inputs: Inputs) -> Iterator[tuple[str, Outside, Spans]]:
    """What the controller of the Gateway API reaches, where its routes are rendered."""
    controller, gateway = inputs.platform.catalogue.gateway_controller, inputs.platform.gateway
    if controller is None or gateway is None or not any(inputs.of("HTTPRoute")):
        return
    for route in gateway.routes:
        yield route.component, _outside(controller), (("TCP", route.port, route.port),)


def _dns(inputs: Inputs) -> Iterator[tuple[Outside, Spans]]:
    """Who answers names: pods, addresses, or both."""
    yield from dns_servers(inputs.dns.pods, inputs.dns.addresses, inputs.dns.ports)


def dns_servers(
    pods: Peer | None, addresses: Iterable[str], ports: Iterable[tuple[str, int]]
) -> Iterator[tuple[Outside, Spans]]:
    """DNS as pods, as CIDR blocks of addresses, or as both: each has to be reachable."""
    spans = union((protocol, number, number) for protocol, number in ports)
    if pods is not None:
        yield _pods(DNS, pods), spans
    for block in addresses:
        yield Outside(name=f"{DNS} at {block}", peers=Peers(addresses=(address_range(block),))), spans
