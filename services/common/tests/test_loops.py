"""Loops that have ended or are stuck: /ready and /health say so, by a clock of the test's own."""

import re
import threading
from collections.abc import Callable

import pytest
from loops import DIES, SECONDS, SINCE, Clock, clock, die, finding, service_of

from chatdb_common.workers import STUCK_SECONDS, Worker

__all__ = ["clock"]


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


def until_stopped(worker: Worker) -> None:
    """A step that lasts."""
    worker.stopping.wait(SECONDS)


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
