"""What is wrong with a catalogue: every problem at once, before anything is built."""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from constructs_lib.catalogue.environment import variables
from constructs_lib.catalogue.graph import Relation, links_from
from constructs_lib.catalogue.model import Catalogue, Component, External, Kind
from constructs_lib.problem import Problem

FILE = "constructs_lib/catalogue/components.py"
NAME = re.compile(r"[a-z]([a-z0-9-]{0,50}[a-z0-9])?")
PORT_NAME = re.compile(r"[a-z]([a-z0-9-]{0,13}[a-z0-9])?")
LAST_PORT = 65535
SINGLE = (Kind.POSTGRES_SCHEMA, Kind.CREDENTIALS)
"""Kinds that others look up by their kind: there can be one of each."""


def problems(catalogue: Catalogue) -> tuple[Problem, ...]:
    """Every problem; an empty tuple says that the platform can be built."""
    found = [*_names(catalogue), *_edges(catalogue)]
    if not found:
        found = [problem for component in catalogue.components for problem in _component(catalogue, component)]
        found += _single(catalogue)
    return tuple(found)


def where(component: Component) -> str:
    """The place of the component's entry."""
    return f"{FILE}: {component.name}"


def _names(catalogue: Catalogue) -> Iterator[Problem]:
    counts = Counter([*(c.name for c in catalogue.components), *(e.name for e in catalogue.externals)])
    for name, count in counts.items():
        if count > 1:
            yield Problem(
                f"{FILE}: {name}", f"the name is there {count} times", "give each component a name of its own"
            )
    for component in catalogue.components:
        if not NAME.fullmatch(component.name):
            mend = "use at most 52 lower-case letters, digits and dashes, beginning with a letter"
            yield Problem(where(component), f"{component.name!r} is no name of a Service", mend)
        yield from _ports(component)


def _ports(component: Component) -> Iterator[Problem]:
    for number, count in Counter(port.number for port in component.ports).items():
        if count > 1:
            yield Problem(where(component), f"port {number} is there {count} times", "give each port its own number")
    for port in component.ports:
        if not PORT_NAME.fullmatch(port.name):
            mend = "use at most 15 lower-case letters, digits and dashes"
            yield Problem(where(component), f"{port.name!r} is no name of a port", mend)
        if not 0 < port.number <= LAST_PORT:
            yield Problem(where(component), f"{port.number} is no port", "choose one from 1 to 65535")


def _edges(catalogue: Catalogue) -> Iterator[Problem]:
    every: list[Component | External] = [*catalogue.externals, *catalogue.components]
    nodes = {node.name: node for node in every}
    for component in catalogue.components:
        for edge in (*component.needs, *component.talks_to):
            node = nodes.get(edge.to)
            if node is None:
                yield Problem(
                    where(component), f"there is no component {edge.to}", f"use one of {', '.join(sorted(nodes))}"
                )
            elif edge.port not in {port.name for port in node.ports}:
                ports = ", ".join(port.name for port in node.ports) or "none"
                yield Problem(where(component), f"{edge.to} has no port {edge.port}", f"it has: {ports}")
        for name in component.after:
            if not isinstance(nodes.get(name), Component):
                yield Problem(where(component), f"comes after {name}, which is no component", "name a component")


def _component(catalogue: Catalogue, component: Component) -> Iterator[Problem]:
    yield from _order(catalogue, component)
    yield from _variables(catalogue, component)
    yield from _references(catalogue, component)


def _order(catalogue: Catalogue, component: Component) -> Iterator[Problem]:
    ordered = {
        link.provider.name: link.relation for link in links_from(catalogue, component.name) if link.relation.ordered
    }
    for name in sorted({*ordered, *component.after}):
        other = catalogue.node(name)
        if isinstance(other, External) or other.tier.wave < component.tier.wave:
            continue
        verb = "needs" if ordered.get(name) is Relation.NEEDS else "comes after"
        own, its = (f"tier {tier} (wave {tier.wave})" for tier in (component.tier, other.tier))
        what = f"it is in {own} and {verb} {name} of {its}"
        mend = f"move {component.name} to a later tier or {name} to an earlier one, or make the edge a talks_to"
        yield Problem(where(component), what, mend)


def _variables(catalogue: Catalogue, component: Component) -> Iterator[Problem]:
    found = sorted(variables(catalogue, component))
    for (name, value, origin), (next_name, next_value, next_origin) in pairwise(found):
        if name == next_name and value != next_value:
            what = f"variable {name} is {value} by {origin} and {next_value} by {next_origin}"
            yield Problem(where(component), what, "rename one of them")


def _references(catalogue: Catalogue, component: Component) -> Iterator[Problem]:
    if component.image is not None and component.image not in catalogue.images:
        mend = "add it to constructs_lib/catalogue/images.py"
        yield Problem(where(component), f"image {component.image} is not known", mend)
    topics = {topic.name for topic in catalogue.topics}
    for topic in sorted({*component.produces.values(), *component.consumes.values()} - topics):
        mend = "add it to constructs_lib/catalogue/topics.py"
        yield Problem(where(component), f"topic {topic} is not known", mend)
    ports = {port.name for port in component.ports}
    if component.metrics and component.metrics not in ports:
        yield Problem(where(component), f"metrics are on port {component.metrics}, which it has not", "name its port")
    if component.route and not component.route.path.startswith(component.route.strip):
        what = f"route {component.route.path} does not begin with {component.route.strip}"
        yield Problem(where(component), what, "strip a leading part of the path")
    for key, source in component.shared_secrets.items():
        name, _, source_key = source.partition("/")
        owners = {c.name: c.generated_secrets for c in catalogue.components}
        if source_key not in owners.get(name, {}):
            what = f"secret {key} repeats {source}, which nobody generates"
            yield Problem(where(component), what, "write <component>/<key of its generated_secrets>")


def _single(catalogue: Catalogue) -> Iterator[Problem]:
    counts = Counter(component.kind for component in catalogue.components)
    if any(component.schema for component in catalogue.components) and not counts[Kind.POSTGRES_SCHEMA]:
        yield Problem(FILE, "schemas are declared but no component makes them", "add one of kind postgres-schema")
    for kind in SINGLE:
        if counts[kind] > 1:
            yield Problem(FILE, f"there are {counts[kind]} components of kind {kind}", "keep one")
