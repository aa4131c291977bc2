"""From the name of a component to everything that is derived from its entry."""

from collections.abc import Iterable
from difflib import get_close_matches

from chatdb.explain import places
from chatdb.explain.model import Bucket, Explanation, Secret, Traffic, Variable
from chatdb.explain.sources import Sources
from constructs_lib.resolved import Link, ResolvedComponent, ResolvedPlatform


def find(platform: ResolvedPlatform, name: str) -> ResolvedComponent:
    """The component of that name; KeyError that says which there are, or come close, where there is none."""
    names = sorted(component.name for component in platform.components)
    if name in names:
        return platform.component(name)
    close = get_close_matches(name, names)
    advice = f"did you mean {' or '.join(close)}?" if close else f"there are: {', '.join(names)}"
    raise KeyError(f"no component {name}; {advice}")


def explain(sources: Sources, platform: ResolvedPlatform, component: ResolvedComponent) -> Explanation:
    """Facts from the platform, which is that of the sources' environment; places from the committed files."""
    catalogue = platform.catalogue
    entry = catalogue.component(component.name)
    source = catalogue.image(entry).source if entry.image else None
    objects = places.objects(sources, entry, platform.name)
    return Explanation(
        name=component.name,
        type=component.type,
        tier=component.tier,
        wave=component.wave,
        namespace=component.namespace,
        entry=places.entry(sources, entry),
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
        buckets=tuple(Bucket(name=own.bucket, write=own.write) for own in entry.buckets),
        secrets=tuple(Secret(name=secret.name, keys=secret.keys) for secret in component.secrets),
        objects=objects,
        overlays=places.overlays(sources, entry, objects, platform.name),
        applications=sources.applications(entry.tier),
        files=places.files(sources.root, entry, source),
        docs=places.docs(sources, entry),
    )


def _traffic(pairs: Iterable[tuple[str, Link]]) -> tuple[Traffic, ...]:
    return tuple(
        Traffic(other=other, port=link.port.name, number=link.port.number, relation=link.relation)
        for other, link in pairs
    )
