"""The settings of the Kafka broker, by the names that its image knows."""

from collections.abc import Mapping

CLUSTER_ID = "CLUSTER_ID"
"""The setting of an entry that a volume is formatted with: base64 of 16 bytes."""
PREFIX = "KAFKA_"
CONTROLLER_PORT = 9093
NOT_THE_BROKERS = frozenset({"KAFKA_HEAP_OPTS"})


def broker_settings(host: str, port: int, data: str) -> dict[str, str]:
    """The broker's properties as the image's environment variables; it writes them into server.properties.

    Clients reach it at `host` and `port`; `data` is the folder of its volume.
    """
    return {
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://{host}:{port}",
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


def properties(settings: Mapping[str, str]) -> str:
    """What the image writes into server.properties for these variables."""
    lines = (
        f"{name.removeprefix(PREFIX).lower().replace('_', '.')}={value}\n"
        for name, value in sorted(settings.items())
        if name.startswith(PREFIX) and name not in NOT_THE_BROKERS
    )
    return "".join(lines)
