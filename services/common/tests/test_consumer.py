"""The consumer's promises, on Kafka's own test broker: at least once, the offset after the effect, poison put aside."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any, ClassVar
from uuid import UUID

import poison
import pytest
from confluent_kafka import OFFSET_INVALID, Consumer, KafkaException, Producer, TopicPartition
from kafka_broker import serve_kafka
from opentelemetry import trace

from chatdb_common.consumer import ConsumerWorker
from chatdb_common.dead_letters import CUT_BYTES
from chatdb_common.ids import new_id
from chatdb_common.messages import Query
from chatdb_common.publisher import Publisher, PublishError, Record, TooLarge
from chatdb_common.settings import KafkaSettings

ID = UUID("0199c0de-0000-7000-8000-000000000000")
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
POISON = b"{"
MOST_STEPS = 60
"""A step without a message lasts a second."""


class Settings(KafkaSettings):
    """A service that consumes."""

    service: ClassVar[str] = "demo"
    port: int = 0


class Down(Exception):
    """A dependency is down."""


class Alone(Consumer):
    """Kafka's client, with partition 0 at once, where a group takes three seconds; it notes pauses and seeks."""

    def __init__(self, config: dict[str, Any]) -> None:
        """Nothing noted."""
        super().__init__(config)
        self.calls: list[str] = []

    def subscribe(self, topics: list[str], on_assign: Callable[[Consumer, list[TopicPartition]], None]) -> None:
        """Take the partition, at what is committed."""
        self.come_back = partial(self._take, topics[0], on_assign)
        self.come_back()

    def _take(self, topic: str, on_assign: Callable[[Consumer, list[TopicPartition]], None]) -> None:
        partitions = [TopicPartition(topic, 0)]
        self.assign(partitions)
        on_assign(self, partitions)

    def pause(self, partitions: list[TopicPartition]) -> None:
        """As Kafka's client, and noted."""
        self.calls.append("pause")
        super().pause(partitions)

    def seek(self, partition: TopicPartition) -> None:
        """As Kafka's client, and noted."""
        self.calls.append("seek")
        super().seek(partition)

    def commit(self, **how: Any) -> None:
        """Waited for: what a step has done is committed at its end, and not some steps later."""
        super().commit(**(how | {"asynchronous": False}))


class Unwaited(Alone):
    """A client that commits as it is told to."""

    def commit(self, **how: Any) -> None:
        """As Kafka's client."""
        Consumer.commit(self, **how)


class Unpaused(Alone):
    """A client that gets a partition between a pause and the poll after it: nothing is paused."""

    def pause(self, _partitions: list[TopicPartition]) -> None:
        """Only noted."""
        self.calls.append("pause")


class Failing(Publisher):
    """A publisher that fails some times first."""

    def __init__(self, bootstrap: str, failures: int, failure: Exception) -> None:
        """`failure` is raised by the first `failures` calls."""
        super().__init__(bootstrap)
        self._failures = [failure] * failures

    def publish(self, records: Sequence[Record]) -> None:
        """All, or the next failure."""
        if self._failures:
            raise self._failures.pop()
        super().publish(records)


