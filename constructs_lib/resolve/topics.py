"""Kafka topics: a dead-letter topic is derived for each one that some component consumes."""

from constructs_lib.model import Catalogue, Topic

DEAD_LETTER_SUFFIX = ".dlq"
DEAD_LETTER_RETENTION_MS = 14 * 24 * 3_600_000


def declared_topics(catalogue: Catalogue) -> tuple[Topic, ...]:
    """The topics that Kafka has to have, sorted by name, with a dead-letter topic for each consumed one."""
    consumed = {topic for component in catalogue.components for topic in component.consumes.values()}
    dead = (
        Topic(
            name=topic.name + DEAD_LETTER_SUFFIX,
            partitions=1,
            retention_ms=DEAD_LETTER_RETENTION_MS,
            replication=topic.replication,
        )
        for topic in catalogue.topics
        if topic.name in consumed
    )
    return tuple(sorted((*catalogue.topics, *dead), key=lambda topic: topic.name))
