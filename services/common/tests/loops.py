"""A service of one loop, and a clock of the test's own that all loops go by."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

import pytest
from fastapi.testclient import TestClient

from chatdb_common import health
from chatdb_common.service import Service
from chatdb_common.settings import KafkaSettings
from chatdb_common.workers import Worker

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


def die(*_: object) -> None:
    """No Exception: the loop does not survive it."""
    raise SystemExit
