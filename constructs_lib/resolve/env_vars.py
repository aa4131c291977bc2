"""Environment variables of a component: its settings, its topics, what its type and its links give."""

from collections.abc import Iterable, Iterator, Mapping

from constructs_lib.model import Catalogue, Component
from constructs_lib.resolved import EnvVar, Link, Locate
from constructs_lib.types import type_of


def env_vars(catalogue: Catalogue, component: Component, links: Iterable[Link], locate: Locate) -> Iterator[EnvVar]:
    """Each with where it comes from; a name that comes twice with two values is a problem. `links` are its own."""
    for origin, values in (
        ("settings", component.settings),
        ("produces", component.produces),
        ("consumes", component.consumes),
        ("buckets", {one.variable: one.bucket for one in component.buckets if one.variable}),
        (f"type {component.type}", type_of(component).settings(catalogue, component)),
    ):
        for name, value in values.items():
            yield EnvVar(name=name, value=value, origin=origin)
    for link in links:
        address = locate(link)
        if not link.relation.informs or not address:
            continue
        for name, template in _templates(component, link).items():
            value = template.format(host=address[0], port=address[1])
            yield EnvVar(name=name, value=value, origin=f"{link.provider.name}:{link.port.name}")


def _templates(component: Component, link: Link) -> Mapping[str, str]:
    """The port's variables: those for an administrator go to who shares a secret of the provider."""
    owners = {source.partition("/")[0] for source in component.shared_secrets.values()}
    return {**link.port.env, **link.port.admin_env} if link.provider.name in owners else link.port.env
