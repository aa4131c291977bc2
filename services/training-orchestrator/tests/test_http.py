"""The HTTP door on a real PostgreSQL."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from prometheus_client import REGISTRY
from psycopg.errors import DivisionByZero
from psycopg.pq import Trace

from chatdb_common import database as db
from chatdb_common import telemetry
from chatdb_common.columns import Column, DataSet, Reading
from chatdb_common.database import Pool
from chatdb_common.idempotency import Reply, once
from chatdb_common.ids import new_id
from chatdb_common.messages import Promotion, TrainingEvent, TrainingEventType, TrainingResult
from chatdb_common.service import Service
from training_orchestrator import service_layer
from training_orchestrator.adapters import PostgresWork, begin
from training_orchestrator.domain import MOST_ATTEMPTS, Job, Transition, UnknownJob
from training_orchestrator.entrypoints import Begin, add_problems, routes
from training_orchestrator.service_layer import Intake, Order, cancel_job, note_event, return_expired
from training_orchestrator.settings import Settings

ORDER = {"model_name": "test-model", "dataset_location": "s3://test/data.csv"}
EMPTY: dict[str, Any] = {"warnings": [], "promotion": None, "trained_on": None, "columns": []}
RESULT = TrainingResult(model_name="test-model", version=1, sha256="0" * 64, metrics={}, task="classification")


@dataclass
class Bell:
    """Counts what would wake the relay."""

    rung: int = 0

    def wake(self) -> None:
        """One more."""
        self.rung += 1


@dataclass
class Running:
    """The service's HTTP door, and what lies behind it."""

    client: TestClient
    pool: Pool
    begin: Begin
    bell: Bell = field(default_factory=Bell)

    def submit(self, **headers: str) -> dict[str, Any]:
        """The job that was made for ORDER."""
        response = self.client.post("/jobs", json=ORDER, headers=headers)
        assert response.status_code == 201, response.text
        job: dict[str, Any] = response.json()
        return job

    def hear(self, job: dict[str, Any], kind: TrainingEventType, attempt: int = 1) -> TrainingEvent:
        """Handle a worker's event, as the consumer does."""
        result = RESULT if kind is TrainingEventType.SUCCEEDED else None
        event = TrainingEvent(type=kind, job_id=job["id"], attempt=attempt, worker="w1", result=result, error="bad")
        self.handle(event)
        return event

    def handle(self, event: TrainingEvent) -> None:
        """One delivery."""
        with self.begin() as work:
            note_event(work, event)

    def rows(self, query: str) -> list[dict[str, Any]]:
        """What the service's own role reads."""
        with self.pool.connection() as connection:
            return connection.execute(query.encode()).fetchall()

    def sent(self) -> list[tuple[str, int]]:
        """Type and attempt of each message in the outbox."""
        return [(r["payload"]["type"], r["payload"]["attempt"]) for r in self.rows("SELECT * FROM outbox ORDER BY id")]


@pytest.fixture
def service(database_url: Callable[[str], str]) -> Iterator[Running]:
    """The service without Kafka."""
    settings = Settings(
        database_url=database_url("orchestrator"),
        kafka_bootstrap_servers="127.0.0.1:1",
        training_topic="training_jobs",
        events_topic="training_events",
    )
    pool = db.open_pool(settings)
    begin_work = partial(begin, pool, settings)
    bell = Bell()
    app = Service(settings=settings, closers=(pool.close,), unavailable=db.TRANSIENT).app()
    app.include_router(routes(begin_work, bell))
    add_problems(app)
    with TestClient(app) as client:
        yield Running(client, pool, begin_work, bell)


