"""The consumer's promises, on a broker of a few lines: at least once, the offset after the effect, poison put aside."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar
from uuid import UUID

import pytest
from confluent_kafka import Consumer, KafkaException, TopicPartition
from kafka_broker import serve_kafka

from chatdb_common.consumer import CUT_BYTES, ConsumerWorker, text_headers
from chatdb_common.messages import Query
from chatdb_common.publisher import Publisher, PublishError, Record, TooLarge
from chatdb_common.settings import KafkaSettings

ID = UUID("0199c0de-0000-7000-8000-000000000000")


class Settings(KafkaSettings):
    """A service that consumes."""

    service: ClassVar[str] = "demo"
    port: int = 0


class Down(Exception):
    """A dependency is down."""


@dataclass
class FakeMessage:
    """One message of partition 0."""

    content: bytes
    number: int
    failure: Any = None

    def error(self) -> Any:
        """None, or what went wrong."""
        return self.failure

    def value(self) -> bytes:
        """The content."""
        return self.content

    def key(self) -> bytes:
        """Always the same."""
        return b"k"

    def headers(self) -> list[tuple[str, bytes]]:
        """A trace."""
        return [("traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]

    def topic(self) -> str:
        """The topic."""
        return "queries"

    def partition(self) -> int:
        """The only one."""
        return 0

    def offset(self) -> int:
        """Its number."""
        return self.number


@dataclass
class FakeClient:
    """A consumer whose messages lie ready, and that writes down what it is told."""

    messages: list[FakeMessage]
    calls: list[str] = field(default_factory=list)
    refuses_commits: bool = False
    refuses_pauses: int = 0
    position: int = 0
    committed: int = 0
    on_assign: Callable[[Any, list[TopicPartition]], None] | None = None

    def subscribe(self, topics: list[str], on_assign: Callable[[Any, list[TopicPartition]], None]) -> None:
        """Noted; `on_assign` is for a test to call."""
        self.calls.append(f"subscribe {topics[0]}")
        self.on_assign = on_assign

    def poll(self, timeout: float) -> FakeMessage | None:
        """The next message; none of a paused partition."""
        if timeout == 0:
            self.calls.append("stay")
            return None
        if self.position == len(self.messages):
            return None
        self.position += 1
        return self.messages[self.position - 1]

    def commit(self, *, message: FakeMessage, asynchronous: bool) -> None:
        """Noted."""
        assert not asynchronous
        if self.refuses_commits:
            raise KafkaException("not yours any more")
        self.calls.append(f"commit {message.number}")
        self.committed = message.number + 1

    def assignment(self) -> list[TopicPartition]:
        """One partition."""
        return [TopicPartition("queries", 0)]

    def pause(self, _partitions: list[TopicPartition]) -> None:
        """Noted."""
        self.calls.append("pause")
        if self.refuses_pauses:
            self.refuses_pauses -= 1
            raise KafkaException("not assigned")

    def resume(self, _partitions: list[TopicPartition]) -> None:
        """Noted."""
        self.calls.append("resume")

    def close(self) -> None:
        """Noted; who comes next starts at what is committed."""
        self.calls.append("close")
        self.position = self.committed


@dataclass
class FakePublisher:
    """Keeps what it is given, once it has failed as often as it is told."""

    failures: int = 0
    records: list[Record] = field(default_factory=list)
    failure: Exception = field(default_factory=lambda: PublishError("down", 0))

    def publish(self, records: Sequence[Record]) -> None:
        """All or nothing."""
        if self.failures:
            self.failures -= 1
            raise self.failure
        self.records += records


@pytest.fixture(scope="module")
def kafka() -> Iterator[str]:
    """A broker for these tests."""
    with serve_kafka() as address:
        yield address


def query(number: int) -> FakeMessage:
    """A message that can be read."""
    return FakeMessage(Query(query_id=ID, query=f"question {number}").model_dump_json(by_alias=True).encode(), number)


@dataclass
class Bench:
    """A worker with its surroundings."""

    messages: list[FakeMessage]
    handle: Callable[[Query], None]
    publisher: Any = field(default_factory=FakePublisher)

    def __post_init__(self) -> None:
        """The worker does not wait between tries."""
        self.client = FakeClient(self.messages)
        self.worker: ConsumerWorker[Query] = ConsumerWorker(
            settings=Settings(kafka_bootstrap_servers="none"),
            topic="queries",
            model=Query,
            handle=self.handle,
            publisher=self.publisher,
            transient=(Down,),
            attempts=3,
            connect=lambda _: self.client,  # type: ignore[arg-type, return-value]
        )
        self.worker.longest_pause = 0.0

    def steps(self, number: int) -> list[str]:
        """What the client was told in so many steps."""
        for _ in range(number):
            self.worker.step()
        return self.client.calls[1:]


def test_offset_is_committed_after_the_effect() -> None:
    """Each message is handled, and then committed, in order."""
    seen: list[str] = []
    bench = Bench([query(0), query(1)], lambda message: seen.append(message.query))
    assert bench.steps(3) == ["commit 0", "commit 1"]
    assert seen == ["question 0", "question 1"]


def test_poison_goes_aside_at_once() -> None:
    """What cannot be read is put aside as it is, with the reason and its place, and then committed."""
    bench = Bench([FakeMessage(b"{", 7)], lambda _: None)
    assert bench.steps(1) == ["commit 7"]
    (letter,) = bench.publisher.records
    assert (letter.topic, letter.key, letter.value) == ("queries.dlq", "k", b"{")
    assert letter.headers["x-reason"].startswith("ValidationError")
    assert (letter.headers["x-topic"], letter.headers["x-partition"], letter.headers["x-offset"]) == (
        "queries",
        "0",
        "7",
    )
    assert letter.headers["traceparent"].startswith("00-0af7")


def test_failing_message_is_tried_and_put_aside() -> None:
    """A handler that fails on a message is called as often as it is said, then the message goes aside."""
    tries: list[int] = []

    def fail(_: Query) -> None:
        tries.append(1)
        raise ValueError("no such job")

    bench = Bench([query(0), query(1)], fail)
    assert bench.steps(1) == ["commit 0"]
    assert len(tries) == 3
    assert bench.publisher.records[0].headers["x-reason"] == "ValueError: no such job"


def test_outage_is_waited_for() -> None:
    """An error that passes is tried again without a bound: an outage puts no message aside."""
    tries: list[int] = []

    def down_for_a_while(_: Query) -> None:
        tries.append(1)
        if len(tries) < 20:
            raise Down

    bench = Bench([query(0)], down_for_a_while)
    assert bench.steps(1) == ["commit 0"]
    assert bench.publisher.records == []


def test_nothing_is_lost_while_the_dead_letter_topic_is_down() -> None:
    """A message is committed only when it is put aside for sure."""
    bench = Bench([FakeMessage(b"{", 0)], lambda _: None, FakePublisher(failures=4))
    assert bench.steps(1) == ["commit 0"]
    assert len(bench.publisher.records) == 1


def test_message_that_cannot_be_put_aside_comes_again() -> None:
    """It is not passed over for the next one: the worker fails, and starts again at what is committed."""
    broken = FakePublisher(failures=3, failure=KafkaException("refused"))
    bench = Bench([FakeMessage(b"{", 0), query(1)], lambda _: None, broken)
    with pytest.raises(KafkaException, match="refused"):
        bench.steps(1)
    assert bench.client.calls[1:] == ["close"]
    assert bench.steps(2)[2:] == ["commit 0", "commit 1"]
    assert [letter.value for letter in broken.records] == [b"{"]


def test_letter_that_is_too_large_is_cut(kafka: str) -> None:
    """What Kafka took with its own headers can be too large with the reason and the place: the beginning is kept."""
    message = FakeMessage(b"{" + b"x" * 999_900, 7)
    bench = Bench([message, query(8)], lambda _: None, Publisher(kafka))
    assert bench.steps(2) == ["commit 7", "commit 8"]
    reader = Consumer({"bootstrap.servers": kafka, "group.id": "reader", "auto.offset.reset": "earliest"})
    numbers = reader.list_topics("queries.dlq", timeout=20).topics["queries.dlq"].partitions
    reader.assign([TopicPartition("queries.dlq", number, 0) for number in numbers])
    (letter,) = reader.consume(1, timeout=60)
    reader.close()
    assert (letter.error(), letter.value()) == (None, b"{" + b"x" * (CUT_BYTES - 1))
    headers = text_headers(letter)
    assert headers["x-reason"].startswith("ValidationError")
    assert (headers["x-offset"], headers["x-cut"]) == ("7", "from 999901 bytes, without key and other headers")


def test_publisher_says_what_is_too_large(kafka: str) -> None:
    """As its own error, with what was taken before; nothing after it is sent, so that the order holds."""
    publisher = Publisher(kafka)
    with pytest.raises(TooLarge) as caught:
        publisher.publish([Record("t", "k", value) for value in (b"first", b"x" * 1_000_001, b"last")])
    assert caught.value.delivered == 1
    publisher.close()


def test_too_large_answer_is_no_outage() -> None:
    """A handler whose message Kafka never takes fails as often as it is said, and not for ever."""

    def answer(_: Query) -> None:
        raise TooLarge("too large", 0)

    bench = Bench([query(0)], answer)
    assert bench.steps(1) == ["commit 0"]
    assert bench.publisher.records[0].headers["x-reason"] == "TooLarge: too large"


def test_client_that_fails_beside_a_handler_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The handler ends first, so that there are not two; then its message comes again, before the next one."""
    monkeypatch.setattr("chatdb_common.consumer.PATIENCE_SECONDS", 0.01)
    seen: list[str] = []
    paused = threading.Event()

    def handle(message: Query) -> None:
        assert paused.wait(20)
        seen.append(message.query)

    bench = Bench([query(0), query(1)], handle)
    bench.client.refuses_pauses = 1
    pause = bench.client.pause

    def noticed(partitions: list[TopicPartition]) -> None:
        paused.set()
        pause(partitions)

    bench.client.pause = noticed  # type: ignore[method-assign]
    with pytest.raises(KafkaException, match="not assigned"):
        bench.steps(1)
    assert seen == ["question 0"]
    assert bench.steps(2)[-2:] == ["commit 0", "commit 1"]
    assert seen == ["question 0", "question 0", "question 1"]


