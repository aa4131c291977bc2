"""What a component is told: the ConfigMap that its settings, topics and links give."""

from collections.abc import Iterator, Mapping

from constructs_lib.catalogue.graph import Link, Locate, in_cluster, links_from
from constructs_lib.catalogue.model import Catalogue, Component


def variables(
    catalogue: Catalogue, component: Component, locate: Locate = in_cluster
) -> Iterator[tuple[str, str, str]]:
    """(name, value, where it comes from) of each environment variable; a name that comes twice is a problem."""
    for origin, values in (
        ("settings", component.settings),
        ("produces", component.produces),
        ("consumes", component.consumes),
    ):
        for name, value in values.items():
            yield name, value, origin
    for link in links_from(catalogue, component.name):
        address = locate(link)
        if not link.relation.informs or not address:
            continue
        for name, template in _told(component, link).items():
            yield name, template.format(host=address[0], port=address[1]), f"{link.provider.name}:{link.port.name}"


def _told(component: Component, link: Link) -> Mapping[str, str]:
    """The port's variables: those for an administrator go to who shares a secret of the provider."""
    owners = {source.partition("/")[0] for source in component.shared_secrets.values()}
    return {**link.port.env, **link.port.admin_env} if link.provider.name in owners else link.port.env


def settings(catalogue: Catalogue, component: Component, locate: Locate = in_cluster) -> dict[str, str]:
    """The data of the component's ConfigMap, sorted by key."""
    return dict(sorted((name, value) for name, value, _ in variables(catalogue, component, locate)))