def test_submitted_job_waits_and_is_sent(service: Running) -> None:
    """A job is answered with a relative Location, and its message is decided with it."""
    response = service.client.post("/jobs", json={**ORDER, "cpu_request": 1})
    assert response.status_code == 201
    job = response.json()
    assert response.headers["location"] == f"jobs/{job['id']}"
    assert UUID(job["id"]).version == 7
    assert (job["status"], job["cpu_request"], job["target_column"]) == ("QUEUED", 1.0, None)
    assert service.sent() == [("job_requested", 1)]
    assert service.bell.rung == 1


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"model_name": "no spaces"}, "model_name"),
        ({"dataset_location": "http://x/y"}, "dataset_location"),
        ({"cpu_request": -1}, "cpu_request"),
        ({"task": "clustering"}, "task"),
        ({"surprise": 1}, "surprise"),
        ({"target_column": "a\0b"}, "target_column"),
        ({"hyperparameters": {"a": ["\ud800"]}}, "hyperparameters"),
        ({"hyperparameters": {"a": float("nan")}}, "hyperparameters"),
    ],
)
def test_bad_order_names_its_field(service: Running, change: dict[str, Any], name: str) -> None:
    """What is refused is a problem that names the field, and leaves nothing behind."""
    content = json.dumps({**ORDER, **change})
    response = service.client.post("/jobs", content=content, headers={"Content-Type": "application/json"})
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert [error["field"].split(".")[0] for error in response.json()["errors"]] == [name]
    assert service.rows("SELECT id FROM jobs") == []


def test_same_key_same_answer(service: Running) -> None:
    """The same key and body is one job; the same key with another body is refused."""
    first = service.submit(**{"Idempotency-Key": "k1"})
    assert service.submit(**{"Idempotency-Key": "k1"}) == first
    assert service.submit(**{"Idempotency-Key": "k2"})["id"] != first["id"]
    other = service.client.post("/jobs", json={**ORDER, "model_name": "other"}, headers={"Idempotency-Key": "k1"})
    assert other.status_code == 422
    assert len(service.rows("SELECT id FROM jobs")) == 2


def test_key_in_flight(service: Running) -> None:
    """While a request with the key is under way in another replica, a second one is told so."""
    with service.begin() as work:
        once(work.connection, scope="POST /jobs", key="k", request=ORDER, act=lambda: Reply(201, {}))
        second = service.client.post("/jobs", json=ORDER, headers={"Idempotency-Key": "k"})
    assert (second.status_code, second.headers["retry-after"]) == (409, "1")


def test_key_twice_at_once(service: Running) -> None:
    """Requests that share a transaction share the answer to their key, and make one job."""
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: service.submit(**{"Idempotency-Key": "k"}), range(16)))
    assert all(answer == answers[0] for answer in answers)
    assert len(service.rows("SELECT id FROM jobs")) == 1


def test_poison_takes_no_other_job_with_it(service: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """An order that the database refuses is an error of its own, whoever shares its transaction."""
    add = PostgresWork.add

    def refused(work: PostgresWork, job: Job, transition: Transition) -> None:
        if job.model_name == "poison":
            work.connection.execute("SELECT 1 / 0")
        add(work, job, transition)

    monkeypatch.setattr(PostgresWork, "add", refused)

    def post(name: str) -> int:
        # The test's client raises what a server would answer with 500.
        with suppress(DivisionByZero):
            return service.client.post("/jobs", json={**ORDER, "model_name": name}).status_code
        return 500

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(post, ["poison" if number == 3 else "good" for number in range(16)]))
    assert statuses == [500 if number == 3 else 201 for number in range(16)]
    assert len(service.rows("SELECT id FROM jobs")) == 15


def test_refused_request_does_not_use_its_key(service: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key whose request met a full queue works later."""
    monkeypatch.setattr(service_layer, "MOST_QUEUED", 0)
    refused = service.client.post("/jobs", json=ORDER, headers={"Idempotency-Key": "k"})
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "10")
    monkeypatch.setattr(service_layer, "MOST_QUEUED", 1)
    assert service.submit(**{"Idempotency-Key": "k"})["status"] == "QUEUED"


def test_queue_bound_holds_under_concurrency(service: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many requests at once exactly as many are taken as there is room."""
    monkeypatch.setattr(service_layer, "MOST_QUEUED", 5)
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: service.client.post("/jobs", json=ORDER).status_code, range(20)))
    assert sorted(statuses) == [201] * 5 + [429] * 15