def test_stop_leaves_the_message_uncommitted() -> None:
    """A worker that is stopped in the middle leaves the message to whoever comes next, and puts nothing aside."""
    bench = Bench([query(0)], lambda _: None)

    def stopped(_: Query) -> None:
        bench.worker.stop()
        raise Down

    bench.worker._handle = stopped
    assert bench.steps(1) == []
    assert bench.publisher.records == []


def test_long_handler_stays_in_the_group(monkeypatch: pytest.MonkeyPatch) -> None:
    """While a handler takes long, the member polls with its partitions paused, and takes no message."""
    monkeypatch.setattr("chatdb_common.consumer.PATIENCE_SECONDS", 0.01)
    bench = Bench([query(0)], lambda _: None)
    polled = threading.Event()

    def patient(_: Query) -> None:
        assert polled.wait(20)

    bench.worker._handle = patient
    poll = bench.client.poll

    def noticed(timeout: float) -> FakeMessage | None:
        if timeout == 0:
            polled.set()
        return poll(timeout)

    bench.client.poll = noticed  # type: ignore[method-assign]
    calls = bench.steps(1)
    assert calls[:2] == ["pause", "stay"]
    assert calls[-2:] == ["resume", "commit 0"]


def test_partition_that_comes_back_is_read() -> None:
    """What was lost while it was paused is resumed with its assignment: Kafka's client keeps it paused."""
    bench = Bench([query(0)], lambda _: None)
    bench.steps(1)
    assert bench.client.on_assign
    bench.client.on_assign(bench.client, bench.client.assignment())
    assert bench.client.calls[-1] == "resume"


def test_lost_partition_is_no_error() -> None:
    """An offset that may not be committed any more is left: the new owner handles the message again."""
    bench = Bench([query(0)], lambda _: None)
    bench.client.refuses_commits = True
    assert bench.steps(1) == []


def test_broker_error_is_the_workers() -> None:
    """What Kafka reports is raised, so that the worker waits and goes on."""
    bench = Bench([FakeMessage(b"", 0, failure="broker down")], lambda _: None)
    with pytest.raises(KafkaException):
        bench.steps(1)


def test_close_leaves_the_group() -> None:
    """So that another member gets the partitions at once."""
    bench = Bench([], lambda _: None)
    bench.steps(1)
    bench.worker.close()
    assert bench.client.calls[-1] == "close"
