"""Three real brokers with the properties of their manifests: what is acknowledged outlives its leader."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from constructs_lib.types.kafka.broker import CLUSTER_ID, broker_settings, properties
from tests.local.brokers import BIN, TOOLS, Brokers, kill_leader, lost, messenger, three_brokers
from tests.three_brokers import CLUSTER, KAFKA

TOPIC = "queries"
MOST_SECONDS = 60
"""Without an acknowledged message: a controller gives up a broker that it does not hear after nine seconds."""


@pytest.fixture(scope="module")
def brokers(kafka_installed: None) -> Iterator[Brokers]:
    """The cluster, with a topic that has one copy of each message, and then three."""
    with three_brokers() as made:
        made.topics((TOPIC, 1, 1))
        yield made


def test_leader_dies(brokers: Brokers) -> None:
    """The topics Job makes the copies that are lacking; no acknowledged message is lost with a leader."""
    assert "its 3 replicas are being made" in brokers.topics((TOPIC, 1, 3))
    brokers.wait_whole(TOPIC)
    with messenger(brokers) as sender:
        _, seconds = kill_leader(brokers, sender, TOPIC)
    assert lost(sender) == set()
    assert seconds < MOST_SECONDS


def test_volume_of_a_single_broker(kafka_installed: None, tmp_path: Path) -> None:
    """It is refused by a broker of a cluster, and stays as it is."""
    logs = tmp_path / "logs"
    single = broker_settings(KAFKA) | {"KAFKA_LOG_DIRS": str(logs)}
    cluster = broker_settings(CLUSTER) | {"KAFKA_LOG_DIRS": str(logs), "KAFKA_NODE_ID": "0"}

    def formatted(settings: dict[str, str], *options: str) -> subprocess.CompletedProcess[str]:
        """What the image does before it starts a broker."""
        (tmp_path / "server.properties").write_text(properties(settings))
        line = [str(BIN / "kafka-storage.sh"), "format", "--cluster-id", KAFKA.settings[CLUSTER_ID], *options]
        line += ["--config", str(tmp_path / "server.properties")]
        env_vars = TOOLS | {"LOG_DIR": str(tmp_path)}
        return subprocess.run(line, env=env_vars, capture_output=True, text=True, timeout=60, check=False)

    assert formatted(single).returncode == 0
    before = {path: path.read_bytes() for path in logs.iterdir() if path.is_file()}
    refused = formatted(cluster, "--ignore-formatted")
    assert refused.returncode == 1
    assert "Stored node id 1 doesn't match previous node id 0" in refused.stderr
    assert {path: path.read_bytes() for path in logs.iterdir() if path.is_file()} == before
