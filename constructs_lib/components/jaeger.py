"""Jaeger."""

from constructs import Construct

from constructs_lib.catalogue.model import Component
from constructs_lib.parts.chart import ComponentChart
from constructs_lib.parts.config import config_map, env_config
from constructs_lib.parts.context import Context
from constructs_lib.parts.pod import PodOptions
from constructs_lib.parts.resource import resource
from constructs_lib.parts.service import service
from constructs_lib.parts.storage import Mount, tmp
from constructs_lib.parts.workload import deployment

FOLDER = "/etc/jaeger"


class Jaeger(ComponentChart):
    """All in one process, traces in memory: they are a developer's aid, not a record."""

    def __init__(self, scope: Construct, id_: str, *, component: Component, context: Context) -> None:
        """Exclusive: a second pod would take half of the traces."""
        super().__init__(scope, id_)
        files = config_map(self, component, "jaeger-files", {"config.yaml": resource("jaeger/config.yaml")})
        options = PodOptions(
            environment=env_config(self, component, context),
            args=[f"--config={FOLDER}/config.yaml"],
            mounts=[Mount(name="files", path=FOLDER, config=files), tmp()],
        )
        deployment(self, component, context, options, exclusive=True)
        service(self, component)
