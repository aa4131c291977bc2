"""The graph that the catalogue's relations make: who talks to whom, and who starts after whom."""

from collections.abc import Collection, Iterable, Mapping

from constructs_lib.model import INGRESS_CONTROLLER, Catalogue, Component, Dependency, External
from constructs_lib.resolved import Link, Relation
from constructs_lib.types import type_of


def links_of(catalogue: Catalogue) -> tuple[Link, ...]:
    """All traffic of the platform but DNS, sorted by owner, consumer, provider and port.

    Relations to unknown components or ports are left out: `problems` names them.
    """
    links = [link for component in catalogue.components for link in _owned(catalogue, component)]
    return tuple(sorted(links, key=lambda link: (link.owner, link.consumer.name, link.provider.name, link.port.number)))


def _owned(catalogue: Catalogue, component: Component) -> Iterable[Link]:
    """The links whose policies belong to this component: its own, and those that its type implies."""
    pairs = [(Relation.NEEDS, one) for one in component.needs]
    pairs += [(Relation.TALKS_TO, one) for one in component.talks_to]
    pairs += type_of(component).implies(catalogue, component)
    for relation, dependency in pairs:
        yield from _link(catalogue, component, relation, dependency)


def _link(catalogue: Catalogue, owner: Component, relation: Relation, dependency: Dependency) -> Iterable[Link]:
    try:
        others = {Relation.ROUTES: INGRESS_CONTROLLER, Relation.MANAGES: type_of(owner).operator}
        consumer = catalogue.node(others[relation]) if relation in others else owner
        provider = catalogue.node(dependency.to)
        port = provider.port(dependency.port)
    except KeyError:
        return
    yield Link(consumer=consumer, provider=provider, port=port, relation=relation, owner=owner.name)


def by_consumer(links: Iterable[Link]) -> Mapping[str, tuple[Link, ...]]:
    """The links by the name of their consumer, in the order in which they come."""
    groups: dict[str, list[Link]] = {}
    for link in links:
        groups.setdefault(link.consumer.name, []).append(link)
    return {name: tuple(group) for name, group in groups.items()}


def startup(
    catalogue: Catalogue, links: Iterable[Link], with_secret: Collection[str]
) -> Mapping[str, Mapping[str, str]]:
    """Of each component those that are up before it: name -> why, in words; sorted by name.

    Beside what it needs or tests: the Jobs that prepare what it needs, the one that makes its Secret, and `after`.
    """
    derived = prepared(catalogue, with_secret)
    prior = {one.name: dict.fromkeys([*derived[one.name], *one.after], "comes after") for one in catalogue.components}
    for link in links:
        if link.relation.ordered and not isinstance(link.provider, External):
            prior[link.consumer.name][link.provider.name] = "needs" if link.relation is Relation.NEEDS else "tests"
    return {name: dict(sorted(before.items())) for name, before in sorted(prior.items())}


def prepared(catalogue: Catalogue, with_secret: Collection[str]) -> Mapping[str, set[str]]:
    """Of each component the Jobs that it comes after, as they prepare what it needs, or make its Secret."""
    jobs: dict[str, set[str]] = {}
    for component in catalogue.components:
        if type_of(component).prepares:
            for dependency in component.needs:
                jobs.setdefault(dependency.to, set()).add(component.name)
    makers = {component.name for component in catalogue.components if type_of(component).makes == "secrets"}
    jobs_before = {}
    for component in catalogue.components:
        mine = makers if component.name in with_secret else set()
        if not type_of(component).prepares:
            mine = mine.union(*(jobs.get(dependency.to, set()) for dependency in component.needs))
        jobs_before[component.name] = mine - {component.name}
    return jobs_before
