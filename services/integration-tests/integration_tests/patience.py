"""How long what is not yet so is waited for."""

import os
import time
from collections.abc import Callable
from typing import TypeVar

import pytest

PAUSE_SECONDS = 0.5
Seen = TypeVar("Seen")


def patience() -> float:
    """Seconds: probes, endpoints and policies follow a change with a delay of their own."""
    return float(os.environ.get("PATIENCE_SECONDS", "30"))


def settled(look: Callable[[], Seen], good: Callable[[Seen], bool], seconds: float) -> Seen:
    """What was seen at last: look until it is good, or the time is over."""
    deadline = time.monotonic() + seconds
    while not good(seen := look()) and time.monotonic() < deadline:
        time.sleep(PAUSE_SECONDS)
    return seen


def until_well(complaint: Callable[[], str | None], seconds: float | None = None) -> None:
    """Ask until there is no complaint; when patience is over, the last one fails the test."""
    wrong = settled(complaint, lambda last: last is None, patience() if seconds is None else seconds)
    if wrong is not None:
        pytest.fail(wrong, pytrace=False)
