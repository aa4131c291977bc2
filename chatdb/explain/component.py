"""From the name of a component to everything that is derived from its entry."""

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

from chatdb.explain import places
from chatdb.explain.model import Explanation, Secret, Traffic, Variable
from constructs_lib.resolved import Link, ResolvedComponent, ResolvedPlatform


def find(platform: ResolvedPlatform, name: str) -> ResolvedComponent:
    """The component of that name; KeyError that says which there are, or come close, where there is none."""
    names = sorted(component.name for component in platform.components)
    if name in names:
        return platform.component(name)
    close = get_close_matches(name, names)
    advice = f"did you mean {' or '.join(close)}?" if close else f"there are: {', '.join(names)}"
    raise KeyError(f"no component {name}; {advice}")


def explain(root: Path, platform: ResolvedPlatform, component: ResolvedComponent) -> Explanation:
    """Facts from the catalogue, places from the committed files; InvalidInput where dist/ is missing."""
    catalogue = platform.catalogue
    entry = catalogue.component(component.name)
    source = catalogue.image(entry).source if entry.image else None
    secret = component.secret
    objects = places.objects(root, entry, platform.name)
    return Explanation(
        name=component.name,
        type=component.type,
        tier=component.tier,
        wave=component.wave,
        namespace=component.namespace,
        entry=places.entry(root, entry),
        construct=places.construct(entry),
        image=component.image,
        source=source,
        after=component.after,
        dependents=platform.dependents(component.name),
        calls=_traffic((link.provider.name, link) for link in platform.links if link.consumer is entry),
        called_by=_traffic((link.consumer.name, link) for link in platform.links if link.provider is entry),
        variables=tuple(
            Variable(name=one.name, value=one.value, origin=one.origin)
            for one in sorted(component.env_vars, key=lambda one: one.name)
        ),
        secret=Secret(name=secret.name, keys=secret.keys) if secret else None,
        objects=objects,
        overlays=places.overlays(root, entry, objects, platform.name),
        applications=places.applications(root, entry),
        files=places.files(root, entry, source),
        docs=places.docs(root, entry),
    )


def _traffic(pairs: Iterable[tuple[str, Link]]) -> tuple[Traffic, ...]:
    return tuple(
        Traffic(other=other, port=link.port.name, number=link.port.number, relation=link.relation)
        for other, link in pairs
    )
