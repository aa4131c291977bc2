"""Services are started before, between and after what they need and each other: each order ends ready."""

import time
from random import Random

import pytest

from chatdb.local.platform import Platform
from tests.local.clients import smoke_run

DOWN = ((), ("postgres",), ("minio", "postgres"), ("kafka", "minio"))
"""What is down before the start, besides all services; the rest has run all the time."""
SEEDS = range(12)
PAUSES = (0.0, 0.0, 0.5, 1.5)
SECONDS = 120


def stop(running: Platform, names: list[str]) -> None:
    """End these, each as it likes to be ended."""
    for name in names:
        if running.is_service(name):
            running.parts[name].server.ask()
    for name in names:
        part = running.parts[name]
        part.server.stop(part.component.grace_period if running.is_service(name) else 0)


@pytest.mark.parametrize("seed", SEEDS)
def test_all_become_ready(running: Platform, seed: int) -> None:
    """In an order and with pauses that are drawn from the seed; no process ends by itself."""
    random = Random(seed)
    services = [name for name in sorted(running.parts) if running.is_service(name)]
    names = [*services, *DOWN[seed % len(DOWN)]]
    stop(running, names)
    random.shuffle(names)
    print(f"seed {seed}: {', '.join(names)}")
    for name in names:
        running.parts[name].server.start()
        time.sleep(random.choice(PAUSES))
    running.wait(SECONDS)


def test_work_goes_on(running: Platform) -> None:
    """After all of that a user's way through the services is open."""
    run = smoke_run(running)
    assert run["status"] == "passed", run
