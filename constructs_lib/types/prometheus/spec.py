"""What a component of type prometheus is."""

from collections.abc import Iterable
from dataclasses import dataclass

from constructs_lib.component_type import SERVER, ComponentType, Implied
from constructs_lib.model import Catalogue, Component, Dependency
from constructs_lib.resolved import Relation, ResolvedComponent, Surroundings, specialized


@dataclass(frozen=True, kw_only=True)
class PrometheusComponent(ResolvedComponent):
    """`targets` are the addresses of what it scrapes, `namespaces` those whose pods it lists."""

    targets: tuple[str, ...]
    namespaces: tuple[str, ...]


class Prometheus(ComponentType):
    """Scrapes the services twice over, as the specification says: by address, and by pod annotation."""

    name = "prometheus"
    takes = SERVER | {"access"}
    ports = ("prometheus",)
    probes = True
    single = True
    api = True

    def implies(self, catalogue: Catalogue, component: Component) -> Iterable[Implied]:
        """It connects to each port with metrics."""
        return [(Relation.SCRAPES, Dependency(one.name, one.metrics)) for one in catalogue.components if one.metrics]

    def resolve(self, base: ResolvedComponent, around: Surroundings) -> ResolvedComponent:
        """The address of every scraped port, and the namespaces whose pods it may list."""
        scraped = [link for link in around.by_consumer.get(base.name, ()) if link.relation is Relation.SCRAPES]
        targets = tuple(f"{link.provider.name}.{link.provider.namespace}:{link.port.number}" for link in scraped)
        namespaces = tuple(dict.fromkeys(str(rule.namespace) for rule in base.access))
        return specialized(base, PrometheusComponent, targets=targets, namespaces=namespaces)


TYPE = Prometheus()
