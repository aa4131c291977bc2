"""Loops of consumers: a poll that has returned is what counts, also beside a handler."""

import re
import threading
from collections.abc import Callable, Iterator
from typing import Any, cast
from uuid import UUID

import pytest
from confluent_kafka import Consumer
from loops import DIES, SECONDS, SINCE, Clock, Settings, clock, die, finding, service_of

from chatdb_common.consumer import ConsumerWorker
from chatdb_common.messages import Query
from chatdb_common.publisher import Publisher, PublishError
from chatdb_common.workers import STUCK_SECONDS

__all__ = ["clock"]


class Kafka:
    """A consumer's client of a few lines: one message, then none; each call can be made to do something else."""

    def __init__(self) -> None:
        """`polled` is released with each poll at which the clock has reached `later`."""
        self.polled = threading.Semaphore(0)
        self.released = threading.Event()
        self.messages = [Sent()]
        self.note: Callable[[], None] = self.polled.release
        self.commit: Callable[..., object] = lambda **_: None

    def poll(self, seconds: float) -> Any:
        """The next message; what is asked for beside a handler finds none."""
        self.note()
        if seconds and self.messages:
            return self.messages.pop()
        self.released.wait(min(seconds, 0.01))
        return None

    def assignment(self) -> list[Any]:
        """Nothing that matters here."""
        return []

    def __getattr__(self, name: str) -> Any:
        """All else does nothing."""
        return lambda *_, **__: None


class Sent:
    """A message."""

    def value(self) -> bytes:
        """A question."""
        return Query(query_id=UUID(int=1), query="how many jobs").model_dump_json(by_alias=True).encode()

    def __getattr__(self, name: str) -> Any:
        """It is no error, and has neither key nor headers."""
        return lambda: None


@pytest.fixture
def kafka(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kafka]:
    """What a consumer is connected to; what hangs in it is let go at the end."""
    monkeypatch.setattr("chatdb_common.consumer.PATIENCE_SECONDS", 0.01)
    kafka = Kafka()
    yield kafka
    kafka.released.set()


def reading(kafka: Kafka, act: Callable[[Query], object] = lambda _: None) -> ConsumerWorker[Query]:
    """A consumer of the topic `queries`."""

    def handle(message: Query) -> None:
        act(message)

    worker: ConsumerWorker[Query] = ConsumerWorker(
        settings=Settings(),
        topic="queries",
        model=Query,
        handle=handle,
        publisher=cast("Publisher", None),
        connect=cast("Callable[[dict[str, Any]], Consumer]", lambda _: kafka),
    )
    worker.longest_pause = 0.0
    return worker


def polls_after(clock: Clock, kafka: Kafka) -> bool:
    """Let more time pass than a loop may be silent; whether it polls then."""
    later = clock.now + STUCK_SECONDS + 1
    polls = threading.Semaphore(0)

    def note() -> None:
        if clock.now == later:
            polls.release()

    kafka.note = note
    clock.now = later
    # What comes back before the second one begins was seen by the worker.
    return all(polls.acquire(timeout=SECONDS) for _ in range(2))


@DIES
def test_consumer_whose_thread_died(clock: Clock, kafka: Kafka) -> None:
    """Not ready at once."""
    kafka.note = die
    worker = reading(kafka)
    with service_of(worker) as client:
        assert worker.join(SECONDS)
        status, _, detail = finding(client, worker)
        assert client.get("/health").status_code == 503
    said = rf"Stuck: the loop of consumer of queries has ended: it has not polled {SINCE}"
    assert (status, bool(re.fullmatch(said, detail))) == (503, True)
    assert clock.now == 1000.0


def test_consumer_whose_poll_hangs(clock: Clock, kafka: Kafka) -> None:
    """Not ready after the bound; ready again when it polls again."""
    hangs = threading.Event()

    def hang() -> None:
        hangs.set()
        kafka.released.wait(SECONDS)

    kafka.note = hang
    worker = reading(kafka)
    with service_of(worker) as client:
        assert hangs.wait(SECONDS)
        assert finding(client, worker) == (200, "ready", "")
        clock.now += STUCK_SECONDS + 1
        status, _, detail = finding(client, worker)
        kafka.released.set()
        assert polls_after(clock, kafka)
        assert finding(client, worker) == (200, "ready", "")
    said = rf"Stuck: the loop of consumer of queries is stuck: it has not polled {SINCE}, 121 s ago; 120 s are the most"
    assert (status, bool(re.fullmatch(said, detail))) == (503, True)


def test_consumer_that_never_connects(clock: Clock, kafka: Kafka) -> None:
    """Its loop goes on, and polls nothing."""
    del kafka
    tries = threading.Semaphore(0)

    def refuse(_: object) -> Consumer:
        tries.release()
        raise ValueError("no such setting")

    worker = reading(Kafka())
    worker._connect = refuse
    with service_of(worker) as client:
        clock.now += STUCK_SECONDS + 1
        assert all(tries.acquire(timeout=SECONDS) for _ in range(3))
        status, _, detail = finding(client, worker)
    assert (status, "has not polled" in detail) == (503, True)


def test_consumer_that_works_polls(clock: Clock, kafka: Kafka) -> None:
    """A job may be trained for as long as it takes: the loop polls beside it."""
    begun = threading.Event()
    worker = reading(kafka, lambda _: (begun.set(), kafka.released.wait(SECONDS)))
    with service_of(worker) as client:
        assert begun.wait(SECONDS)
        for _ in range(3):
            assert polls_after(clock, kafka)
            assert finding(client, worker) == (200, "ready", "")
        kafka.released.set()


def test_consumer_whose_tries_fail_at_once_polls(clock: Clock, kafka: Kafka) -> None:
    """For as long as a dependency refuses: the message is tried again and again, and the group waits for it."""
    tries = threading.Semaphore(0)

    def refuse(_: Query) -> None:
        tries.release()
        raise PublishError("refused", 0)

    worker = reading(kafka, refuse)
    with service_of(worker) as client:
        assert tries.acquire(timeout=SECONDS)
        for _ in range(3):
            assert polls_after(clock, kafka)
            assert finding(client, worker) == (200, "ready", "")


def test_consumer_that_commits_without_kafka_polls(clock: Clock, kafka: Kafka) -> None:
    """A commit that is waited for lasts until Kafka is back; readiness without Kafka is another check's."""
    commits = threading.Event()

    def commit(*, asynchronous: bool, **_: object) -> None:
        commits.set()
        if not asynchronous:
            kafka.released.wait()

    kafka.commit = commit
    worker = reading(kafka)
    with service_of(worker) as client:
        assert commits.wait(SECONDS)
        assert polls_after(clock, kafka)
        assert finding(client, worker) == (200, "ready", "")
        kafka.released.set()


def test_group_waits_as_long_as_readiness(kafka: Kafka) -> None:
    """Who is not ready has lost its partitions, and nobody else has."""
    assert reading(kafka)._config["max.poll.interval.ms"] == STUCK_SECONDS * 1000
