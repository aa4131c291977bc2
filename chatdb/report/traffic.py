"""Who may talk to whom: each pair of consumer and provider with its ports, and the policies that open them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from constructs_lib.checks.model import Inputs
from constructs_lib.resolve.policies import policies
from constructs_lib.resolved import Link, Policy, Relation, ResolvedPlatform


@dataclass(frozen=True, kw_only=True, slots=True)
class Flow:
    """What is open between two nodes: ports as 9092/TCP, and the names of the NetworkPolicies on both sides."""

    consumer: str
    provider: str
    relations: tuple[str, ...]
    ports: tuple[str, ...]
    policies: tuple[str, ...]


def flows(platform: ResolvedPlatform, inputs: Inputs) -> tuple[Flow, ...]:
    """All traffic but DNS, sorted by consumer and provider; of the Gateway API where its routes are rendered."""

    def pair(link: Link) -> tuple[str, str]:
        return link.consumer.name, link.provider.name

    groups = groupby(sorted(platform.links, key=lambda link: (*pair(link), link.port.number)), key=pair)
    every = [_flow(*names, list(links)) for names, links in groups]
    return tuple(sorted((*every, *_routed(platform, inputs)), key=lambda flow: (flow.consumer, flow.provider)))


def _flow(consumer: str, provider: str, links: list[Link]) -> Flow:
    both = list(policies(links))
    relations = dict.fromkeys(str(link.relation) for link in links)
    return Flow(
        consumer=consumer,
        provider=provider,
        relations=tuple(relations),
        ports=_ports(both),
        policies=tuple(policy.name for policy in both),
    )


def _routed(platform: ResolvedPlatform, inputs: Inputs) -> Iterator[Flow]:
    controller, gateway = platform.catalogue.gateway_controller, platform.gateway
    if controller is None or gateway is None or not any(inputs.of("HTTPRoute")):
        return
    for route in gateway.routes:
        yield Flow(
            consumer=controller.name,
            provider=route.component,
            relations=(str(Relation.ROUTES),),
            ports=_ports([route.policy]),
            policies=(route.policy.name,),
        )


def _ports(both: Iterable[Policy]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"{number}/{protocol}" for policy in both for protocol, number in policy.ports))