def test_jobs_are_kept_in_four_exchanges(service: Running, tmp_path: Path) -> None:
    """However many they are, nobody else adds a job meanwhile: BEGIN, the count, the rows, and the commit."""
    trace = tmp_path / "trace"
    with trace.open("w") as file:
        with service.begin() as work:
            spoken = work.connection.pgconn
            spoken.trace(file.fileno())
            spoken.set_trace_flags(Trace.SUPPRESS_TIMESTAMPS)
            with work.together():
                intake = Intake(work)
                for _ in range(5):
                    intake.submit(Order(**ORDER))
        spoken.untrace()
    lines = trace.read_text().splitlines()
    assert [side for side, _ in groupby(lines, lambda line: line[0])] == ["F", "B"] * 4, lines


def test_list_pages_without_gaps(service: Running) -> None:
    """Following the cursor gives every job once, newest first, also when new ones come meanwhile."""
    ids = [service.submit()["id"] for _ in range(5)]
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = service.client.get("/jobs", params={"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        seen += [job["id"] for job in page["items"]]
        service.submit()
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == ids[::-1]


def test_list_filters(service: Running) -> None:
    """By status and by model."""
    job = service.submit()
    service.client.post("/jobs", json={**ORDER, "model_name": "other"})
    service.hear(job, TrainingEventType.STARTED)
    assert [j["id"] for j in service.client.get("/jobs", params={"status": "RUNNING"}).json()["items"]] == [job["id"]]
    jobs = service.client.get("/jobs", params={"model_name": "other", "status": "QUEUED"}).json()["items"]
    assert [j["model_name"] for j in jobs] == ["other"]


@pytest.mark.parametrize("query", ["cursor=x", "cursor=WyIxIl0", "status=LOST", "limit=0", "surprise=1"])
def test_bad_query(service: Running, query: str) -> None:
    """A list that cannot be asked for is refused."""
    assert service.client.get(f"/jobs?{query}").status_code == 422


def test_history_is_timed(service: Running) -> None:
    """A job shows each change of status with its time, oldest first."""
    job = service.submit()
    for kind in (TrainingEventType.STARTED, TrainingEventType.HEARTBEAT, TrainingEventType.SUCCEEDED):
        service.hear(job, kind)
    current = service.client.get(f"/jobs/{job['id']}").json()
    assert current["result"]["version"] == 1
    steps = current["transitions"]
    assert [(step["from_status"], step["to_status"]) for step in steps] == [
        (None, "QUEUED"),
        ("QUEUED", "RUNNING"),
        ("RUNNING", "SUCCEEDED"),
    ]
    assert [step["at"] for step in steps] == sorted(step["at"] for step in steps)


WIDE = RESULT.model_copy(
    update={
        "warnings": ["the model does not beat its baseline"],
        "promotion": Promotion(champion=False, why="it does not beat its baseline"),
        "trained_on": DataSet(sha256="0" * 64, read_as="Parquet"),
        "columns": [
            Column(name="id", role="ignored", why="looks like an identifier"),
            Column(name="price", role="number", why="numbers", reading=Reading(kind="number", decimal=",")),
        ],
    }
)


def test_finished_job_says_what_was_done_with_each_column(service: Running) -> None:
    """By itself; a list has no room for it, and is told all else."""
    job = service.submit()
    told = TrainingEvent(type=TrainingEventType.SUCCEEDED, job_id=job["id"], attempt=1, worker="w1", result=WIDE)
    service.handle(TrainingEvent.model_validate_json(told.model_dump_json()))
    shown = service.client.get(f"/jobs/{job['id']}").json()["result"]
    assert shown == WIDE.model_dump(mode="json")
    assert shown["columns"] == [
        {"name": "id", "role": "ignored", "why": "looks like an identifier"},
        {"name": "price", "role": "number", "why": "numbers", "reading": {"kind": "number", "decimal": ","}},
    ]
    listed = service.client.get("/jobs").json()["items"][0]["result"]
    assert listed == {name: value for name, value in shown.items() if name != "columns"}


def test_event_of_an_older_release_is_a_result(service: Running) -> None:
    """It says nothing of columns; and what it has stored is shown as it is."""
    job = service.submit()
    before = {name: value for name, value in RESULT if name in {"model_name", "version", "sha256", "metrics", "task"}}
    told = {"type": "succeeded", "job_id": job["id"], "attempt": 1, "worker": "w1", "result": before}
    service.handle(TrainingEvent.model_validate_json(json.dumps(told)))
    assert service.client.get(f"/jobs/{job['id']}").json()["result"] == {**before, **EMPTY}
    other = service.submit()
    service.hear(other, TrainingEventType.STARTED)
    over = (
        "status = 'SUCCEEDED', version = version + 1, lease_owner = NULL, lease_expires_at = NULL, finished_at = now()"
    )
    result = json.dumps(before)
    service.rows(f"UPDATE jobs SET {over}, result = '{result}' WHERE id = '{other['id']}' RETURNING id")
    assert service.client.get(f"/jobs/{other['id']}").json()["result"] == before
    assert service.client.get("/jobs").json()["items"][0]["result"] == before


def test_cancel(service: Running) -> None:
    """A cancelled job stays cancelled and the worker is told; one that has ended is a conflict."""
    job = service.submit()
    service.hear(job, TrainingEventType.STARTED)
    for _ in range(2):
        response = service.client.post(f"/jobs/{job['id']}/cancel")
        assert (response.status_code, response.json()["status"]) == (200, "CANCELLED")
    assert service.sent() == [("job_requested", 1), ("job_cancelled", 1)]
    service.hear(job, TrainingEventType.SUCCEEDED)
    assert service.client.get(f"/jobs/{job['id']}").json()["status"] == "CANCELLED"
    done = service.submit()
    service.hear(done, TrainingEventType.SUCCEEDED)
    assert service.client.post(f"/jobs/{done['id']}/cancel").status_code == 409


def test_unknown_job(service: Running) -> None:
    """There is no such job: for a reader a problem, for an event an error that puts it aside."""
    assert service.client.get(f"/jobs/{new_id()}").status_code == 404
    assert service.client.get("/jobs/x").status_code == 422
    with pytest.raises(UnknownJob):
        service.hear({"id": str(new_id())}, TrainingEventType.STARTED)


def test_reason_that_no_database_holds(service: Running) -> None:
    """A worker quotes the data: the job fails with the reason all the same, and not with endless text."""
    job = service.submit()
    told = {
        "type": "failed",
        "job_id": job["id"],
        "attempt": 1,
        "worker": "w1",
        "error": "no column 'a\0b'" + "x" * 9000,
    }
    service.handle(TrainingEvent.model_validate_json(json.dumps(told)))
    current = service.client.get(f"/jobs/{job['id']}").json()
    assert current["status"] == "FAILED"
    assert current["error"].startswith("no column 'a\ufffdb'")
    assert len(current["error"]) == 4000


def test_second_delivery_counts_once(service: Running) -> None:
    """The same event, delivered again and by two replicas at once, has one effect."""
    job = service.submit()
    event = service.hear(job, TrainingEventType.STARTED)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: service.handle(event), range(8)))
    assert len(service.client.get(f"/jobs/{job['id']}").json()["transitions"]) == 2


