"""What a component of type ingress is."""

from collections.abc import Iterable
from dataclasses import dataclass

from constructs_lib.component_type import ComponentType, Implied
from constructs_lib.model import INGRESS_CONTROLLER, Catalogue, Component, Dependency, Route
from constructs_lib.resolved import Relation, ResolvedComponent, Surroundings, specialized


@dataclass(frozen=True, kw_only=True, slots=True)
class Backend:
    """A route, and the port of the Service that serves it."""

    component: str
    port: int
    route: Route


@dataclass(frozen=True, kw_only=True)
class IngressComponent(ResolvedComponent):
    """`public_host` serves the backends; those below `main_prefix` are in the Ingress without a suffix."""

    public_host: str
    main_prefix: str
    backends: tuple[Backend, ...]


class Ingress(ComponentType):
    """The platform's public entry point: one Ingress for each leading part of a path that is stripped."""

    name = "ingress"
    takes = frozenset()
    pods = False
    single = True
    makes = "routes"
    external = INGRESS_CONTROLLER

    def implies(self, catalogue: Catalogue, component: Component) -> Iterable[Implied]:
        """The controller connects to each component that has a route."""
        return [(Relation.ROUTES, Dependency(one.name, "http")) for one in catalogue.components if one.route]

    def resolve(self, base: ResolvedComponent, around: Surroundings) -> ResolvedComponent:
        """The routes of all components."""
        backends = tuple(
            Backend(component=link.provider.name, port=link.port.number, route=link.provider.route)
            for link in around.by_consumer.get(INGRESS_CONTROLLER, ())
            if isinstance(link.provider, Component) and link.provider.route
        )
        catalogue = around.catalogue
        return specialized(
            base,
            IngressComponent,
            public_host=catalogue.host,
            main_prefix=catalogue.main_prefix,
            backends=backends,
        )


TYPE = Ingress()
