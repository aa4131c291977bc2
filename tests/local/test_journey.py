"""A user's way through the five services, on real servers: from a data set to predictions, and from words to SQL."""

import json
from typing import Any
from uuid import uuid4

import pytest

from chatdb.local.platform import Platform
from chatdb.local.processes import wait_for
from tests.local.clients import ask, kafka, message, smoke_run, upload
from tests.repository import ROOT

DATA = ROOT / "catalogue/files/object-store-buckets/data.csv"
MODEL = "journey"
SECONDS = 180
INSTANCES = [
    {"rows_scanned": 120, "joins": 0, "indexed": "yes", "hour": 9, "table": "users"},
    {"rows_scanned": 900_000, "joins": 3, "indexed": "no", "hour": 20, "table": "orders"},
]


@pytest.fixture(scope="module")
def job(running: Platform) -> dict[str, Any]:
    """A job on a data set of the user's own, when it has ended."""
    upload(running, DATA, "datasets/journey.csv")
    order = {"model_name": MODEL, "dataset_location": "s3://datasets/journey.csv"}
    url = running.url("training-orchestrator")
    status, made, headers = ask(f"{url}/jobs", order)
    assert (status, made["status"]) == (201, "QUEUED"), made
    location = f"{url}/{headers['Location']}"

    def over() -> bool:
        made.update(ask(location)[1])
        return made["status"] in ("SUCCEEDED", "FAILED", "CANCELLED")

    wait_for("the job has ended", SECONDS, over)
    return dict(made)


@pytest.fixture(scope="module")
def champion(running: Platform, job: dict[str, Any]) -> dict[str, Any]:
    """The alias of the best version: the first one that beats its baseline becomes it by itself."""
    status, alias, _ = ask(f"{running.url('model-registry')}/models/{MODEL}/aliases/champion")
    assert status == 200, alias
    assert alias["version"] == job["result"]["version"]
    return dict(alias)


def test_job_is_trained(job: dict[str, Any]) -> None:
    """It was queued, run once and ended well, and says how good its model is, and what it has learned from."""
    assert job["status"] == "SUCCEEDED", job["error"]
    assert [step["to_status"] for step in job["transitions"]] == ["QUEUED", "RUNNING", "SUCCEEDED"]
    assert (job["attempts"], job["result"]["task"]) == (1, "classification")
    metrics = job["result"]["metrics"]
    assert metrics["balanced_accuracy"] > metrics["baseline_balanced_accuracy"]
    roles = {column["name"]: column["role"] for column in job["result"]["columns"]}
    assert list(roles) == ["rows_scanned", "joins", "indexed", "hour", "table", "slow"]
    assert set(roles.values()) == {"number", "word", "target"}


def test_model_is_registered(running: Platform, job: dict[str, Any]) -> None:
    """The registry has the version whole, with the digest that the job named."""
    url = f"{running.url('model-registry')}/models/{MODEL}/versions/{job['result']['version']}"
    status, version, _ = ask(url)
    assert status == 200, version
    assert (version["sha256"], version["job_id"]) == (job["result"]["sha256"], job["id"])


def test_prediction(running: Platform, champion: dict[str, Any]) -> None:
    """The champion answers for each instance, and Kafka hears of it."""
    request = {"model_name": MODEL, "alias": "champion", "instances": INSTANCES}
    status, answer, _ = ask(f"{running.url('ml-engine')}/ml/predict", request)
    assert status == 200, answer
    assert answer["predictions"] == ["no", "yes"]
    seen = message(running, "predictions", "model_name", MODEL)
    assert (seen["predictions"], seen["version"]) == (answer["predictions"], champion["version"])


def test_question_over_kafka(running: Platform) -> None:
    """A message on queries is answered on query_results, as POST /parse answers it."""
    query = {"query_id": str(uuid4()), "message_id": str(uuid4()), "query": "how many jobs failed last week"}
    kafka(running, "kafka-console-producer", "--topic", "queries", given=json.dumps(query) + "\n")
    seen = message(running, "query_results", "query_id", query["query_id"])
    status, answer, _ = ask(f"{running.url('query-parser')}/parse", {"query": query["query"]})
    assert status == 200, answer
    assert answer["sql"].upper().startswith("SELECT")
    assert (seen["sql"], seen["tables"]) == (answer["sql"], answer["tables"])


def test_smoke_run(running: Platform) -> None:
    """The platform's own journey, which test-service plays, passes."""
    run = smoke_run(running)
    assert run["status"] == "passed", run
