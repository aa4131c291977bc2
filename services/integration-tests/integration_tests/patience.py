"""How long what is not yet so is waited for."""

import os
import time
from collections.abc import Callable

import pytest

PAUSE_SECONDS = 1.0


def patience() -> float:
    """Seconds: probes, endpoints and policies follow a change with a delay of their own."""
    return float(os.environ.get("PATIENCE_SECONDS", "30"))


def until_well(complaint: Callable[[], str | None], seconds: float | None = None) -> None:
    """Ask until there is no complaint; when patience is over, the last one fails the test."""
    deadline = time.monotonic() + (patience() if seconds is None else seconds)
    while (wrong := complaint()) is not None:
        if time.monotonic() > deadline:
            pytest.fail(wrong, pytrace=False)
        time.sleep(PAUSE_SECONDS)
