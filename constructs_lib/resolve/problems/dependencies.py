"""Relations between components: that they lead somewhere, are there once, and give an order."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from constructs_lib.model import Catalogue, Component, External
from constructs_lib.problem import Problem
from constructs_lib.resolve.graph import links_of, prepared, startup
from constructs_lib.resolve.problems.places import where
from constructs_lib.resolve.secrets import with_secret
from constructs_lib.resolved import Relation

Graph = Mapping[str, Mapping[str, str]]
"""Of each component, those that must be up before it: name -> verb."""


def problems(catalogue: Catalogue) -> Iterator[Problem]:
    """Dependencies on nothing, twice or on oneself; cycles; dependencies that go to no earlier tier."""
    every: list[Component | External] = [*catalogue.externals, *catalogue.components]
    nodes = {node.name: node for node in every}
    for component in catalogue.components:
        yield from _ends(component, nodes)
        yield from _repeated(component)
    yield from _derived(catalogue)
    components = {component.name: component for component in catalogue.components}
    graph = _graph(catalogue, components)
    wave = {component.name: catalogue.wave(component.tier) for component in catalogue.components}
    cycles = list(_cycles(graph, wave))
    for cycle in cycles:
        message = f"dependency cycle: {' -> '.join(cycle)}"
        yield Problem(where(components[cycle[0]]), message, "remove one dependency, or make it a talks_to")
    round_about = {pair for cycle in cycles for pair in pairwise(cycle)}
    for name, before in graph.items():
        for other, verb in before.items():
            if (name, other) not in round_about:
                yield from _order(components[name], verb, components[other], wave)


def _ends(component: Component, nodes: Mapping[str, Component | External]) -> Iterator[Problem]:
    for one in (*component.needs, *component.talks_to):
        node = nodes.get(one.to)
        if node is None:
            message = f"there is no component {one.to}"
            yield Problem(where(component), message, f"use one of {', '.join(sorted(nodes))}")
        elif node.name == component.name:
            yield Problem(where(component), "it depends on itself", "remove it: a pod reaches itself anyway")
        elif one.port not in {port.name for port in node.ports}:
            ports = ", ".join(port.name for port in node.ports) or "none"
            yield Problem(where(component), f"{one.to} has no port {one.port}", f"it has: {ports}")
    for name in component.after:
        if not isinstance(nodes.get(name), Component):
            yield Problem(where(component), f"comes after {name}, which is not a component", "name a component")
        elif name == component.name:
            yield Problem(where(component), "comes after itself", "remove it")
    for name in component.ready_without:
        if name not in {one.to for one in component.needs}:
            yield Problem(where(component), f"ready_without names {name}, which it does not need", "remove it")


def _repeated(component: Component) -> Iterator[Problem]:
    for one, count in Counter([*component.needs, *component.talks_to]).items():
        if count > 1:
            message = f"the dependency on {one.to}:{one.port} is there {count} times in needs and talks_to"
            yield Problem(where(component), message, "keep one: needs where the order matters, else talks_to")
    for name, count in Counter(component.after).items():
        if count > 1:
            yield Problem(where(component), f"comes after {name} {count} times", "keep one")


def _derived(catalogue: Catalogue) -> Iterator[Problem]:
    """What an entry says of its order although it follows from the rest of it."""
    links = links_of(catalogue)
    jobs = prepared(catalogue, with_secret(catalogue, links))
    tested: defaultdict[str, set[str]] = defaultdict(set)
    for link in links:
        if link.relation is Relation.TESTS:
            tested[link.consumer.name].add(link.provider.name)
    for component in catalogue.components:
        needed = {one.to for one in component.needs} | tested[component.name]
        for name in sorted(set(component.after) & (needed | jobs[component.name])):
            yield Problem(where(component), f"comes after {name} anyway: that is derived", "remove it from after")


def _graph(catalogue: Catalogue, components: Mapping[str, Component]) -> Graph:
    """What starts after what, by name; dependencies on oneself and on nothing are named elsewhere."""
    links = links_of(catalogue)
    order = startup(catalogue, links, with_secret(catalogue, links))
    return {
        name: {other: verb for other, verb in before.items() if other in components and other != name}
        for name, before in order.items()
    }


def _cycles(graph: Graph, wave: Mapping[str, int]) -> Iterator[list[str]]:
    """Cycles, each from its first name to itself.

    A dependency on no earlier tier is taken out of each before the next is looked for: the other cycles of a wrong
    dependency are no news.
    """
    left = {name: dict(before) for name, before in graph.items()}
    while True:
        try:
            TopologicalSorter(left).prepare()
        except CycleError as error:
            cycle = list(reversed(error.args[1][1:]))
            first = cycle.index(min(cycle))
            cycle = [*cycle[first:], *cycle[:first], cycle[first]]
            wrong = ((a, b) for a, b in pairwise(cycle) if wave[a] <= wave[b])
            name, other = next(wrong)
            del left[name][other]
            yield cycle
        else:
            return


def _order(component: Component, verb: str, other: Component, wave: Mapping[str, int]) -> Iterator[Problem]:
    if wave[other.name] < wave[component.name]:
        return
    own, its = (f"tier {one.tier} (wave {wave[one.name]})" for one in (component, other))
    message = f"it is in {own} and {verb} {other.name} of {its}"
    fix = f"move {component.name} to a later tier or {other.name} to an earlier one, or make the dependency a talks_to"
    yield Problem(where(component), message, fix)
