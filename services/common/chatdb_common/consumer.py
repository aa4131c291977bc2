"""Messages from Kafka: each one is handled at least once, and its offset is committed after its effect."""

import json
from collections.abc import Callable, Mapping
from concurrent.futures import wait
from typing import Any, Generic, TypeVar

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka import Message as KafkaMessage
from prometheus_client import Counter, Gauge, Histogram
from pydantic import ValidationError

from chatdb_common import dead_letters, telemetry
from chatdb_common.failpoints import failpoint
from chatdb_common.logs import get_logger
from chatdb_common.messages import Message
from chatdb_common.publisher import CONNECTION, Publisher, PublishError, Record, TooLarge
from chatdb_common.settings import KafkaSettings
from chatdb_common.workers import STUCK_SECONDS, Worker, background, pause

ATTEMPTS = 5
# How long a handler may take before its partitions are paused and the group is told that the member lives.
PATIENCE_SECONDS = 0.5
DONE, DEAD_LETTER = "done", "dead_letter"
# A handler may train a model.
BUCKETS = (0.005, 0.025, 0.1, 0.5, 1, 5, 15, 60, 300, 900)
LAG = Gauge("kafka_consumer_lag_messages", "Messages that wait in partitions of this member", ["topic", "partition"])
MESSAGES = Counter("kafka_consumer_messages_total", "Messages that were dealt with", ["topic", "outcome"])
RETRIES = Counter("kafka_consumer_retries_total", "Tries that failed and were followed by another", ["topic"])
SECONDS = Histogram(
    "kafka_consumer_message_duration_seconds", "How long tries of handlers took", ["topic"], buckets=BUCKETS
)
log = get_logger(__name__)
M = TypeVar("M", bound=Message)


