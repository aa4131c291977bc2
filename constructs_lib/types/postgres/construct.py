"""PostgreSQL."""

from constructs import Construct

from constructs_lib.component_type import own_file
from constructs_lib.parts.chart import ComponentChart
from constructs_lib.parts.config import config_map, env_config
from constructs_lib.parts.pod import PodOptions
from constructs_lib.parts.service import service
from constructs_lib.parts.storage import Mount, tmp
from constructs_lib.parts.workload import stateful_set
from constructs_lib.resolved import ResolvedComponent

CONFIG_PATH = "/etc/postgresql"


class Postgres(ComponentChart):
    """A single server whose data outlives it."""

    def __init__(self, scope: Construct, id_: str, *, component: ResolvedComponent) -> None:
        """Data lies in a subdirectory: the volume's root may hold lost+found, which initdb refuses."""
        super().__init__(scope, id_)
        env_vars = env_config(self, component)
        name = "postgresql.conf"
        files = config_map(self, component, "postgres-files", {name: own_file(__name__, name)})
        mounts = [
            Mount(name="files", path=CONFIG_PATH, config=files),
            Mount(name="run", path="/var/run/postgresql", scratch="16Mi"),
            tmp(),
        ]
        if component.storage:
            mounts.append(Mount(name=component.storage.claim, path=component.storage.mount_path))
        options = PodOptions(
            env_vars=env_vars, mounts=mounts, args=["-c", f"config_file={CONFIG_PATH}/postgresql.conf"]
        )
        stateful_set(self, component, options)
        service(self, component, headless=True)


CONSTRUCT = Postgres
