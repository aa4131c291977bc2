"""What a component is told: the ConfigMap that its settings, topics and links give."""

from collections.abc import Iterator

from constructs_lib.catalogue.graph import links_from
from constructs_lib.catalogue.model import Catalogue, Component


def variables(catalogue: Catalogue, component: Component) -> Iterator[tuple[str, str, str]]:
    """(name, value, where it comes from) of each environment variable; a name that comes twice is a problem."""
    for origin, values in (
        ("settings", component.settings),
        ("produces", component.produces),
        ("consumes", component.consumes),
    ):
        for name, value in values.items():
            yield name, value, origin
    for link in links_from(catalogue, component.name):
        if not link.relation.informs:
            continue
        for name, template in link.port.env.items():
            value = template.format(host=link.provider.host, port=link.port.number)
            yield name, value, f"{link.provider.name}:{link.port.name}"


def settings(catalogue: Catalogue, component: Component) -> dict[str, str]:
    """The data of the component's ConfigMap, sorted by key."""
    return dict(sorted((name, value) for name, value, _ in variables(catalogue, component)))
