"""A platform that refuses requests for now: when it is asked again, for how long, and when it is called broken."""

import httpx
import pytest

from integration_tests.busy import RETRY_SECONDS, Queue, until_taken

BUSY, TAKEN = httpx.Response(429, headers={"Retry-After": "10"}), httpx.Response(201)


def asked(*answers: httpx.Response, seconds: float = 120) -> tuple[int, list[float]]:
    """The status at the end, and how long was waited before each next try."""
    waits: list[float] = []
    left = iter(answers)
    return until_taken(lambda: next(left), seconds, waits.append).status_code, waits


def test_retry_after_is_waited_for() -> None:
    """Each time as long as the answer says."""
    assert asked(BUSY, httpx.Response(429, headers={"Retry-After": "3"}), TAKEN) == (201, [10, 3])


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "Sat, 28 Nov 2026 12:00:00 GMT"}])
def test_answer_without_seconds(headers: dict[str, str]) -> None:
    """There is a time for it."""
    assert asked(httpx.Response(429, headers=headers), TAKEN) == (201, [RETRY_SECONDS])


def test_it_is_bounded() -> None:
    """What would be tried beyond the time is not waited for."""
    assert asked(BUSY, seconds=9) == (429, [])


@pytest.mark.parametrize("status", [200, 409, 500, 503])
def test_any_other_answer_is_the_last(status: int) -> None:
    """A dependency that is down has its Retry-After, too, and is a failure."""
    assert asked(httpx.Response(status, headers={"Retry-After": "5"})) == (status, [])


@pytest.mark.parametrize(
    ("before", "after", "moves"),
    [
        ({"a", "b"}, {"b", "c"}, True),
        ({"a"}, set(), True),
        ({"a", "b"}, {"a", "b", "c"}, False),
        (set(), {"a"}, False),
        (set(), set(), False),
        ({"a"}, None, False),
        (None, {"a"}, False),
    ],
)
def test_queue_that_moves(before: set[str] | None, after: set[str] | None, moves: bool) -> None:
    """Busy is where a job has left it; full for ever, empty all the time, or unknown, is something else."""
    seen = iter([before, after])
    assert Queue(lambda: next(seen)).moves() is moves
