"""The settings of Kafka brokers, by the names that their image knows."""

from collections.abc import Mapping

from constructs_lib.model import MOST_COPIES, Component

CLUSTER_ID = "CLUSTER_ID"
"""The setting of an entry that a volume is formatted with: base64 of 16 bytes."""
PREFIX = "KAFKA_"
CONTROLLER = "controller"
"""The port of an entry over which several brokers elect their controller."""
LOCAL_CONTROLLER = "localhost:9093"
"""Where the controller of a single broker is: nobody else asks it."""
OF_EACH_POD = frozenset({"KAFKA_ADVERTISED_LISTENERS", "KAFKA_NODE_ID", "POD_NAME"})
"""Variables that differ between several brokers, so that no ConfigMap has them."""
NOT_THE_BROKERS = frozenset({"KAFKA_HEAP_OPTS"})


def broker_settings(component: Component) -> dict[str, str]:
    """The properties that all brokers of the entry share, as the image's environment variables.

    The image writes them into server.properties.
    """
    data = component.storage.mount_path if component.storage else "/tmp"
    return {
        # A typing error in a topic's name must fail, and not make a topic with the wrong settings.
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        # Below the smallest memory limit of any overlay: page cache and direct buffers need room too.
        "KAFKA_HEAP_OPTS": "-Xms384m -Xmx384m",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        # A subdirectory: the volume's root may hold lost+found, which is no topic.
        "KAFKA_LOG_DIRS": f"{data}/logs",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        # Where the start scripts write their own logs.
        "LOG_DIR": "/tmp",
        **(_single(component) if component.replicas == 1 else _cluster(component)),
    }


def _single(component: Component) -> dict[str, str]:
    """A broker that is its own controller; clients reach it under the name of its Service."""
    port = component.port("kafka").number
    return {
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://{component.host}:{port}",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": f"1@{LOCAL_CONTROLLER}",
        "KAFKA_LISTENERS": f"PLAINTEXT://:{port},CONTROLLER://{LOCAL_CONTROLLER}",
        "KAFKA_NODE_ID": "1",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
    }


def _cluster(component: Component) -> dict[str, str]:
    """Brokers whose ids are the numbers of their pods: no volume of a single broker, whose id is 1, fits pod 0.

    A message is acknowledged when all copies but one have it, so that one broker may be away, or lost.
    """
    port, controller = component.port("kafka").number, component.port(CONTROLLER).number
    voters = (f"{n}@{component.name}-{n}.{component.host}:{controller}" for n in range(component.replicas))
    copies = min(component.replicas, MOST_COPIES)
    return {
        "KAFKA_CONTROLLER_QUORUM_VOTERS": ",".join(voters),
        "KAFKA_DEFAULT_REPLICATION_FACTOR": str(copies),
        "KAFKA_LISTENERS": f"PLAINTEXT://:{port},CONTROLLER://:{controller}",
        "KAFKA_MIN_INSYNC_REPLICAS": str(copies - 1),
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": str(copies),
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": str(copies - 1),
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": str(copies),
        # A broker that lacks acknowledged messages never becomes a leader.
        "KAFKA_UNCLEAN_LEADER_ELECTION_ENABLE": "false",
    }


def properties(settings: Mapping[str, str]) -> str:
    """What the image writes into server.properties for these variables."""
    lines = (
        f"{name.removeprefix(PREFIX).lower().replace('_', '.')}={value}\n"
        for name, value in sorted(settings.items())
        if name.startswith(PREFIX) and name not in NOT_THE_BROKERS
    )
    return "".join(lines)
