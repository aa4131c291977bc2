"""Loops that have ended or are stuck: /ready and /health say so, by a clock of the test's own."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, cast
from uuid import UUID

import pytest
from confluent_kafka import Consumer
from fastapi.testclient import TestClient

from chatdb_common import health
from chatdb_common.consumer import ConsumerWorker
from chatdb_common.messages import Query
from chatdb_common.publisher import Publisher, PublishError
from chatdb_common.service import Service
from chatdb_common.settings import KafkaSettings
from chatdb_common.workers import STUCK_SECONDS, Worker

SECONDS = 20
DIES = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
SINCE = r"since \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"


class Settings(KafkaSettings):
    """A service that consumes."""

    service: ClassVar[str] = "demo"
    port: int = 0
    kafka_bootstrap_servers: str = "none"


class Clock:
    """Time passes when the test says so."""

    def __init__(self) -> None:
        """Any moment."""
        self.now = 1000.0

    def __call__(self) -> float:
        """As time.monotonic."""
        return self.now


class Loop(Worker):
    """A worker whose steps are the test's."""

    def __init__(self, act: Callable[["Loop"], object]) -> None:
        """`stepped` is set in each step, before it acts."""
        super().__init__("demo loop")
        self.act = act
        self.stepped = threading.Event()

    def step(self) -> None:
        """One."""
        self.stepped.set()
        self.act(self)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """What all workers go by; readiness is asked anew each time."""
    clock = Clock()
    monkeypatch.setattr(Worker, "clock", staticmethod(clock))
    monkeypatch.setattr(health, "CACHE_SECONDS", 0.0)
    return clock


@contextmanager
def service_of(worker: Worker) -> Iterator[TestClient]:
    """A service with this worker, which ends with it."""
    with TestClient(Service(settings=Settings(), workers=(worker,)).app()) as client:
        yield client


def finding(client: TestClient, worker: Worker) -> tuple[int, str, str]:
    """How ready the service is, and what is said of the worker."""
    answer = client.get("/ready")
    check = answer.json()["checks"][worker.name]
    assert check["ok"] is (check["detail"] == "")
    return answer.status_code, answer.json()["status"], check["detail"]


def until_stopped(worker: Worker) -> None:
    """A step that lasts."""
    worker.stopping.wait(SECONDS)


def die(*_: object) -> None:
    """No Exception: the loop does not survive it."""
    raise SystemExit


@DIES
def test_loop_that_has_ended_is_found_at_once(clock: Clock) -> None:
    """Its service is not ready and, as nothing but a restart brings the loop back, not alive either."""
    worker = Loop(die)
    with service_of(worker) as client:
        assert worker.join(SECONDS)
        status, word, detail = finding(client, worker)
        alive = client.get("/health")
    assert (status, word) == (503, "not ready")
    assert re.fullmatch(rf"Stuck: the loop of demo loop has ended: it has not begun a step {SINCE}", detail)
    assert alive.status_code == 503
    assert alive.json()["detail"] == "these loops have ended: demo loop"
    assert clock.now == 1000.0


def test_loop_that_is_stuck_is_found_after_the_bound(clock: Clock) -> None:
    """Not before, as a step may take its time; a restart might not help, so the process is alive."""
    worker = Loop(until_stopped)
    with service_of(worker) as client:
        assert worker.stepped.wait(SECONDS)
        clock.now += STUCK_SECONDS
        assert finding(client, worker) == (200, "ready", "")
        clock.now += 1
        status, word, detail = finding(client, worker)
        assert client.get("/health").status_code == 200
        worker.beat()
        assert finding(client, worker) == (200, "ready", "")
    assert (status, word) == (503, "not ready")
    said = rf"Stuck: the loop of demo loop is stuck: it has not begun a step {SINCE}, 121 s ago; 120 s are the most"
    assert re.fullmatch(said, detail)


def test_loop_that_the_service_can_do_without(clock: Clock) -> None:
    """The service is degraded, and says why."""
    worker = Loop(until_stopped)
    worker.vital = False
    with service_of(worker) as client:
        clock.now += STUCK_SECONDS + 1
        assert finding(client, worker)[:2] == (200, "degraded")


def test_rest_is_not_silence(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound begins when a rest is over."""
    worker = Loop(lambda loop: loop.rest(600))
    rests, wait = threading.Event(), worker.stopping.wait
    monkeypatch.setattr(worker.stopping, "wait", lambda seconds: rests.set() or wait(seconds))
    with service_of(worker) as client:
        assert rests.wait(SECONDS)
        clock.now += 600 + STUCK_SECONDS
        assert finding(client, worker)[0] == 200
        clock.now += 1
        assert finding(client, worker)[0] == 503


def test_failing_steps_are_signs_of_life(clock: Clock) -> None:
    """Why they fail is another check's: a dependency's."""
    later = clock.now + STUCK_SECONDS + 1
    steps = threading.Semaphore(0)

    def fail(_: Loop) -> None:
        if clock.now == later:
            steps.release()
        raise ConnectionError("refused")

    worker = Loop(fail)
    worker.longest_pause = 0.0
    with service_of(worker) as client:
        clock.now = later
        # The first of them may have begun before.
        assert all(steps.acquire(timeout=SECONDS) for _ in range(2))
        assert finding(client, worker) == (200, "ready", "")


def test_stopped_loop_is_no_failure(clock: Clock) -> None:
    """At its end the process is not restarted before it is over; /ready says that it closes by then."""
    worker = Loop(until_stopped)
    with service_of(worker) as client:
        worker.stop()
        assert worker.join(SECONDS)
        clock.now += STUCK_SECONDS + 1
        assert finding(client, worker) == (200, "ready", "")
        assert client.get("/health").json() == {"status": "ok"}


def test_loop_that_was_never_started_has_ended(clock: Clock) -> None:
    """There is no service whose workers nobody started."""
    assert Loop(until_stopped).ended()
    assert clock.now == 1000.0


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
