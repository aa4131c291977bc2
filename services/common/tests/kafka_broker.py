"""A broker that Kafka's own client library brings for tests: in this process, reached over TCP as a real one is."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from confluent_kafka import Producer


@contextmanager
def serve_kafka() -> Iterator[str]:
    """Its address; topics are made when they are first named, with four partitions each, and go with it."""
    host = Producer(
        {"bootstrap.servers": "none", "test.mock.num.brokers": 1, "logger": logging.getLogger("librdkafka")}
    )
    (broker,) = host.list_topics(timeout=20).brokers.values()
    yield f"{broker.host}:{broker.port}"
    host.flush(0)
