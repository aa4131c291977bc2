"""Kafka."""

from constructs import Construct

from constructs_lib.catalogue.model import Component
from constructs_lib.parts.chart import ComponentChart
from constructs_lib.parts.config import env_config
from constructs_lib.parts.context import Context
from constructs_lib.parts.pod import PodOptions
from constructs_lib.parts.service import service
from constructs_lib.parts.storage import Mount, tmp
from constructs_lib.parts.workload import stateful_set

CONTROLLER_PORT = 9093
CLUSTER_ID = "Y2hhdGRiLWthZmthLTAwMQ"
"""Base64 of 16 bytes; fixed, since a volume that was formatted with another one is refused."""


def broker_settings(component: Component) -> dict[str, str]:
    """The broker's properties as the image's environment variables; it writes them into server.properties."""
    port = component.port("kafka").number
    data = component.storage.mount_path if component.storage else "/tmp"
    return {
        "CLUSTER_ID": CLUSTER_ID,
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://{component.host}:{port}",
        # A typing error in a topic's name must fail, and not make a topic with the wrong settings.
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": f"1@localhost:{CONTROLLER_PORT}",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        # Below the smallest memory limit of any overlay: page cache and direct buffers need room too.
        "KAFKA_HEAP_OPTS": "-Xms384m -Xmx384m",
        "KAFKA_LISTENERS": f"PLAINTEXT://:{port},CONTROLLER://localhost:{CONTROLLER_PORT}",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        # A subdirectory: the volume's root may hold lost+found, which is no topic.
        "KAFKA_LOG_DIRS": f"{data}/logs",
        "KAFKA_NODE_ID": "1",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        # Where the start scripts write their own logs.
        "LOG_DIR": "/tmp",
    }


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
