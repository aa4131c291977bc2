"""Kafka topics: a dead-letter topic is derived for each one that some component consumes."""

from dataclasses import replace

from constructs_lib.model import MOST_COPIES, Catalogue, Topic
from constructs_lib.types import type_of

DEAD_LETTER_SUFFIX = ".dlq"
DEAD_LETTER_RETENTION_MS = 14 * 24 * 3_600_000


def declared_topics(catalogue: Catalogue) -> tuple[Topic, ...]:
    """The topics that Kafka has to have, sorted by name, with a dead-letter topic for each consumed one.

    Their replication is a number.
    """
    consumed = {topic for component in catalogue.components for topic in component.consumes.values()}
    usual = min(max(brokers(catalogue), 1), MOST_COPIES)
    topics = [replace(topic, replication=topic.replication or usual) for topic in catalogue.topics]
    dead = (
        Topic(
            name=topic.name + DEAD_LETTER_SUFFIX,
            partitions=1,
            retention_ms=DEAD_LETTER_RETENTION_MS,
            replication=topic.replication,
        )
        for topic in topics
        if topic.name in consumed
    )
    return tuple(sorted((*topics, *dead), key=lambda topic: topic.name))


def brokers(catalogue: Catalogue) -> int:
    """Of the smallest Kafka cluster, as each gets all topics; 0 where there is none."""
    holders = (one for one in catalogue.components if type_of(one).holds == "topics")
    return min((one.replicas for one in holders), default=0)
