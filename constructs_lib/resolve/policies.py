"""NetworkPolicies as data: one object for each side of a link."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from constructs_lib.model import Component, External
from constructs_lib.resolved import Link, Peer, Policy


def policies(links: Iterable[Link]) -> Iterator[Policy]:
    """Both sides of each link, all of them objects of its owner: a new consumer touches no earlier tier.

    Links to several ports of one provider share their objects. The links are sorted by consumer and provider.
    """
    for _, group in groupby(links, key=lambda link: (link.consumer.name, link.provider.name)):
        pair = list(group)
        consumer, provider = pair[0].consumer, pair[0].provider
        numbers = {link.port.number for link in pair}
        if isinstance(consumer, Component):
            yield _policy(consumer, "Egress", f"{consumer.name}-to-{provider.name}", provider, provider, numbers)
        if isinstance(provider, Component):
            yield _policy(provider, "Ingress", f"{provider.name}-from-{consumer.name}", consumer, provider, numbers)


def gateway_policy(controller: External, link: Link) -> Policy:
    """What lets the controller of the Gateway API reach the provider of a route."""
    provider = link.provider
    assert isinstance(provider, Component)  # noqa: S101 - routes lead to components
    name = f"{provider.name}-from-{controller.name}"
    return _policy(provider, "Ingress", name, controller, provider, {link.port.number})


def _policy(
    subject: Component,
    direction: str,
    name: str,
    peer: Component | External,
    server: Component | External,
    numbers: Iterable[int],
) -> Policy:
    protocols = server.protocols if isinstance(server, External) else ("TCP",)
    return Policy(
        name=name,
        namespace=str(subject.namespace),
        labels=selector(subject.name),
        direction=direction,
        peer=_peer(peer),
        addresses=peer.addresses if isinstance(peer, External) else (),
        ports=tuple((protocol, number) for number in sorted(numbers) for protocol in protocols),
    )


def _peer(node: Component | External) -> Peer | None:
    """The node's pods; None for what is outside the cluster's pods."""
    if node.namespace is None:
        return None
    labels = dict(node.pod_labels) if isinstance(node, External) else selector(node.name)
    return Peer(namespace=str(node.namespace), labels=labels)


def external_peer(node: Component | External) -> Peer:
    """The pods of a node that has a namespace; ValueError where it has none."""
    peer = _peer(node)
    if peer is None:
        raise ValueError(f"{node.name} has no namespace")
    return peer


def selector(name: str) -> dict[str, str]:
    """The immutable labels that select the pods of the component of that name."""
    return {"app": name}
