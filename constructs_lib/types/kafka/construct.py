"""Kafka."""

from constructs import Construct

from constructs_lib.parts.chart import ComponentChart
from constructs_lib.parts.config import env_config
from constructs_lib.parts.pod import PodOptions
from constructs_lib.parts.service import service
from constructs_lib.parts.storage import Mount, tmp
from constructs_lib.parts.workload import stateful_set
from constructs_lib.resolved import ResolvedComponent


class Kafka(ComponentChart):
    """One broker that is its own controller (KRaft combined mode)."""

    def __init__(self, scope: Construct, id_: str, *, component: ResolvedComponent) -> None:
        """The image writes its configuration at the start, hence the scratch volume over it."""
        super().__init__(scope, id_)
        env_vars = env_config(self, component)
        mounts = [Mount(name="config", path="/opt/kafka/config", scratch="16Mi"), tmp("256Mi")]
        if component.storage:
            mounts.append(Mount(name=component.storage.claim, path=component.storage.mount_path))
        stateful_set(self, component, PodOptions(env_vars=env_vars, mounts=mounts))
        # The broker looks itself up under its advertised name before it is ready.
        service(self, component, headless=True, publish_not_ready=True)


CONSTRUCT = Kafka
