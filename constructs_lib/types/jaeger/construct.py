"""Jaeger."""

from constructs import Construct

from constructs_lib.component_type import own_file
from constructs_lib.parts.chart import ComponentChart
from constructs_lib.parts.config import config_map, env_config
from constructs_lib.parts.pod import PodOptions
from constructs_lib.parts.service import service
from constructs_lib.parts.storage import Mount, tmp
from constructs_lib.parts.workload import deployment
from constructs_lib.resolved import ResolvedComponent

FOLDER = "/etc/jaeger"


class Jaeger(ComponentChart):
    """All in one process, traces in memory: they are a developer's aid, not a record."""

    def __init__(self, scope: Construct, id_: str, *, component: ResolvedComponent) -> None:
        """Exclusive: a second pod would take half of the traces."""
        super().__init__(scope, id_)
        files = config_map(self, component, "jaeger-files", {"config.yaml": own_file(__name__, "config.yaml")})
        options = PodOptions(
            env_vars=env_config(self, component),
            args=[f"--config={FOLDER}/config.yaml"],
            mounts=[Mount(name="files", path=FOLDER, config=files), tmp()],
        )
        deployment(self, component, options, exclusive=True)
        service(self, component)


CONSTRUCT = Jaeger
