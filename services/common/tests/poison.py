"""Messages that no consumer can work with, as bytes on a broker, and what was put aside of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from confluent_kafka import Consumer, Message, Producer, TopicPartition

from chatdb_common.dead_letters import DEAD_LETTER_SUFFIX, text_headers

SECONDS = 60
UNREADABLE: Sequence[bytes | None] = (
    None,
    b"",
    b"\0",
    b"{",
    b"[]",
    b"{}",
    b"null",
    b'{"message_id": "\xff\xfe"}',
    b'{"message_id": "\\ud800"}',
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b"9" * 900_000,
)
"""Of any topic; a message without a value is what a compacted topic has in place of a deleted one."""


@dataclass(frozen=True)
class Letter:
    """A message of a dead letter topic."""

    key: bytes | None
    value: bytes
    headers: Mapping[str, str]

    @property
    def reason(self) -> str:
        """Why it was put aside."""
        return self.headers["x-reason"]


def send(kafka: str, topic: str, values: Iterable[bytes | None]) -> None:
    """To one partition, in their order, with a key and a trace that are no text."""
    producer = Producer({"bootstrap.servers": kafka})
    for value in values:
        producer.produce(
            topic, value, b"\xff\xfe", partition=0, headers=[("traceparent", b"\xff\xfe"), ("nothing", None)]
        )
    assert producer.flush(SECONDS) == 0


def letters(kafka: str, topic: str) -> list[Letter]:
    """All that was put aside of a topic, in its order: they have the same key."""
    messages = _read(kafka, topic + DEAD_LETTER_SUFFIX)
    return [Letter(one.key(), one.value() or b"", text_headers(one)) for one in messages]


def values(kafka: str, topic: str) -> list[bytes]:
    """The values of a topic."""
    return [message.value() or b"" for message in _read(kafka, topic)]


def _read(kafka: str, topic: str) -> list[Message]:
    reader = Consumer({"bootstrap.servers": kafka, "group.id": "reader", "enable.auto.commit": False})
    try:
        numbers = reader.list_topics(topic, timeout=SECONDS).topics[topic].partitions
        places = [TopicPartition(topic, number, 0) for number in numbers]
        count = sum(reader.get_watermark_offsets(place, timeout=SECONDS)[1] for place in places)
        reader.assign(places)
        messages = reader.consume(count, timeout=SECONDS) if count else []
        assert [message.error() for message in messages] == [None] * count
        return messages
    finally:
        reader.close()