class Bench:
    """A worker on a topic and in a group of its own, and what became of its messages."""

    def __init__(self, kafka: str) -> None:
        """The worker does not wait between tries; `seen` is what its handler was given."""
        self.kafka = kafka
        self.topic = f"queries-{new_id()}"
        self.seen: list[str] = []
        self.group = {"bootstrap.servers": kafka, "group.id": self.topic}
        self._observer = Consumer(self.group)
        self.use(lambda _: None)

    def use(
        self,
        act: Callable[[Query], None],
        publisher: Publisher | None = None,
        client: Callable[[dict[str, Any]], Consumer] = Alone,
    ) -> None:
        """Make the worker."""

        def handle(message: Query) -> None:
            self.seen.append(message.query)
            act(message)

        def connect(config: dict[str, Any]) -> Consumer:
            self.client: Any = client(config | self.group)
            return self.client

        self.worker: ConsumerWorker[Query] = ConsumerWorker(
            settings=Settings(kafka_bootstrap_servers=self.kafka),
            topic=self.topic,
            model=Query,
            handle=handle,
            publisher=publisher or Publisher(self.kafka),
            transient=(Down,),
            attempts=3,
            connect=connect,
        )
        self.worker.longest_pause = 0.0

    def send(self, *values: bytes) -> None:
        """To one partition."""
        producer = Producer({"bootstrap.servers": self.kafka})
        for value in values:
            producer.produce(self.topic, value, b"k", partition=0, headers=[("traceparent", TRACE)])
        assert producer.flush(poison.SECONDS) == 0

    def committed(self) -> int | None:
        """The offset at which the next member starts; None where it is none."""
        (place,) = self._observer.committed([TopicPartition(self.topic, 0)], timeout=poison.SECONDS)
        return None if place.offset == OFFSET_INVALID else place.offset

    def step_until(self, done: Callable[[], bool]) -> None:
        """As many steps as it takes."""
        for _ in range(MOST_STEPS):
            self.worker.step()
            if done():
                return
        raise TimeoutError(f"after {MOST_STEPS} steps {self.seen} was seen, and {self.committed()} is committed")

    def work_off(self, number: int) -> None:
        """Steps until so many messages are committed."""
        self.step_until(lambda: self.committed() == number)

    def letters(self) -> list[poison.Letter]:
        """What was put aside."""
        return poison.letters(self.kafka, self.topic)

    def close(self) -> None:
        """Both clients."""
        self.worker.close()
        self._observer.close()


@pytest.fixture(scope="module")
def kafka() -> Iterator[str]:
    """A broker for these tests."""
    with serve_kafka() as address:
        yield address


@pytest.fixture
def bench(kafka: str) -> Iterator[Bench]:
    """A worker whose handler does nothing."""
    made = Bench(kafka)
    yield made
    made.close()


def query(number: int) -> bytes:
    """A message that can be read."""
    return Query(query_id=ID, query=f"question {number}").model_dump_json(by_alias=True).encode()


def test_offset_is_committed_after_the_effect(bench: Bench) -> None:
    """Each message is handled, and then committed, in order."""
    before: list[int | None] = []
    bench.use(lambda _: before.append(bench.committed()))
    bench.send(query(0), query(1))
    bench.work_off(2)
    assert bench.seen == ["question 0", "question 1"]
    assert before == [None, 1]


def test_poison_goes_aside_at_once(bench: Bench) -> None:
    """What cannot be read is put aside as it is, with the reason and its place, and then committed."""
    bench.send(query(0), POISON)
    bench.work_off(2)
    (letter,) = bench.letters()
    assert (letter.key, letter.value) == (b"k", POISON)
    assert letter.reason.startswith("ValidationError")
    place = {"x-topic": bench.topic, "x-partition": "0", "x-offset": "1", "traceparent": TRACE}
    assert place.items() <= letter.headers.items()


def test_failing_message_is_tried_and_put_aside(bench: Bench) -> None:
    """A handler that fails on a message is called as often as it is said, then the message goes aside."""

    def fail(_: Query) -> None:
        raise ValueError("no such job")

    bench.use(fail)
    bench.send(query(0))
    bench.work_off(1)
    assert len(bench.seen) == 3
    assert [letter.reason for letter in bench.letters()] == ["ValueError: no such job"]


def test_outage_is_waited_for(bench: Bench) -> None:
    """An error that passes is tried again without a bound: an outage puts no message aside."""

    def down_for_a_while(_: Query) -> None:
        if len(bench.seen) < 20:
            raise Down

    bench.use(down_for_a_while)
    bench.send(query(0))
    bench.work_off(1)
    assert len(bench.seen) == 20
    assert bench.letters() == []


