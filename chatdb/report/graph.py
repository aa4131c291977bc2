"""The graph as it is drawn: which lines there are, and in which order components stand in their tier."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from constructs_lib.resolved import Relation, ResolvedComponent, ResolvedPlatform

SWEEPS = 6


@dataclass(frozen=True, slots=True)
class Edge:
    """From a provider to its consumer; `kind` is direct, implied by direct ones, or traffic without order."""

    provider: str
    consumer: str
    kind: str


@dataclass(frozen=True, order=True, slots=True)
class Slot:
    """A place in a tier: of the component, or (`lane`) of the lines that lead from it to later waves."""

    name: str
    lane: bool = False


@dataclass(frozen=True, slots=True)
class Tier:
    """What is drawn of a tier, from top to bottom."""

    wave: int
    name: str
    slots: tuple[Slot, ...]


Column = tuple[int, Slot]
"""A slot, and the number of its wave."""


def tiers(platform: ResolvedPlatform, lines: Sequence[Edge]) -> list[Tier]:
    """In start-up order; components so that lines cross each other little."""
    order = platform.deploy_order()
    waves = [list(group) for _, group in groupby(order, key=lambda group: group[0])]
    column = {one.name: number for number, wave in enumerate(waves) for _, _, group in wave for one in group}
    near: dict[Column, set[Column]] = {}
    for edge in lines:
        if edge.kind == "direct":
            for one, other in _steps(edge, column[edge.provider], column[edge.consumer]):
                near.setdefault(one, set()).add(other)
                near.setdefault(other, set()).add(one)
    groups: list[tuple[int, int, str, list[Slot]]] = []
    for number, wave_tiers in enumerate(waves):
        for first, (wave, tier, components) in enumerate(wave_tiers):
            lanes = sorted(slot for place, slot in near if place == number and slot.lane) if first == 0 else []
            groups.append((number, wave, tier, [*lanes, *(Slot(one.name) for one in components)]))
    _sort(groups, near)
    return [Tier(wave, tier, tuple(slots)) for _, wave, tier, slots in groups]


def _steps(edge: Edge, start: int, end: int) -> Iterable[tuple[Column, Column]]:
    """The edge in parts from wave to wave."""
    last = (start, Slot(edge.provider))
    for number in range(start + 1, end):
        lane = (number, Slot(edge.provider, lane=True))
        yield last, lane
        last = lane
    yield last, (end, Slot(edge.consumer))


def _sort(groups: Sequence[tuple[int, int, str, list[Slot]]], near: dict[Column, set[Column]]) -> None:
    """Move each slot to the mean place of those that it is connected to, some times over."""
    for _ in range(SWEEPS):
        place: dict[Column, float] = {}
        for number, group in groupby(groups, key=lambda one: one[0]):
            slots = [slot for *_, of_tier in group for slot in of_tier]
            place |= {(number, slot): row for row, slot in enumerate(slots)}
        for number, _, _, slots in groups:
            means = {slot: _mean([place[one] for one in near.get((number, slot), ())]) for slot in slots}
            slots[:] = [slot for _, slot in sorted((mean, slot) for slot, mean in means.items())]


def _mean(values: Sequence[float]) -> float:
    """Those without a connection come last."""
    return sum(values) / len(values) if values else math.inf


def edges(platform: ResolvedPlatform) -> list[Edge]:
    """All of them, sorted; what follows from two others is implied."""
    before: dict[str, set[str]] = {}
    every: list[Edge] = []
    for _, _, components in platform.deploy_order():
        for component in _ordered(components):
            through = set[str]().union(*(before[name] for name in component.after))
            before[component.name] = through.union(component.after)
            kinds = {name: "implied" if name in through else "direct" for name in component.after}
            every += [Edge(name, component.name, kind) for name, kind in kinds.items()]
    pairs = {(edge.provider, edge.consumer) for edge in every}
    traffic = {
        (link.provider.name, link.consumer.name) for link in platform.links if link.relation is not Relation.PEERS
    }
    every += [Edge(*pair, "traffic") for pair in traffic - pairs if before.keys() >= {*pair}]
    return sorted(every, key=lambda edge: (edge.provider, edge.consumer))


def _ordered(components: Iterable[ResolvedComponent]) -> list[ResolvedComponent]:
    """Those of a tier, each after those of the tier that it starts after."""
    left, done = {one.name: one for one in components}, list[ResolvedComponent]()
    while left:
        ready = [one for one in left.values() if not left.keys() & {*one.after}]
        for one in ready:
            del left[one.name]
        done += ready
    return done
