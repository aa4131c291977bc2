"""HTTP services that are built from this repository."""

from constructs import Construct

from constructs_lib.parts.chart import ComponentChart
from constructs_lib.parts.config import env_config
from constructs_lib.parts.pod import PodOptions
from constructs_lib.parts.service import service
from constructs_lib.parts.storage import tmp
from constructs_lib.parts.workload import deployment
from constructs_lib.resolved import ResolvedComponent


class Microservice(ComponentChart):
    """ConfigMap, Deployment and Service, all from the catalogue's entry."""

    def __init__(self, scope: Construct, id_: str, *, component: ResolvedComponent) -> None:
        """A stopping pod drains before it ends."""
        super().__init__(scope, id_)
        env_vars = env_config(self, component)
        deployment(self, component, PodOptions(env_vars=env_vars, mounts=[tmp()], drains=True))
        service(self, component)


CONSTRUCT = Microservice