def test_nothing_is_lost_while_the_dead_letter_topic_is_down(bench: Bench) -> None:
    """A message is committed only when it is put aside for sure."""
    bench.use(lambda _: None, Failing(bench.kafka, 4, PublishError("down", 0)))
    bench.send(POISON)
    bench.work_off(1)
    assert [letter.value for letter in bench.letters()] == [POISON]


def test_message_that_cannot_be_put_aside_comes_again(bench: Bench) -> None:
    """It is not passed over for the next one: the worker fails, and starts again at what is committed."""
    bench.use(lambda _: None, Failing(bench.kafka, 3, KafkaException("refused")))
    bench.send(POISON, query(1))
    with pytest.raises(KafkaException, match="refused"):
        bench.work_off(1)
    assert bench.committed() is None
    bench.work_off(2)
    assert [letter.value for letter in bench.letters()] == [POISON]
    assert bench.seen == ["question 1"]


def test_letter_that_is_too_large_is_cut(bench: Bench) -> None:
    """What Kafka took with its own headers can be too large with the reason and the place: the beginning is kept."""
    bench.send(query(0), POISON + b"x" * 999_800, query(2))
    bench.work_off(3)
    (letter,) = bench.letters()
    assert (letter.key, letter.value) == (None, POISON + b"x" * (CUT_BYTES - 1))
    assert letter.reason.startswith("ValidationError")
    assert letter.headers["x-offset"] == "1"
    assert letter.headers["x-cut"] == "from 999801 bytes, without key and other headers"
    assert "traceparent" not in letter.headers


def test_publisher_says_what_is_too_large(kafka: str) -> None:
    """As its own error, with what was taken before; nothing after it is sent, so that the order holds."""
    publisher = Publisher(kafka)
    with pytest.raises(TooLarge) as caught:
        publisher.publish([Record("t", "k", value) for value in (b"first", b"x" * 1_000_001, b"last")])
    assert caught.value.delivered == 1
    publisher.close()


def test_too_large_answer_is_no_outage(bench: Bench) -> None:
    """A handler whose message Kafka never takes fails as often as it is said, and not for ever."""

    def answer(_: Query) -> None:
        raise TooLarge("too large", 0)

    bench.use(answer)
    bench.send(query(0))
    bench.work_off(1)
    assert [letter.reason for letter in bench.letters()] == ["TooLarge: too large"]