class ConsumerWorker(Worker, Generic[M]):
    """Reads one topic with the service's group, and gives each message to a handler.

    What the handler raises decides: an error in `transient` (a dependency that is down) is tried again until it works;
    any other error `attempts` times, and then the message goes to `<topic>.dlq` with the reason. A message that cannot
    be read goes there at once. A handler must be idempotent, and may take as long as it needs; one that takes long
    watches `stopping` and raises when it is set: the message is not committed then, and comes again.

    Its sign of life is a poll that has returned, also while a handler works: that runs in a thread beside the loop.
    """

    sign = "polled"

    def __init__(
        self,
        *,
        settings: KafkaSettings,
        topic: str,
        model: type[M],
        handle: Callable[[M], None],
        publisher: Publisher,
        transient: tuple[type[Exception], ...] = (),
        attempts: int = ATTEMPTS,
        connect: Callable[[dict[str, Any]], Consumer] = Consumer,
    ) -> None:
        """Connects in its own thread."""
        super().__init__(f"consumer of {topic}")
        self._topic = topic
        self._model = model
        self._handle = handle
        self._publisher = publisher
        self._transient = (*transient, PublishError)
        self._attempts = attempts
        self._connect = connect
        self._config = _config(settings)
        self._client: Consumer | None = None
        # An alert on the first one needs the zero before it, and so does a rate of the first few.
        for outcome in (DONE, DEAD_LETTER):
            MESSAGES.labels(topic, outcome)
        RETRIES.labels(topic)
        SECONDS.labels(topic)

    def begin(self) -> None:
        """No sign of life: a consumer that can't even connect polls nothing."""

    def step(self) -> None:
        """At most one message."""
        client = self._connected()
        message = client.poll(1.0)
        self.beat()
        if message is None:
            return
        error = message.error()
        if error is not None:
            raise KafkaException(error)
        try:
            outcome = self._outcome(client, message)
        except Exception:
            # The client is past this message already: the next one would be committed, and this one lost.
            self.close()
            raise
        if outcome is None:
            # The end came first: whoever gets the partition starts with this message.
            return
        MESSAGES.labels(self._topic, outcome).inc()
        failpoint("message-handled")
        self._commit(client, message)

    def close(self) -> None:
        """Leave the group, so that another member starts at once with what is not committed."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def _connected(self) -> Consumer:
        if self._client is None:
            client = self._connect({**self._config, "stats_cb": self._note_lag, "on_commit": self._note_commit})
            client.subscribe([self._topic], on_assign=_start_unpaused)
            self._client = client
        return self._client

    def _outcome(self, client: Consumer, message: KafkaMessage) -> str | None:
        """Deal with the message; None where the worker was stopped before it was done."""
        value = message.value() or b""
        try:
            decoded = self._model.model_validate_json(value)
        except ValidationError as error:
            return self._dead_letter(client, message, error)
        error_or_end = self._until_done(client, lambda: self._handled(message, decoded))
        if error_or_end is None:
            return DONE
        return None if self.stopping.is_set() else self._dead_letter(client, message, error_or_end)

    def _handled(self, message: KafkaMessage, decoded: M) -> None:
        with telemetry.consumed(self._topic, dead_letters.text_headers(message)), SECONDS.labels(self._topic).time():
            self._handle(decoded)

    def _dead_letter(self, client: Consumer, message: KafkaMessage, error: BaseException) -> str | None:
        reason = f"{type(error).__name__}: {error}"[:2000]
        log.error("message is put aside", topic=self._topic, offset=message.offset(), reason=reason)
        letter = dead_letters.letter(self._topic, message, reason)
        failed = self._until_done(client, lambda: self._put_aside(letter))
        if failed is None:
            return DEAD_LETTER
        if self.stopping.is_set():
            return None
        raise failed

    def _put_aside(self, letter: Record) -> None:
        try:
            self._publisher.publish([letter])
        except TooLarge:
            self._publisher.publish([dead_letters.cut(letter)])

    def _until_done(self, client: Consumer, task: Callable[[], None]) -> BaseException | None:
        """Do the task, again where it is worth it; the error of the last try, or None when it is done."""
        tries = failures = 0
        while True:
            error = self._attempt(client, task)
            if error is None or self.stopping.is_set():
                return error
            failures += 1
            tries += isinstance(error, TooLarge) or not isinstance(error, self._transient)
            if tries >= self._attempts:
                return error
            RETRIES.labels(self._topic).inc()
            log.warning("message failed, is tried again", topic=self._topic, failures=failures, reason=str(error))
            # Also where each try fails at once: a member that does not poll is thrown out of the group.
            self._poll_beside(client)
            client.resume(client.assignment())
            self.stopping.wait(pause(failures, self.longest_pause))

    def _attempt(self, client: Consumer, task: Callable[[], None]) -> BaseException | None:
        future = background(task, f"handler of {self._topic}")
        waiting = False
        while not future.done():
            wait([future], timeout=PATIENCE_SECONDS)
            if not future.done():
                waiting = True
                try:
                    self._poll_beside(client)
                except Exception:
                    # Not two at once: the message comes again when this handler has ended.
                    wait([future])
                    raise
        if waiting:
            client.resume(client.assignment())
        return future.exception()

    def _poll_beside(self, client: Consumer) -> None:
        _stay_in_group(client)
        self.beat()

    def _commit(self, client: Consumer, message: KafkaMessage) -> None:
        try:
            # Not waited for: without Kafka that would last until Kafka is back, and hold up each poll. `close` waits.
            client.commit(message=message, asynchronous=True)
        except KafkaException as error:
            self._note_commit(error.args[0], [])

    def _note_commit(self, error: KafkaError | None, _partitions: object) -> None:
        if error is not None:
            # The partition moved meanwhile: its new owner handles the message again, which counts once.
            log.warning("offset was not committed", topic=self._topic, reason=str(error))

    def _note_lag(self, statistics: str) -> None:
        partitions = json.loads(statistics).get("topics", {}).get(self._topic, {}).get("partitions", {})
        for number, partition in partitions.items():
            waiting = _waiting(partition)
            if waiting is None:
                # Another member has it, and tells.
                LAG.remove(self._topic, number)
            else:
                LAG.labels(self._topic, number).set(waiting)


def _waiting(partition: Mapping[str, Any]) -> int | None:
    """How many messages of a partition wait, as the client knows; None where it is not ours, or nothing is known."""
    end = int(partition["hi_offset"])
    if not partition["desired"] or end < 0:
        return None
    # Where nothing was ever committed, reading starts at the oldest message.
    return max(0, end - max(int(partition["committed_offset"]), int(partition["lo_offset"]), 0))


def _config(settings: KafkaSettings) -> dict[str, Any]:
    return {
        "bootstrap.servers": settings.kafka_bootstrap_servers,
        "group.id": settings.service,
        "enable.auto.commit": False,
        "auto.offset.reset": "earliest",
        # Members that come and go do not take the partition of a handler that takes long.
        "partition.assignment.strategy": "cooperative-sticky",
        "session.timeout.ms": 10_000,
        # Who is not ready as it polls nothing has lost its partitions, too: they are another member's.
        "max.poll.interval.ms": int(1000 * STUCK_SECONDS),
        "statistics.interval.ms": 5_000,
        **CONNECTION,
    }


def _start_unpaused(client: Consumer, partitions: list[TopicPartition]) -> None:
    """A partition that was lost while it was paused comes back paused: nobody would ever read it."""
    client.resume(partitions)


def _stay_in_group(client: Consumer) -> None:
    """Poll without taking a message: a member that does not poll is thrown out of the group."""
    client.pause(client.assignment())
    stray = client.poll(0)
    if stray is not None and stray.error() is None:
        client.seek(TopicPartition(stray.topic() or "", stray.partition() or 0, stray.offset() or 0))
