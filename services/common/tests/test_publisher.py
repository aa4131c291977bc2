"""How the producer is told to send."""

from typing import Any

from confluent_kafka import Producer

from chatdb_common.publisher import Publisher


def test_a_message_that_is_waited_for_does_not_linger() -> None:
    """Who publishes waits until Kafka has it, so nothing is held back for others to come along."""
    told: dict[str, Any] = {}

    def connect(config: dict[str, Any]) -> Producer:
        told.update(config)
        return Producer(config)

    Publisher("127.0.0.1:1", connect=connect)
    assert told["linger.ms"] == 0
    assert (told["acks"], told["enable.idempotence"]) == ("all", True)