def test_dead_worker_gives_the_job_back(service: Running) -> None:
    """An expired lease queues the job again and sends the next attempt; two reapers return it once."""
    job = service.submit()
    service.hear(job, TrainingEventType.STARTED)
    service.rows("UPDATE jobs SET lease_expires_at = now() - interval '1 second' RETURNING id")

    def reap(_: int) -> int:
        with service.begin() as work:
            return return_expired(work)

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(reap, range(4))) == 1
    assert service.client.get(f"/jobs/{job['id']}").json()["status"] == "QUEUED"
    assert service.sent() == [("job_requested", 1), ("job_requested", 2)]
    service.hear(job, TrainingEventType.SUCCEEDED, attempt=1)
    assert service.client.get(f"/jobs/{job['id']}").json()["status"] == "QUEUED"
    service.hear(job, TrainingEventType.SUCCEEDED, attempt=2)
    assert service.client.get(f"/jobs/{job['id']}").json()["status"] == "SUCCEEDED"


PARENTS = [f"00-{n}af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" for n in range(2)]


def ordered(service: Running, parent: str) -> dict[str, Any]:
    """The id of a job that was ordered in this trace."""
    with telemetry.continued({"traceparent": parent}), service.begin() as work:
        return {"id": str(Intake(work).submit(Order(**ORDER)).id)}


