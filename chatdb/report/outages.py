"""What stands still when a component is down, from the graph alone."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from constructs_lib.resolved import Relation, ResolvedPlatform


@dataclass(frozen=True, kw_only=True, slots=True)
class Outage:
    """What the loss of one component means for the others, each group sorted by name.

    `stops` need it while they run, directly or through others. `held` cannot start, or start again, before it is up.
    `loses` call it without need, and go on without an answer.
    """

    component: str
    stops: tuple[str, ...]
    held: tuple[str, ...]
    loses: tuple[str, ...]


def outages(platform: ResolvedPlatform) -> tuple[Outage, ...]:
    """One for each component, in start-up order."""
    names = [one.name for _, _, components in platform.deploy_order() for one in components]
    needed: dict[str, set[str]] = {name: set() for name in names}
    called: dict[str, set[str]] = {name: set() for name in names}
    started: dict[str, set[str]] = {name: set() for name in names}
    for link in platform.links:
        consumer, provider = link.consumer.name, link.provider.name
        if consumer in needed and provider in needed and consumer != provider:
            (needed if link.relation is Relation.NEEDS else called)[provider].add(consumer)
    for component in platform.components:
        for earlier in component.after:
            started[earlier].add(component.name)
    stops, held = (_closure(names, graph) for graph in (needed, started))
    return tuple(
        Outage(
            component=name,
            stops=tuple(sorted(stops[name])),
            held=tuple(sorted(held[name])),
            loses=tuple(sorted(called[name] - stops[name])),
        )
        for name in names
    )


def _closure(names: Iterable[str], graph: Mapping[str, Collection[str]]) -> dict[str, set[str]]:
    """Of each node all that are reached from it; itself is not among them."""
    reached: dict[str, set[str]] = {}
    for name in names:
        seen: set[str] = set()
        todo = list(graph[name])
        while todo:
            other = todo.pop()
            if other not in seen:
                seen.add(other)
                todo += graph[other]
        reached[name] = seen - {name}
    return reached
