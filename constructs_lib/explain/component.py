"""From the name of a component to everything that is derived from its entry."""

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

from constructs_lib.catalogue.credentials import secret_plan
from constructs_lib.catalogue.environment import variables
from constructs_lib.catalogue.graph import Link, links, predecessors
from constructs_lib.catalogue.model import Catalogue, Component
from constructs_lib.explain import places
from constructs_lib.explain.model import Explanation, Secret, Traffic, Variable


def find(catalogue: Catalogue, name: str) -> Component:
    """The component of that name; KeyError that says which there are, or come close, where there is none."""
    names = sorted(component.name for component in catalogue.components)
    if name in names:
        return catalogue.component(name)
    close = get_close_matches(name, names)
    advice = f"did you mean {' or '.join(close)}?" if close else f"there are: {', '.join(names)}"
    raise KeyError(f"no component {name}; {advice}")


def explain(root: Path, catalogue: Catalogue, component: Component) -> Explanation:
    """Facts from the catalogue, places from the committed files; InvalidInput where dist/ is missing."""
    image = catalogue.image(component) if component.image else None
    plan = secret_plan(catalogue, component)
    objects = places.objects(root, component)
    every = links(catalogue)
    source = image.source if image else None
    return Explanation(
        name=component.name,
        kind=component.kind,
        tier=component.tier,
        wave=component.tier.wave,
        namespace=component.namespace,
        entry=places.entry(root, component),
        construct=places.construct(root, component),
        image=image.reference if image else None,
        source=source,
        waits_for=predecessors(catalogue, component),
        waited_for_by=tuple(
            sorted(c.name for c in catalogue.components if component.name in predecessors(catalogue, c))
        ),
        calls=_traffic((link.provider.name, link) for link in every if link.consumer is component),
        called_by=_traffic((link.consumer.name, link) for link in every if link.provider is component),
        variables=_variables(catalogue, component),
        secret=Secret(name=plan.name, keys=plan.keys) if plan else None,
        objects=objects,
        overlays=places.overlays(root, component, objects),
        applications=places.applications(root, component),
        files=places.files(root, component, source),
        docs=places.docs(root, component),
    )


def _traffic(pairs: Iterable[tuple[str, Link]]) -> tuple[Traffic, ...]:
    return tuple(
        Traffic(other=other, port=link.port.name, number=link.port.number, relation=link.relation)
        for other, link in pairs
    )


def _variables(catalogue: Catalogue, component: Component) -> tuple[Variable, ...]:
    found = sorted(variables(catalogue, component))
    return tuple(Variable(name=name, value=value, origin=origin) for name, value, origin in found)
