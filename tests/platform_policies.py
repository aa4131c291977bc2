"""The names of the platform's NetworkPolicies, as the platform itself has them."""

from constructs_lib.gitops.generated import dns_policies
from constructs_lib.model import Component, External
from constructs_lib.resolve.policies import external_peer, selector
from constructs_lib.resolved import Policy, ResolvedPlatform
from constructs_lib.settings import Settings
from tests.repository import PLATFORM


def names(direction: str, *, consumer: str | None = None, provider: str | None = None) -> set[str]:
    """The policies of one side ("Ingress" or "Egress") of the links from and to these nodes; None is every node."""
    links = (link for link in PLATFORM.links if consumer in (None, link.consumer.name))
    pairs = ((link.consumer, link.provider) for link in links if provider in (None, link.provider.name))
    sides = (pair if direction == "Egress" else pair[::-1] for pair in pairs)
    return {policy.name for subject, peer in sides for policy in _policies(direction, subject, peer)}


def name(direction: str, consumer: str, provider: str) -> str:
    """The policy of one side of one link; ValueError where there is none, as on the side of an external node."""
    (only,) = names(direction, consumer=consumer, provider=provider)
    return only


def dns_name(platform: ResolvedPlatform, settings: Settings) -> str:
    """The policy that lets the pods of each namespace reach DNS."""
    (only,) = {str(policy["metadata"]["name"]) for policy in dns_policies(platform, settings)}
    return only


def _policies(direction: str, subject: Component | External, peer: Component | External) -> list[Policy]:
    """Those that select the subject's pods and allow the peer: one, or none where the subject has no policies."""
    side = (direction, subject.namespace, selector(subject.name), external_peer(peer) if peer.namespace else None)
    policies = (policy for component in PLATFORM.components for policy in component.policies)
    return [one for one in policies if (one.direction, one.namespace, one.labels, one.peer) == side]