def test_client_that_fails_beside_a_handler_loses_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The handler ends first, so that there are not two; then its message comes again, before the next one."""
    monkeypatch.setattr("chatdb_common.consumer.PATIENCE_SECONDS", 0.01)
    ended: list[str] = []

    def handle(message: Query) -> None:
        if len(bench.seen) == 1:
            bench.client.close()
            time.sleep(0.3)
        ended.append(message.query)

    bench.use(handle)
    bench.send(query(0), query(1))
    with pytest.raises(RuntimeError, match="closed"):
        bench.work_off(1)
    assert ended == ["question 0"]
    bench.work_off(2)
    assert ended == ["question 0", "question 0", "question 1"]


def test_each_try_is_a_part_of_the_messages_trace(bench: Bench) -> None:
    """Also where the next worker, after a stop in the middle, makes it."""
    traces: list[str] = []

    def fail(stop: bool) -> None:
        traces.append(trace.format_trace_id(trace.get_current_span().get_span_context().trace_id))
        if stop:
            bench.worker.stop()
        if len(traces) < 3:
            raise Down

    bench.use(lambda _: fail(stop=len(traces) == 1))
    bench.send(query(0))
    bench.step_until(lambda: len(traces) == 2)
    bench.worker.close()
    bench.use(lambda _: fail(stop=False))
    bench.work_off(1)
    assert traces == [TRACE.split("-")[1]] * 3


def test_stop_leaves_the_message_uncommitted(bench: Bench) -> None:
    """A worker that is stopped in the middle leaves the message to whoever comes next, and puts nothing aside."""

    def stopped(_: Query) -> None:
        bench.worker.stop()
        raise Down

    bench.use(stopped)
    bench.send(query(0))
    bench.step_until(lambda: bench.seen != [])
    assert bench.committed() is None
    assert bench.letters() == []


@pytest.mark.parametrize(("client", "calls"), [(Alone, {"pause"}), (Unpaused, {"pause", "seek"})])
def test_long_handler_stays_in_the_group(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, client: type[Alone], calls: set[str]
) -> None:
    """While a handler takes long, the client polls with its partition paused; a message that comes is not lost."""
    monkeypatch.setattr("chatdb_common.consumer.PATIENCE_SECONDS", 0.01)

    def patient(_: Query) -> None:
        deadline = time.monotonic() + 20
        while bench.client.calls.count("pause") < 5 and time.monotonic() < deadline:
            time.sleep(0.01)

    bench.use(patient, client=client)
    bench.send(query(0), query(1))
    bench.work_off(1)
    assert bench.seen == ["question 0"]
    assert set(bench.client.calls) == calls
    bench.work_off(2)
    assert bench.seen == ["question 0", "question 1"]


def test_partition_that_comes_back_is_read(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was lost while it was paused is resumed with its assignment: Kafka's client keeps it paused."""
    monkeypatch.setattr("chatdb_common.consumer.PATIENCE_SECONDS", 0.01)

    def patient(_: Query) -> None:
        if len(bench.seen) == 1:
            while "pause" not in bench.client.calls:
                time.sleep(0.01)
            bench.client.unassign()

    bench.use(patient)
    bench.send(query(0), query(1))
    bench.work_off(1)
    bench.client.come_back()
    bench.work_off(2)
    assert bench.seen == ["question 0", "question 1"]


def test_lost_partition_is_no_error(bench: Bench) -> None:
    """An offset that may not be committed any more is left: the new owner handles the message again."""
    bench.use(lambda _: owner.poll(0))
    owner = Consumer(bench.group)
    owned: list[TopicPartition] = []
    owner.subscribe([bench.topic], on_assign=lambda _, partitions: owned.extend(partitions))
    bench.send(query(0))
    while not owned:
        owner.poll(0.1)
    bench.step_until(lambda: bench.seen != [])
    assert bench.committed() is None
    owner.close()


def test_loop_goes_on_when_kafka_goes_amid_a_handler() -> None:
    """Kafka's client holds up each call while a commit is waited for; the loop does not wait for it."""
    with ExitStack() as broker:
        bench = Bench(broker.enter_context(serve_kafka()))
        bench.use(lambda _: broker.close(), client=Unwaited)
        bench.send(query(0))
        bench.worker.start()
        deadline = time.monotonic() + 20
        while not bench.seen and time.monotonic() < deadline:
            time.sleep(0.01)
        polled, later = bench.worker._heard, time.monotonic() + 3
        while bench.worker._heard < later and time.monotonic() < deadline:
            time.sleep(0.01)
        assert bench.worker._heard > later > polled
        # Its end waits for the commit, as long as a service waits for its workers.
        bench.worker.stop()
        bench._observer.close()


def test_broker_error_is_the_workers(bench: Bench) -> None:
    """What Kafka reports is raised, so that the worker waits and goes on."""
    bench.use(lambda _: None, client=lambda config: Alone(config | {"auto.offset.reset": "error"}))
    bench.send(query(0))
    with pytest.raises(KafkaException, match="_AUTO_OFFSET_RESET"):
        bench.work_off(1)
    assert bench.seen == []


def test_close_leaves_the_group(bench: Bench) -> None:
    """So that another member gets the partitions at once."""
    bench.send(query(0))
    bench.work_off(1)
    client = bench.client
    bench.worker.close()
    with pytest.raises(RuntimeError, match="closed"):
        client.poll(0)
