"""Kafka."""

from constructs import Construct

from constructs_lib.catalogue.model import Component
from constructs_lib.components.broker import broker_settings
from constructs_lib.parts.chart import ComponentChart
from constructs_lib.parts.config import env_config
from constructs_lib.parts.context import Context
from constructs_lib.parts.pod import PodOptions
from constructs_lib.parts.service import service
from constructs_lib.parts.storage import Mount, tmp
from constructs_lib.parts.workload import stateful_set


class Kafka(ComponentChart):
    """One broker that is its own controller (KRaft combined mode)."""

    def __init__(self, scope: Construct, id_: str, *, component: Component, context: Context) -> None:
        """The image writes its configuration at the start, hence the scratch volume over it."""
        super().__init__(scope, id_)
        environment = env_config(self, component, context, broker_settings(component))
        mounts = [Mount(name="config", path="/opt/kafka/config", scratch="16Mi"), tmp("256Mi")]
        if component.storage:
            mounts.append(Mount(name=component.storage.claim, path=component.storage.mount_path))
        stateful_set(self, component, context, PodOptions(environment=environment, mounts=mounts))
        # The broker looks itself up under its advertised name before it is ready.
        service(self, component, headless=True, publish_not_ready=True)
