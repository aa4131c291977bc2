"""PostgreSQL."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

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
NONE: Mapping[str, str] = MappingProxyType({})


class Postgres(ComponentChart):
    """A single server whose data outlives it."""

    def __init__(self, scope: Construct, id_: str, *, component: ResolvedComponent) -> None:
        """Its Service has the one address of its pod."""
        super().__init__(scope, id_)
        server(self, component)
        service(self, component, headless=True)


def server(
    scope: Construct, component: ResolvedComponent, *, settings: Sequence[str] = (), labels: Mapping[str, str] = NONE
) -> None:
    """Make the StatefulSet and its ConfigMaps; `settings` are those of the server besides, `labels` of its pod alone.

    Data lies in a subdirectory: the volume's root may hold lost+found, which initdb refuses.
    """
    env_vars = env_config(scope, component)
    name = "postgresql.conf"
    files = config_map(scope, component, "postgres-files", {name: own_file(__name__, name)})
    mounts = [
        Mount(name="files", path=CONFIG_PATH, config=files),
        Mount(name="run", path="/var/run/postgresql", scratch="16Mi"),
        tmp(),
    ]
    if component.storage:
        mounts.append(Mount(name=component.storage.claim, path=component.storage.mount_path))
    every = (f"config_file={CONFIG_PATH}/postgresql.conf", *settings)
    args = [part for setting in every for part in ("-c", setting)]
    stateful_set(scope, component, PodOptions(env_vars=env_vars, labels=labels, mounts=mounts, args=args))


CONSTRUCT = Postgres
