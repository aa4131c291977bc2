"""What a component of type microservice is."""

from constructs_lib.component_type import SERVER, ComponentType
from constructs_lib.model import Component


class Microservice(ComponentType):
    """ConfigMap, Deployment and Service, all from the catalogue's entry."""

    name = "microservice"
    takes = SERVER | {"route", "metrics", "schema", "ready_without", "autoscale", "autoscaled"}
    ports = ("http",)
    probes = True
    scales = True
    drains = True
    tested = True

    def readiness_name(self, component: Component) -> str:
        """A service is called by its own name."""
        return component.name


TYPE = Microservice()
