"""Work beside HTTP: threads that start with the process, survive what goes wrong, and end with a whole step."""

import random
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from prometheus_client import Counter

from chatdb_common.logs import get_logger

FAILURES = Counter("worker_failures_total", "Steps of workers that failed and are tried again", ["worker"])
log = get_logger(__name__)


class Worker(ABC):
    """One thread that repeats `step` until it is stopped; after an error it waits, longer each time, and goes on."""

    longest_pause = 10.0

    def __init__(self, name: str) -> None:
        """Nothing runs before `start`."""
        self.name = name
        self.stopping = threading.Event()
        # Daemon: what hangs beyond the time limit must not keep the process; its work is not acknowledged yet.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @abstractmethod
    def step(self) -> None:
        """One piece of work, short enough to be waited for; waits by itself where there is nothing to do."""

    def close(self) -> None:  # noqa: B027 - most hold nothing
        """Let go of what the thread holds; called in the thread, after the last step."""

    def start(self) -> None:
        """Start the thread; it never fails here."""
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

    def _run(self) -> None:
        failures = 0
        counter = FAILURES.labels(self.name)
        while not self.stopping.is_set():
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
