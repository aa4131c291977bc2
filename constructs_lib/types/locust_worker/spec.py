"""What a component of type locust-worker is."""

from collections.abc import Mapping

from constructs_lib.component_type import POD, ComponentType
from constructs_lib.model import Catalogue, Component
from constructs_lib.resolved import ResolvedComponent, Surroundings, specialized
from constructs_lib.types.locust_master.spec import SETTINGS, LocustComponent


class LocustWorker(ComponentType):
    """Makes the load, once its master says so."""

    name = "locust-worker"
    takes = POD | {"probes"}
    scales = True

    def settings(self, catalogue: Catalogue, component: Component) -> Mapping[str, str]:
        """Where the load test is."""
        return SETTINGS

    def resolve(self, base: ResolvedComponent, around: Surroundings) -> ResolvedComponent:
        """The files of its master, whose ConfigMap it mounts."""
        masters = [one.provider for one in base.dependencies if one.port == "master"]
        return specialized(base, LocustComponent, scripts=around.catalogue.files(masters[0]) if masters else {})


TYPE = LocustWorker()
