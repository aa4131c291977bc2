"""Work beside HTTP: threads that start with the process, survive what goes wrong, and end with a whole step."""

import random
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta

from prometheus_client import Counter

from chatdb_common.logs import get_logger

STUCK_SECONDS = 120.0
"""A worker that shows no sign of life for so long is stuck; a single step takes up to a minute on a slow database."""
FAILURES = Counter("worker_failures_total", "Steps of workers that failed and are tried again", ["worker"])
log = get_logger(__name__)


class Stuck(Exception):
    """The loop of a worker has ended, or shows no sign of life."""


class Worker(ABC):
    """One thread that repeats `step` until it is stopped; after an error it waits, longer each time, and goes on.

    Each step is a sign of life, whether it works or fails: a dependency that is down has a check of its own.
    """

    longest_pause = 10.0
    clock: Callable[[], float] = staticmethod(time.monotonic)
    sign = "begun a step"
    """What the worker has done when it shows that it lives."""
    vital = True
    """Whether the service is of no use without it, and so not ready."""

    def __init__(self, name: str) -> None:
        """Nothing runs before `start`."""
        self.name = name
        self.stopping = threading.Event()
        # Daemon: what hangs beyond the time limit must not keep the process; its work is not acknowledged yet.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._heard = self.clock()

    @abstractmethod
    def step(self) -> None:
        """One piece of work, short enough to be waited for; waits by itself where there is nothing to do."""

    def close(self) -> None:  # noqa: B027 - most hold nothing
        """Let go of what the thread holds; called in the thread, after the last step."""

    def start(self) -> None:
        """Start the thread; it never fails here."""
        self.beat()
        self._thread.start()

    def stop(self) -> None:
        """Ask for the end; returns at once."""
        self.stopping.set()

    def join(self, seconds: float) -> bool:
        """Wait for the end; whether it came."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def beat(self) -> None:
        """Show a sign of life; a step that may take longer than STUCK_SECONDS does so again and again."""
        self._heard = self.clock()

    def rest(self, seconds: float) -> bool:
        """Wait where there is nothing to do, which may take long; whether the worker was stopped."""
        self._heard = self.clock() + seconds
        return self.stopping.wait(seconds)

    def ended(self) -> bool:
        """Whether the thread has ended and nobody has asked it to: only a restart brings it back."""
        return not self.alive() and not self.stopping.is_set()

    def check(self) -> None:
        """Raise Stuck where the loop has ended by itself, or has shown no sign of life for STUCK_SECONDS."""
        silent = max(0.0, self.clock() - self._heard)
        since = f"since {datetime.now(UTC) - timedelta(seconds=silent):%Y-%m-%dT%H:%M:%SZ}"
        if self.ended():
            raise Stuck(f"the loop of {self.name} has ended: it has not {self.sign} {since}")
        if silent > STUCK_SECONDS and not self.stopping.is_set():
            raise Stuck(
                f"the loop of {self.name} is stuck: it has not {self.sign} {since}, {silent:.0f} s ago;"
                f" {STUCK_SECONDS:.0f} s are the most"
            )

    def begin(self) -> None:
        """Called before each step: a sign of life, but for a worker that has a better one."""
        self.beat()

    def _run(self) -> None:
        failures = 0
        counter = FAILURES.labels(self.name)
        while not self.stopping.is_set():
            self.begin()
            try:
                self.step()
                failures = 0
            except Exception as error:
                failures += 1
                counter.inc()
                log.warning("worker failed, goes on", worker=self.name, failures=failures, exc_info=error)
                self.stopping.wait(pause(failures, self.longest_pause))
        try:
            self.close()
        except Exception as error:
            log.warning("worker did not close well", worker=self.name, exc_info=error)


def background(task: Callable[[], object], name: str) -> Future[None]:
    """Do the task in a thread of its own, which does not keep the process where it hangs."""
    future: Future[None] = Future()

    def work() -> None:
        try:
            task()
        except BaseException as error:  # noqa: BLE001 - whoever waits gets it
            future.set_exception(error)
        else:
            future.set_result(None)

    threading.Thread(target=work, name=name, daemon=True).start()
    return future


def pause(failures: int, longest: float) -> float:
    """Seconds to wait after so many failures in a row, with jitter, so that replicas do not come back together."""
    return float(random.uniform(0.5, 1.0) * min(longest, 0.2 * 2 ** min(failures, 10)))  # noqa: S311 - no secret


def stop_all(workers: Sequence[Worker], seconds: float) -> list[str]:
    """Stop all of them within a time limit together; the names of those that did not end."""
    for worker in workers:
        worker.stop()
    deadline = time.monotonic() + seconds
    return [worker.name for worker in workers if not worker.join(max(0.0, deadline - time.monotonic()))]
