"""Messages to Kafka: acknowledged by all replicas, in order, and never twice by a retry of the client."""

import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer
from prometheus_client import Counter

from chatdb_common import telemetry
from chatdb_common.logs import get_logger
from chatdb_common.messages import Message as ChatDBMessage

DELIVERY_SECONDS = 10.0
"""For messages of the work beside requests: a job is worth more than a short outage of Kafka."""
SPARE_SECONDS = 0.5
"""A message is given up so much before nobody waits for it any more: it is not sent after its sender has heard no."""
METADATA_SECONDS = 1.5
NO_ANSWER = "no answer from Kafka"
# After an outage the way back is short; the default waits for ten seconds between tries.
CONNECTION: Mapping[str, Any] = {
    "reconnect.backoff.ms": 250,
    "reconnect.backoff.max.ms": 2_000,
    "logger": logging.getLogger("librdkafka"),
}
MESSAGES = Counter("kafka_producer_messages_total", "Messages by what became of them", ["topic", "outcome"])
log = get_logger(__name__)


class PublishError(Exception):
    """Kafka did not take all of the records; the first `delivered` of them are there, later ones may be, too."""

    def __init__(self, reason: str, delivered: int) -> None:
        """`reason` in Kafka's words."""
        super().__init__(reason)
        self.delivered = delivered


class TooLarge(PublishError):
    """Kafka will never take the first record that is missing: it is no use to try again."""


@dataclass(frozen=True)
class Record:
    """One message as it goes over the wire."""

    topic: str
    key: str | None
    value: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def record(topic: str, message: ChatDBMessage) -> Record:
    """The message under its own key, in the current trace."""
    value = message.model_dump_json(by_alias=True).encode()
    return Record(topic, message.key(), value, telemetry.inject())


class Publisher:
    """A producer that says when messages are safe; to be shared by threads."""

    def __init__(
        self,
        bootstrap: str,
        *,
        seconds: float = DELIVERY_SECONDS,
        connect: Callable[[dict[str, Any]], Producer] = Producer,
    ) -> None:
        """Connects by itself, later; a broker that is missing is no error here. `seconds` are for one `publish`."""
        self._connect = connect
        self._seconds = seconds
        self._config = {
            "bootstrap.servers": bootstrap,
            "acks": "all",
            "enable.idempotence": True,
            # Whoever publishes waits for it: what comes meanwhile goes together anyway.
            "linger.ms": 0,
            "delivery.timeout.ms": int(1000 * (seconds - SPARE_SECONDS)),
            **CONNECTION,
        }
        self._producer = connect(self._config)

    def publish(self, records: Sequence[Record]) -> None:
        """Return when Kafka has them all; PublishError otherwise, when their time is over at the latest."""
        sendings = [telemetry.Sending(one.topic, one.headers) for one in records]
        outcomes = self._send(records, [sending.headers for sending in sendings])
        for one, sending, outcome in zip(records, sendings, outcomes, strict=True):
            delivered = outcome is True
            sending.end(None if delivered else str(outcome or NO_ANSWER))
            MESSAGES.labels(one.topic, "delivered").inc(delivered)
            MESSAGES.labels(one.topic, "failed").inc(not delivered)
        self._raise_for(outcomes)

    def _send(self, records: Sequence[Record], all_headers: Sequence[Mapping[str, str]]) -> Sequence[KafkaError | bool]:
        """What became of each: True where Kafka has it, False where it did not say."""
        producer = self._producer
        outcomes: list[KafkaError | bool] = [False] * len(records)
        deadline = time.monotonic() + self._seconds
        for number, (one, texts) in enumerate(zip(records, all_headers, strict=True)):
            headers = [(name, value.encode()) for name, value in texts.items()]
            key = None if one.key is None else one.key.encode()
            try:
                _produce(producer, one.topic, one.value, key, headers, partial(_note, outcomes, number), deadline)
            except KafkaException as error:
                # In their order: what comes after it is not sent.
                outcomes[number:] = [error.args[0]] * (len(records) - number)
                break
        while False in outcomes and time.monotonic() < deadline:
            producer.poll(0.05)
        return outcomes

    def _raise_for(self, outcomes: Sequence[KafkaError | bool]) -> None:
        failed = [number for number, outcome in enumerate(outcomes) if outcome is not True]
        if not failed:
            return
        if any(isinstance(outcome, KafkaError) and outcome.fatal() for outcome in outcomes):
            # An idempotent producer that lost its place in the sequence never sends again.
            self._producer = self._connect(self._config)
        outcome = outcomes[failed[0]]
        if not isinstance(outcome, KafkaError):
            raise PublishError(NO_ANSWER, failed[0])
        large = outcome.code() == KafkaError.MSG_SIZE_TOO_LARGE
        raise (TooLarge if large else PublishError)(str(outcome), failed[0])

    def check(self, topics: Collection[str]) -> None:
        """Raise where Kafka does not answer soon, or lacks one of the topics."""
        try:
            existing = self._producer.list_topics(timeout=METADATA_SECONDS).topics
        except KafkaException as error:
            raise ConnectionError(f"Kafka does not answer: {error.args[0]}") from None
        missing = sorted(set(topics) - set(existing))
        if missing:
            raise LookupError(f"topics are missing: {', '.join(missing)}")

    def close(self) -> None:
        """Send what is under way."""
        if self._producer.flush(5):
            log.warning("messages were not sent before the end")


def _produce(
    producer: Producer,
    topic: str,
    value: bytes,
    key: bytes | None,
    headers: list[tuple[str, bytes]],
    note: Callable[[KafkaError | None, Message], None],
    deadline: float,
) -> None:
    """Queue one message, and wait where the queue is full; KafkaException where it still is at the deadline."""
    while True:
        try:
            producer.produce(topic, value=value, key=key, headers=list(headers), on_delivery=note)
        except BufferError:
            if time.monotonic() > deadline:
                raise KafkaException(KafkaError(KafkaError._QUEUE_FULL)) from None  # noqa: SLF001 - its only name
            producer.poll(0.1)
        else:
            return


def _note(outcomes: list[KafkaError | bool], number: int, error: KafkaError | None, _message: Message) -> None:
    outcomes[number] = True if error is None else error
