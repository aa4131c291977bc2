"""PostgreSQL."""

from constructs import Construct

from constructs_lib.catalogue.model import Component
from constructs_lib.parts.chart import ComponentChart
from constructs_lib.parts.config import config_map, env_config
from constructs_lib.parts.context import Context
from constructs_lib.parts.pod import PodOptions
from constructs_lib.parts.resource import resource
from constructs_lib.parts.service import service
from constructs_lib.parts.storage import Mount, tmp
from constructs_lib.parts.workload import stateful_set

CONFIG_PATH = "/etc/postgresql"


class Postgres(ComponentChart):
    """A single server whose data outlives it."""

    def __init__(self, scope: Construct, id_: str, *, component: Component, context: Context) -> None:
        """Data lies in a subdirectory: the volume's root may hold lost+found, which initdb refuses."""
        super().__init__(scope, id_)
        environment = env_config(self, component, context)
        files = config_map(self, component, "postgres-files", {"postgresql.conf": resource("postgres/postgresql.conf")})
        mounts = [
            Mount(name="files", path=CONFIG_PATH, config=files),
            Mount(name="run", path="/var/run/postgresql", scratch="16Mi"),
            tmp(),
        ]
        if component.storage:
            mounts.append(Mount(name=component.storage.claim, path=component.storage.mount_path))
        options = PodOptions(
            environment=environment, mounts=mounts, args=["-c", f"config_file={CONFIG_PATH}/postgresql.conf"]
        )
        stateful_set(self, component, context, options)
        service(self, component, headless=True)
