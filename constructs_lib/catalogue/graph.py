"""The graph that the catalogue's relations make: who talks to whom, who starts after whom, what each is told."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from constructs_lib.catalogue.model import WAVES, Catalogue, Component, Edge, External, Kind, Port, Tier

CATALOGUES = 4
"""How many catalogues' links are remembered: a process looks at one of them, a test at a few."""

INGRESS_CONTROLLER = "ingress-controller"
"""The external node that all routes come from."""


class Relation(StrEnum):
    """Why one component talks to another."""

    NEEDS = "needs"
    TALKS_TO = "talks_to"
    SCRAPES = "scrapes"
    ROUTES = "routes"
    TESTS = "tests"

    @property
    def ordered(self) -> bool:
        """Whether the provider must be up before the consumer starts."""
        return self in (Relation.NEEDS, Relation.TESTS)

    @property
    def informs(self) -> bool:
        """Whether the consumer is told the provider's address through environment variables."""
        return self in (Relation.NEEDS, Relation.TALKS_TO, Relation.TESTS)


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """Traffic from `consumer` to a port of `provider`; its policies are objects of the component `owner`."""

    consumer: Component | External
    provider: Component | External
    port: Port
    relation: Relation
    owner: str


Locate = Callable[[Link], tuple[str, int] | None]
"""Under which host and port the consumer of a link reaches its provider; None where it is told of none."""


def in_cluster(link: Link) -> tuple[str, int]:
    """The provider's Service, and the port's own number."""
    return link.provider.host, link.port.number


@lru_cache(maxsize=CATALOGUES)
def links(catalogue: Catalogue) -> tuple[Link, ...]:
    """All traffic of the platform but DNS, sorted by owner, consumer, provider and port.

    Relations to unknown components or ports are left out: `problems` names them.
    """
    found = [link for component in catalogue.components for link in _links_of(catalogue, component)]
    return tuple(sorted(found, key=lambda link: (link.owner, link.consumer.name, link.provider.name, link.port.number)))


def _links_of(catalogue: Catalogue, component: Component) -> Iterable[Link]:
    """The links whose policies belong to this component: its own, and those that its kind implies."""
    for relation, edges in ((Relation.NEEDS, component.needs), (Relation.TALKS_TO, component.talks_to)):
        yield from _resolved(catalogue, component, relation, edges)
    if component.kind is Kind.PROMETHEUS:
        scraped = (Edge(other.name, other.metrics) for other in catalogue.components if other.metrics)
        yield from _resolved(catalogue, component, Relation.SCRAPES, scraped)
    if component.kind is Kind.INTEGRATION_TESTS:
        tested = (Edge(other.name, "http") for other in catalogue.components if other.kind is Kind.MICROSERVICE)
        yield from _resolved(catalogue, component, Relation.TESTS, tested)
    if component.kind is Kind.INGRESS and INGRESS_CONTROLLER in {external.name for external in catalogue.externals}:
        routed = (Edge(other.name, "http") for other in catalogue.components if other.route)
        for link in _resolved(catalogue, component, Relation.ROUTES, routed):
            yield Link(
                consumer=catalogue.node(INGRESS_CONTROLLER),
                provider=link.provider,
                port=link.port,
                relation=link.relation,
                owner=component.name,
            )


def _resolved(catalogue: Catalogue, component: Component, relation: Relation, edges: Iterable[Edge]) -> Iterable[Link]:
    for edge in edges:
        try:
            provider = catalogue.node(edge.to)
            port = provider.port(edge.port)
        except KeyError:
            continue
        yield Link(consumer=component, provider=provider, port=port, relation=relation, owner=component.name)


def links_from(catalogue: Catalogue, name: str) -> tuple[Link, ...]:
    """The links in which that component is the consumer, sorted."""
    return _by_consumer(catalogue).get(name, ())


def links_of(catalogue: Catalogue, name: str) -> tuple[Link, ...]:
    """The links whose policies are objects of that component, sorted."""
    return _by_owner(catalogue).get(name, ())


@lru_cache(maxsize=CATALOGUES)
def _by_consumer(catalogue: Catalogue) -> Mapping[str, tuple[Link, ...]]:
    return _indexed(catalogue, lambda link: link.consumer.name)


@lru_cache(maxsize=CATALOGUES)
def _by_owner(catalogue: Catalogue) -> Mapping[str, tuple[Link, ...]]:
    return _indexed(catalogue, lambda link: link.owner)


def _indexed(catalogue: Catalogue, key: Callable[[Link], str]) -> Mapping[str, tuple[Link, ...]]:
    found: dict[str, list[Link]] = {}
    for link in links(catalogue):
        found.setdefault(key(link), []).append(link)
    return {name: tuple(group) for name, group in found.items()}


def predecessors(catalogue: Catalogue, component: Component) -> tuple[str, ...]:
    """The components that must be up before this one starts, sorted."""
    ordered = {link.provider.name for link in links_from(catalogue, component.name) if link.relation.ordered}
    names = ordered | set(component.after)
    return tuple(sorted(name for name in names if not isinstance(catalogue.node(name), External)))


def deploy_order(catalogue: Catalogue) -> tuple[tuple[int, Tier, tuple[Component, ...]], ...]:
    """(wave, tier, components by name) in start-up order."""
    return tuple(
        (tier.wave, tier, tuple(sorted((c for c in catalogue.components if c.tier is tier), key=lambda c: c.name)))
        for tiers in WAVES
        for tier in tiers
    )
