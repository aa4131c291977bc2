"""A platform that has too much to do, told from one that is broken: it refuses requests, and its queue moves."""

import time
from collections.abc import Callable, Collection

import httpx

from integration_tests.patience import patience

RETRY_SECONDS = 5
"""Where the answer does not say when to try again."""


def busy_seconds() -> float:
    """How long a platform may refuse a request: a full queue takes longer than a probe."""
    return 4 * patience()


def until_taken(
    send: Callable[[], httpx.Response], seconds: float, pause: Callable[[float], object] = time.sleep
) -> httpx.Response:
    """The first answer that is no 429; each time Retry-After is waited for, but not beyond these seconds."""
    deadline = time.monotonic() + seconds
    while True:
        answer = send()
        retry_after = answer.headers.get("Retry-After", "")
        wait = int(retry_after) if retry_after.isdecimal() else RETRY_SECONDS
        if answer.status_code != httpx.codes.TOO_MANY_REQUESTS or time.monotonic() + wait > deadline:
            return answer
        pause(wait)


class Queue:
    """The jobs that waited at a moment."""

    def __init__(self, waiting: Callable[[], Collection[str] | None]) -> None:
        """Their ids, now; None where nobody says."""
        self._waiting = waiting
        self._first = set(waiting() or ())

    def moves(self) -> bool:
        """Whether one of them waits no longer: jobs are done, and it takes its time."""
        now = self._waiting()
        return now is not None and not self._first <= set(now)