def give_up(service: Running, job: dict[str, Any], attempt: int) -> None:
    """A worker starts the attempt, is not heard of again, and the reaper finds that."""
    service.hear(job, TrainingEventType.STARTED, attempt=attempt)
    service.rows("UPDATE jobs SET lease_expires_at = now() - interval '1 second' WHERE status = 'RUNNING' RETURNING id")
    with service.begin() as work:
        assert return_expired(work) == 1


def test_job_of_a_dead_worker_continues_its_trace(service: Running) -> None:
    """Each attempt, and the end of the last one, has the parent that the first one has: the request for the job."""
    jobs = [ordered(service, parent) for parent in PARENTS]
    for attempt in range(1, MOST_ATTEMPTS + 1):
        for job in jobs:
            give_up(service, job, attempt)
    assert [service.client.get(f"/jobs/{job['id']}").json()["status"] for job in jobs] == ["FAILED"] * 2
    rows = service.rows("SELECT key, headers FROM outbox ORDER BY id")
    for job, parent in zip(jobs, PARENTS, strict=True):
        sent = [row["headers"] for row in rows if row["key"] == job["id"]]
        assert sent == [{"traceparent": parent}] * (MOST_ATTEMPTS + 1)


def test_job_without_a_trace_is_ordered_again_all_the_same(service: Running) -> None:
    """As jobs are that were kept before traces were."""
    job = ordered(service, PARENTS[0])
    service.rows("UPDATE jobs SET trace = DEFAULT RETURNING id")
    give_up(service, job, 1)
    assert service.sent()[-1] == ("job_requested", 2)
    assert service.rows("SELECT headers FROM outbox ORDER BY id")[-1]["headers"] == {}


def counted(name: str, **labels: str) -> float:
    """What Prometheus would be told."""
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_changes_are_counted_once_they_are_committed(service: Running) -> None:
    """From the queue to the end, with the time that each part took; what is undone is not counted."""
    ends = ("none", "QUEUED"), ("QUEUED", "RUNNING"), ("RUNNING", "SUCCEEDED")

    def figures() -> list[float]:
        moves = [counted("training_job_transitions_total", from_status=a, to_status=b) for a, b in ends]
        waits = counted("training_job_wait_seconds_count")
        return [*moves, waits, counted("training_job_duration_seconds_count", status="SUCCEEDED")]

    before = figures()
    cancelled = counted("training_job_transitions_total", from_status="QUEUED", to_status="CANCELLED")
    job = service.submit()
    with suppress(RuntimeError), service.begin() as work:
        cancel_job(work, UUID(job["id"]))
        raise RuntimeError
    service.hear(job, TrainingEventType.SUCCEEDED)
    assert [now - then for now, then in zip(figures(), before, strict=True)] == [1, 1, 1, 1, 1]
    assert counted("training_job_transitions_total", from_status="QUEUED", to_status="CANCELLED") == cancelled
