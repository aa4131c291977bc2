"""ChatDB's own services."""

from constructs import Construct

from constructs_lib.catalogue.model import Component
from constructs_lib.parts.chart import ComponentChart
from constructs_lib.parts.config import env_config
from constructs_lib.parts.context import Context
from constructs_lib.parts.pod import PodOptions
from constructs_lib.parts.service import service
from constructs_lib.parts.storage import tmp
from constructs_lib.parts.workload import deployment


class Microservice(ComponentChart):
    """ConfigMap, Deployment and Service, all from the catalogue's entry."""

    def __init__(self, scope: Construct, id_: str, *, component: Component, context: Context) -> None:
        """A stopping pod drains before it ends."""
        super().__init__(scope, id_)
        environment = env_config(self, component, context)
        deployment(self, component, context, PodOptions(environment=environment, mounts=[tmp()], drains=True))
        service(self, component)
