"""Kafka has the topics as the catalogue declares them."""

import os
from collections.abc import Mapping
from dataclasses import fields

import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType

from integration_tests.connections import How, Survey
from integration_tests.matrix import Matrix, Topic
from integration_tests.outcome import Permanent

SECONDS = 20
LOG_ERRORS = 3
"""As syslog numbers them."""


@pytest.fixture(scope="module")
def existing_topics(matrix: Matrix, survey: Survey) -> Mapping[str, Topic]:
    """All topics of the matrix that are there, by name."""
    address = os.environ["KAFKA_BOOTSTRAP_SERVERS"]
    closed = [edge.name for edge in matrix.edges if edge.address == address and survey.edges[edge.name] is not How.OPEN]
    if closed:
        pytest.skip(f"{closed[0]} is {survey.edges[closed[0]]}: see its edge")
    # What librdkafka has to say below an error would come between a test and its outcome.
    admin = AdminClient({"bootstrap.servers": address, "socket.timeout.ms": SECONDS * 1000, "log_level": LOG_ERRORS})
    try:
        there = admin.list_topics(timeout=SECONDS).topics
        names = [topic.name for topic in matrix.topics if topic.name in there]
        asked = admin.describe_configs(
            [ConfigResource(ResourceType.TOPIC, name) for name in names], request_timeout=SECONDS
        )
        configs = {resource.name: future.result(SECONDS) for resource, future in asked.items()}
    except (KafkaException, TimeoutError) as error:
        pytest.fail(f"Kafka at {address} does not answer: {error}", pytrace=False)
    return {
        name: Topic(
            name=name,
            partitions=len(there[name].partitions),
            replication=min(len(one.replicas) for one in there[name].partitions.values()),
            retention_ms=int(configs[name]["retention.ms"].value),
        )
        for name in names
    }


def test_topic(topic: Topic, existing_topics: Mapping[str, Topic]) -> None:
    """Partitions, replicas and retention."""
    there = existing_topics.get(topic.name)
    if there is None:
        raise Permanent(f"there is no topic {topic.name}: delete the Job that makes topics, and it runs again")
    wrong = [
        f"{field.name} {getattr(there, field.name)}, declared is {getattr(topic, field.name)}"
        for field in fields(Topic)
        if getattr(there, field.name) != getattr(topic, field.name)
    ]
    if wrong:
        raise Permanent(f"topic {topic.name} has {'; '.join(wrong)}")
