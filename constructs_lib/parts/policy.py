"""NetworkPolicies: those of a component's dependencies, and what every namespace begins with."""

from collections.abc import Iterable, Mapping

from cdk8s_plus_32 import k8s
from constructs import Construct

from constructs_lib.parts.labels import part_of
from constructs_lib.parts.values import number
from constructs_lib.resolved import NAMESPACE_LABEL, Peer, Policy


def default_deny(scope: Construct, namespace: str, labels: Mapping[str, str]) -> None:
    """Forbid all traffic of the namespace that no other policy allows."""
    k8s.KubeNetworkPolicy(
        scope,
        f"default-deny-{namespace}",
        metadata=k8s.ObjectMeta(name="default-deny", namespace=namespace, labels=labels),
        spec=k8s.NetworkPolicySpec(pod_selector=k8s.LabelSelector(), policy_types=["Ingress", "Egress"]),
    )


def network_policy(scope: Construct, platform: str, owner: str, policy: Policy) -> None:
    """Make one side of a connection; `owner` is the component that it is there for."""
    peers, ports = _peers(policy.peer, policy.addresses), _ports(policy.ports)
    egress = [k8s.NetworkPolicyEgressRule(to=peers, ports=ports)]
    ingress = [k8s.NetworkPolicyIngressRule(from_=peers, ports=ports)]
    k8s.KubeNetworkPolicy(
        scope,
        f"policy-{policy.name}",
        metadata=k8s.ObjectMeta(
            name=policy.name,
            namespace=policy.namespace,
            labels={**part_of(platform), f"{platform}.io/owner": owner},
        ),
        spec=k8s.NetworkPolicySpec(
            pod_selector=k8s.LabelSelector(match_labels=dict(policy.labels)),
            policy_types=[policy.direction],
            egress=egress if policy.direction == "Egress" else None,
            ingress=ingress if policy.direction == "Ingress" else None,
        ),
    )


def _peers(peer: Peer | None, addresses: Iterable[str]) -> list[k8s.NetworkPolicyPeer] | None:
    """None (any address) for what is neither pods nor known addresses."""
    if peer is None:
        return [k8s.NetworkPolicyPeer(ip_block=k8s.IpBlock(cidr=cidr)) for cidr in addresses] or None
    return [
        k8s.NetworkPolicyPeer(
            namespace_selector=k8s.LabelSelector(match_labels={NAMESPACE_LABEL: peer.namespace}),
            pod_selector=k8s.LabelSelector(match_labels=dict(peer.labels)),
        )
    ]


def _ports(ports: Iterable[tuple[str, int]]) -> list[k8s.NetworkPolicyPort]:
    return [k8s.NetworkPolicyPort(protocol=protocol, port=number(port)) for protocol, port in ports]
