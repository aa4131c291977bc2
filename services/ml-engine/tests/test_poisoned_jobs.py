"""Jobs that nobody can work with, before one that is trained: both readers of the topic go on."""

import json
from collections.abc import Iterator
from typing import Any

import poison
import pytest
from fastapi.testclient import TestClient
from kafka_broker import serve_kafka
from object_store_server import StoreSettings
from test_jobs import GOOD, QUICK, Running

from chatdb.local.processes import wait_for
from chatdb_common.ids import new_id
from ml_engine.entrypoints import build
from ml_engine.settings import Settings

JOBS, EVENTS = "training_jobs", "training_events"
SQL = "x'); DROP TABLE models; --"
DEEP: Any = json.loads("[" * 150 + "]" * 150)


@pytest.fixture
def kafka(engine: Running, object_store_settings: StoreSettings) -> Iterator[str]:
    """A broker, and the whole service on it, with a real registry and a real store."""
    stored = object_store_settings.model_dump(include={"s3_endpoint", "aws_access_key_id", "aws_secret_access_key"})
    with serve_kafka() as address:
        settings = Settings(
            kafka_bootstrap_servers=address,
            model_registry_url=engine.url,
            training_topic=JOBS,
            events_topic=EVENTS,
            prediction_topic="predictions",
            **stored,
        )
        poison.send(address, JOBS, [])
        with TestClient(build(settings)):
            yield address


def job(**changes: Any) -> bytes:
    """One that can be done, but for the changes."""
    given = {"type": "job_requested", "job_id": str(new_id()), "attempt": 1, "model_name": "house"}
    place = {"dataset_location": "s3://datasets/job.csv", "hyperparameters": QUICK}
    return json.dumps(given | place | changes).encode()


def told(kafka: str) -> dict[str, list[dict[str, Any]]]:
    """The events of each job, in their order."""
    events: dict[str, list[dict[str, Any]]] = {}
    for one in map(json.loads, poison.values(kafka, EVENTS)):
        events.setdefault(one["job_id"], []).append(one)
    return events


def test_poison_is_put_aside_and_the_next_job_is_done(engine: Running, kafka: str) -> None:
    """What is no job is put aside once; who ordered something impossible is told why."""
    engine.put(GOOD)
    bad = [job(job_id="x"), job(attempt=0), job(type="explode"), job(hyperparameters=7), job(task="clustering")]
    failing = {
        job(model_name="../models"): "refused",
        job(model_name=SQL): "refused",
        job(dataset_location=f"s3://{SQL}/x.csv"): "no location",
        job(dataset_location=f"s3://datasets/{SQL}"): "no data set",
        job(dataset_location="s3://datasets/a\0b"): "no location",
        job(dataset_location="s3://datasets/" + "x" * 1000): "no location",
        job(dataset_location="s3://datasets/" + "long/" * 1000): "longer than 1024 bytes",
        job(dataset_location="s3://datasets/../../secret.csv"): "no location",
        job(target_column=SQL): "no column",
        job(hyperparameters={"folds": DEEP}): "folds",
        job(hyperparameters={"folds": 1e400}): "folds",
        job(attempt=10**30, hyperparameters={SQL: 1}): SQL,
    }
    good = job()
    poison.send(kafka, JOBS, [*poison.UNREADABLE, *bad, *failing, good])
    last = json.loads(good)["job_id"]
    wait_for("the last job is done", poison.SECONDS, lambda: told(kafka).get(last, [{}])[-1].get("type") == "succeeded")
    letters = poison.letters(kafka, JOBS)
    assert [letter.value for letter in letters] == [*(value or b"" for value in poison.UNREADABLE), *bad]
    assert {letter.reason.partition(":")[0] for letter in letters} == {"ValidationError"}
    events = told(kafka)
    for sent, reason in failing.items():
        ends = [event for event in events[json.loads(sent)["job_id"]] if event["type"] != "heartbeat"]
        assert [end["type"] for end in ends] == ["started", "failed"]
        assert reason in ends[-1]["error"], ends
    assert len(events) == len(failing) + 1
