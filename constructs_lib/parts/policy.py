"""NetworkPolicies: one object for each side of an edge, and what every namespace begins with."""

from collections.abc import Iterable
from typing import Any

from cdk8s_plus_32 import k8s
from constructs import Construct

from constructs_lib.catalogue.model import Component, External
from constructs_lib.parts.labels import PART_OF, selector
from constructs_lib.parts.values import number

NAMESPACE_LABEL = "kubernetes.io/metadata.name"


def namespace_policies(scope: Construct, namespace: str, dns: External) -> None:
    """Nothing in, nothing out, but questions to DNS."""
    everyone = k8s.LabelSelector()
    k8s.KubeNetworkPolicy(
        scope,
        f"{namespace}-default-deny",
        metadata=k8s.ObjectMeta(name="default-deny", namespace=namespace, labels=PART_OF),
        spec=k8s.NetworkPolicySpec(pod_selector=everyone, policy_types=["Ingress", "Egress"]),
    )
    k8s.KubeNetworkPolicy(
        scope,
        f"{namespace}-allow-dns",
        metadata=k8s.ObjectMeta(name="allow-dns", namespace=namespace, labels=PART_OF),
        spec=k8s.NetworkPolicySpec(
            pod_selector=everyone,
            policy_types=["Egress"],
            egress=[k8s.NetworkPolicyEgressRule(to=_peers(dns), ports=_ports(dns, (p.number for p in dns.ports)))],
        ),
    )


def egress(
    scope: Construct, owner: Component, consumer: Component, provider: Component | External, ports: Iterable[int]
) -> None:
    """Let the consumer's pods open connections to these ports of the provider."""
    rule = k8s.NetworkPolicyEgressRule(to=_peers(provider), ports=_ports(provider, ports))
    _policy(scope, owner, consumer, f"{consumer.name}-to-{provider.name}", "Egress", {"egress": [rule]})


def ingress(
    scope: Construct, owner: Component, consumer: Component | External, provider: Component, ports: Iterable[int]
) -> None:
    """Let the provider's pods take connections of the consumer on these ports."""
    rule = k8s.NetworkPolicyIngressRule(from_=_peers(consumer), ports=_ports(provider, ports))
    _policy(scope, owner, provider, f"{provider.name}-from-{consumer.name}", "Ingress", {"ingress": [rule]})


def _policy(
    scope: Construct,
    owner: Component,
    subject: Component,
    name: str,
    direction: str,
    rules: dict[str, Any],
) -> None:
    k8s.KubeNetworkPolicy(
        scope,
        f"policy-{name}",
        metadata=k8s.ObjectMeta(
            name=name, namespace=subject.namespace, labels={**PART_OF, "chatdb.io/owner": owner.name}
        ),
        spec=k8s.NetworkPolicySpec(
            pod_selector=k8s.LabelSelector(match_labels=selector(subject)), policy_types=[direction], **rules
        ),
    )


def _peers(node: Component | External) -> list[k8s.NetworkPolicyPeer] | None:
    """The node's pods; None (any address) for what is outside the cluster's pods."""
    if node.namespace is None:
        return None
    labels = dict(node.pod_labels) if isinstance(node, External) else selector(node)
    return [
        k8s.NetworkPolicyPeer(
            namespace_selector=k8s.LabelSelector(match_labels={NAMESPACE_LABEL: node.namespace}),
            pod_selector=k8s.LabelSelector(match_labels=labels),
        )
    ]


def _ports(node: Component | External, numbers: Iterable[int]) -> list[k8s.NetworkPolicyPort]:
    protocols = node.protocols if isinstance(node, External) else ("TCP",)
    return [
        k8s.NetworkPolicyPort(protocol=protocol, port=number(port))
        for port in sorted(numbers)
        for protocol in protocols
    ]
