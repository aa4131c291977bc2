"""Events that nobody can work with, before one that counts: put aside, and the whole service goes on."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import poison
import pytest
from fastapi.testclient import TestClient
from kafka_broker import serve_kafka
from test_http import ORDER

from chatdb.local.processes import wait_for
from chatdb_common.ids import new_id
from chatdb_common.workers import Worker
from training_orchestrator.entrypoints import build
from training_orchestrator.settings import Settings

EVENTS = "training_events"
SQL = "w'); DROP TABLE jobs; --"
RESULT = {"model_name": "m", "version": 1, "sha256": "0" * 64, "metrics": {"r2": 0.5}, "task": "regression"}


@pytest.fixture
def kafka() -> Iterator[str]:
    """A broker for this test."""
    with serve_kafka() as address:
        yield address


@pytest.fixture
def client(database_url: Callable[[str], str], kafka: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """The whole service, which does not wait long between its tries."""
    monkeypatch.setattr(Worker, "longest_pause", 0.01)
    settings = Settings(
        database_url=database_url("orchestrator"),
        kafka_bootstrap_servers=kafka,
        training_topic="training_jobs",
        events_topic=EVENTS,
    )
    with TestClient(build(settings)) as test_client:
        yield test_client


def event(job_id: object, **changes: Any) -> bytes:
    """One of a worker that has started, but for the changes."""
    told = {"message_id": new_id(), "type": "started", "job_id": job_id, "attempt": 1, "worker": "w"}
    return json.dumps(told | changes, default=str).encode()


def test_poison_is_put_aside_and_the_next_event_counts(client: TestClient, kafka: str) -> None:
    """Each once and as it came, with its reason; what no database holds changes nothing of the job."""
    job = client.post("/jobs", json=ORDER).json()["id"]
    nan = {**RESULT, "metrics": {"r2": float("nan")}}
    bad = {
        event("x"): "ValidationError",
        event(job, type="exploded"): "ValidationError",
        event(job, attempt=0): "ValidationError",
        event(job, worker="w" * 300): "ValidationError",
        event(job, type="succeeded"): "ValidationError",
        event(new_id()): "UnknownJob",
        event(job, worker="a\0b"): "DataError",
        event(job, type="succeeded", result=nan): "InvalidTextRepresentation",
        event(job, type="succeeded", result={**RESULT, "model_name": "a\0b"}): "UntranslatableCharacter",
    }
    harmless = [event(job, attempt=10**30), event(job, error="x" * 500_000, type="heartbeat", attempt=7)]
    good = event(job, worker=SQL)
    poison.send(kafka, EVENTS, [*poison.UNREADABLE, *bad, *harmless, good])
    wait_for("the job runs", poison.SECONDS, lambda: client.get(f"/jobs/{job}").json()["status"] == "RUNNING")
    letters = poison.letters(kafka, EVENTS)
    assert [letter.value for letter in letters] == [*(value or b"" for value in poison.UNREADABLE), *bad]
    reasons = [letter.reason.partition(":")[0] for letter in letters]
    assert reasons == ["ValidationError"] * len(poison.UNREADABLE) + list(bad.values())
    history = client.get(f"/jobs/{job}").json()["transitions"]
    assert [step["reason"] for step in history] == [None, f"attempt 1 by worker {SQL}"]
