"""A job from its message to its last event, on a real registry, a real S3 server and a real PostgreSQL."""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from object_store_server import StoreSettings
from prometheus_client import generate_latest
from serving import serving

from chatdb_common import object_store
from chatdb_common.ids import new_id
from chatdb_common.messages import JobMessage, JobMessageType, Prediction, TrainingEvent, TrainingEventType
from chatdb_common.service import Service
from chatdb_common.settings import ObjectStoreSettings
from ml_engine import service_layer
from ml_engine.domain import Interrupted
from ml_engine.entrypoints import add_problems, build, routes
from ml_engine.models import Models
from ml_engine.registry import Down, Refused, Registry
from ml_engine.service_layer import Trainer
from ml_engine.settings import Settings, store_variables
from ml_engine.signature import Signature, plain
from ml_engine.training_process import TrainingProcess
from model_registry.entrypoints import build as build_registry
from model_registry.settings import Settings as RegistrySettings

GOOD = b"size,town,large\n" + b"".join(
    b"%d,%s,%s\n" % (n, b"north" if n % 3 else b"south", b"yes" if n > 40 else b"no") for n in range(80)
)
# The same features, and a target that follows from nothing.
WORSE = b"size,town,large\n" + b"".join(
    b"%d,%s,%s\n" % (n, b"north" if n % 3 else b"south", b"yes" if n * 7919 % 13 % 2 else b"no") for n in range(80)
)
QUICK = {"model": "linear", "folds": 2}
BUSY_SECONDS = 60
"""A busy machine is no registry that does not answer."""
INSTANCE = {"size": 70, "town": "north"}


@dataclass
class Running:
    """A worker and the HTTP door of ml-engine, with what they told Kafka."""

    trainer: Trainer
    registry: Registry
    models: Models
    http: TestClient
    url: str
    put: Callable[[bytes], None]
    events: list[TrainingEvent] = field(default_factory=list)
    predictions: list[Prediction] = field(default_factory=list)
    cancelled: set[Any] = field(default_factory=set)

    def train(self, body: bytes = GOOD, **more: Any) -> JobMessage:
        """Do one job with this data set."""
        self.put(body)
        message = job(**more)
        self.trainer.handle(message)
        return message

    def told(self) -> list[str]:
        """The types of the events but for heartbeats."""
        return [event.type.value for event in self.events if event.type is not TrainingEventType.HEARTBEAT]


def job(**more: Any) -> JobMessage:
    """A job of model `house` on the data set."""
    given = {"model_name": "house", "dataset_location": "s3://datasets/job.csv", "hyperparameters": QUICK} | more
    return JobMessage(**{"type": JobMessageType.REQUESTED, "job_id": new_id(), "attempt": 1} | given)


def environment(store: ObjectStoreSettings) -> dict[str, str]:
    """Of a training process that reads from this store."""
    return os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)} | store_variables(store)


@pytest.fixture(scope="session")
def training(object_store_settings: StoreSettings) -> Iterator[TrainingProcess]:
    """One for all jobs, as in the service."""
    process = TrainingProcess(environment(object_store_settings))
    yield process
    process.close()


@pytest.fixture
def engine(
    database_url: Callable[[str], str], object_store_settings: StoreSettings, training: TrainingProcess
) -> Iterator[Running]:
    """ml-engine without Kafka."""
    stored = object_store_settings.model_dump(include={"s3_endpoint", "aws_access_key_id", "aws_secret_access_key"})
    own = RegistrySettings(database_url=database_url("registry"), s3_bucket="model-artifacts", **stored)
    client = object_store.connect(object_store_settings)
    with serving(build_registry(own)) as url:
        registry, models = Registry(url, patience=1.0, timeout=httpx.Timeout(BUSY_SECONDS)), Models()
        events: list[TrainingEvent] = []
        predictions: list[Prediction] = []
        cancelled: set[Any] = set()
        app = Service(settings=settings_for(url), unavailable=(Down,)).app()
        app.include_router(routes(registry, models, predictions.append))
        add_problems(app)
        trainer = Trainer(
            learn=training.learn,
            registry=registry,
            publish=events.append,
            over=lambda job_id, _attempt: job_id in cancelled,
            ending=lambda: False,
        )

        def put(body: bytes) -> None:
            client.put_object(Bucket="datasets", Key="job.csv", Body=body)

        with TestClient(app) as http:
            yield Running(trainer, registry, models, http, url, put, events, predictions, cancelled)
        registry.close()


def settings_for(url: str) -> Settings:
    """With dependencies that are not there."""
    return Settings(
        kafka_bootstrap_servers="127.0.0.1:1",
        s3_endpoint="http://127.0.0.1:1",
        aws_access_key_id="a",
        aws_secret_access_key="b",
        model_registry_url=url,
        training_topic="training_jobs",
        events_topic="training_events",
        prediction_topic="predictions",
    )


def test_job_becomes_a_champion_that_predicts(engine: Running) -> None:
    """Started, succeeded; the version is registered under its digest, is champion, and answers; Kafka hears of it."""
    engine.train()
    assert engine.told() == ["started", "succeeded"]
    result = engine.events[-1].result
    assert result is not None
    assert (result.version, result.task) == (1, "classification")
    instances = [INSTANCE, INSTANCE | {"size": 5}]
    answer = engine.http.post("/ml/predict", json={"model_name": "house", "instances": instances})
    assert answer.status_code == 200, answer.text
    assert answer.json()["predictions"] == ["yes", "no"]
    assert answer.json()["sha256"] == result.sha256
    assert [(told.version, told.instances) for told in engine.predictions] == [(1, 2)]
    assert [loaded["sha256"] for loaded in engine.http.get("/ml/models").json()] == [result.sha256]


def test_second_delivery_makes_no_second_version(engine: Running) -> None:
    """The job is done twice, and its version is one."""
    message = engine.train()
    engine.trainer.handle(message)
    results = [event.result for event in engine.events if event.result is not None]
    assert len(results) == 2
    first, second = (result.model_dump(exclude={"promotion"}) for result in results)
    assert first == second
    assert [result.promotion and result.promotion.champion for result in results] == [True, True]


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"dataset_location": "s3://datasets/nowhere.csv"}, "no data set"),
        ({"target_column": "nothing"}, "no column 'nothing'"),
        ({"task": "regression"}, "needs numbers"),
        ({"hyperparameters": {"depth": 3}}, "depth"),
        ({"hyperparameters": {"folds": "many"}}, "folds"),
        ({"model_name": "../x"}, "refused"),
    ],
)
def test_what_cannot_be_done_fails_with_a_reason(engine: Running, more: dict[str, Any], reason: str) -> None:
    """A failed event for whoever sent the job, and no error of the worker."""
    engine.train(**more)
    assert engine.told() == ["started", "failed"]
    assert reason in (engine.events[-1].error or "")


def test_cancelled_job_is_dropped(engine: Running) -> None:
    """Before it starts, nothing is told; while it runs, it ends without a result."""
    message = job()
    engine.cancelled.add(message.job_id)
    engine.trainer.handle(message)
    assert engine.events == []
    engine.put(GOOD)
    late = job()
    looks = iter([False])
    replace(engine.trainer, over=lambda _job_id, _attempt: next(looks, True)).handle(late)
    assert engine.told() == ["started"]


def test_end_of_the_process_leaves_the_job_to_others(engine: Running) -> None:
    """It raises, so that the message is not committed, and nothing is said to have failed."""
    engine.put(GOOD)
    with pytest.raises(Interrupted):
        replace(engine.trainer, ending=lambda: True).handle(job())
    assert engine.told() == ["started"]


def test_worker_says_that_it_is_alive(engine: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the job goes on."""
    monkeypatch.setattr(service_layer, "HEARTBEAT_SECONDS", 0.01)
    engine.train()
    assert TrainingEventType.HEARTBEAT in {event.type for event in engine.events}


def test_registry_that_is_down_is_no_failure_of_the_job(engine: Running) -> None:
    """It raises what is tried again, after some retries, which export no metric that is not documented."""
    engine.put(GOOD)
    away = Registry("http://127.0.0.1:1", patience=0.2)
    with pytest.raises(Down):
        replace(engine.trainer, registry=away).handle(job())
    assert engine.told() == ["started"]
    assert "stamina" not in generate_latest().decode()


@pytest.mark.parametrize(
    ("instances", "field"),
    [
        ([{"size": 1}], "instances.0.town"),
        ([INSTANCE, INSTANCE | {"colour": "red"}], "instances.1.colour"),
        ([INSTANCE | {"size": "large"}], "instances.0.size"),
        ([INSTANCE | {"size": True}], "instances.0.size"),
        ([INSTANCE | {"size": 10**400}], "instances.0.size"),
        ([INSTANCE, INSTANCE | {"size": -1e300}], "instances.1.size"),
        ([], "instances"),
    ],
)
def test_bad_instances_are_told_the_field(engine: Running, instances: list[Any], field: str) -> None:
    """422 with the field; nothing is published."""
    engine.train()
    answer = engine.http.post("/ml/predict", json={"model_name": "house", "instances": instances})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert engine.predictions == []


def test_unknown_model_alias_and_version(engine: Running) -> None:
    """404 each; and both of alias and version are too much."""
    engine.train()
    for more, status in (
        ({"model_name": "nobody"}, 404),
        ({"alias": "candidate"}, 404),
        ({"version": 9}, 404),
        ({"alias": "champion", "version": 1}, 422),
    ):
        request = {"model_name": "house", "instances": [INSTANCE]} | more
        assert engine.http.post("/ml/predict", json=request).status_code == status, more


def test_versions_that_share_an_artifact_keep_their_own_columns(engine: Running) -> None:
    """The same values under other names make the same bytes; each version takes its own columns, loaded or not."""
    rows = b"".join(b"%d,%d,%s\n" % (n, -n, b"yes" if n > 0 else b"no") for n in range(-40, 40))
    engine.train(b"a,b,large\n" + rows)
    engine.train(b"b,a,large\n" + rows)
    first, second = (engine.registry.resolve("house", None, number) for number in (1, 2))
    assert first.sha256 == second.sha256
    for version, instance in ((1, {"a": 5, "b": -5}), (2, {"b": 5, "a": -5}), (1, {"b": -5, "a": 5})):
        request = {"model_name": "house", "version": version, "instances": [instance]}
        answer = engine.http.post("/ml/predict", json=request).json()
        assert (answer["version"], answer["predictions"]) == (version, ["yes"])
        assert [one["version"] for one in engine.http.get("/ml/models").json()] == [version]


@pytest.mark.parametrize("name", ["x'; DROP TABLE models; --", "../house", "house/versions/1", "a\0", "é", ""])
def test_bad_names_are_not_looked_up(engine: Running, name: str) -> None:
    """They would be part of a path."""
    engine.train()
    for given in ({"model_name": name}, {"model_name": "house", "alias": name}):
        answer = engine.http.post("/ml/predict", json={"instances": [INSTANCE]} | given)
        assert (answer.status_code, len(answer.json()["errors"])) == (422, 1), given


def test_artifact_with_a_wrong_digest_is_not_loaded(engine: Running, object_store_settings: StoreSettings) -> None:
    """What lies in the store is not what was registered: no prediction by it, and none is told."""
    engine.train()
    store = object_store.connect(object_store_settings)
    for stored in store.list_objects_v2(Bucket="model-artifacts", Prefix="house/")["Contents"]:
        body = store.get_object(Bucket="model-artifacts", Key=stored["Key"])["Body"].read()
        store.put_object(Bucket="model-artifacts", Key=stored["Key"], Body=body[:-1] + b"?")
    answer = engine.http.post("/ml/predict", json={"model_name": "house", "instances": [INSTANCE]})
    assert answer.status_code == 503
    assert (engine.predictions, engine.models.list()) == ([], [])


def test_loaded_models_are_bounded(engine: Running) -> None:
    """The one that was not used for longest goes; what is loaded is fetched once."""
    engine.train(GOOD)
    engine.train(WORSE)
    first, second = (engine.registry.resolve("house", None, number) for number in (1, 2))
    fetched: list[int] = []

    def fetch(version: Any) -> bytes:
        fetched.append(version.version)
        return engine.registry.artifact(version)

    small = Models(most_bytes=first.size_bytes + second.size_bytes - 1)
    for version in (first, first, second, first):
        small.get(version, fetch)
    assert fetched == [1, 2, 1]
    assert [loaded.version.version for loaded in small.list()] == [1]


def test_model_is_loaded_once_for_all_that_wait(engine: Running) -> None:
    """Requests at once fetch it once."""
    engine.train()
    version = engine.registry.resolve("house", None, 1)
    fetched: list[int] = []
    together = threading.Barrier(8)

    def fetch(version: Any) -> bytes:
        fetched.append(version.version)
        time.sleep(0.2)
        return engine.registry.artifact(version)

    def get(_number: int) -> list[Any]:
        together.wait(20)
        return engine.models.get(version, fetch).predict([INSTANCE])

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(get, range(8))) == [["yes"]] * 8
    assert fetched == [1]


def test_model_that_is_too_large_is_not_fetched(engine: Running) -> None:
    """The registry takes larger artifacts than fit here."""
    engine.train()
    version = engine.registry.resolve("house", None, 1)
    with pytest.raises(Refused, match="bytes"):
        Models(most_bytes=version.size_bytes - 1).get(version, lambda _version: pytest.fail("fetched"))


SIGNATURE = Signature(list(plain(["size"], ["town"])), "large", "classification")
NARROW = replace(SIGNATURE, columns=list(plain(["size"], []))).as_json()


@pytest.mark.parametrize(
    ("signature", "artifact"),
    [
        ({}, None),
        ({"inputs": []}, None),
        ({"inputs": {"numbers": 5, "words": []}, "output": SIGNATURE.as_json()["output"]}, None),
        (NARROW, None),
        (replace(SIGNATURE, whole=True).as_json(), None),
        (SIGNATURE.as_json(), b"no model"),
    ],
)
def test_version_that_is_no_model_is_refused(engine: Running, signature: Any, artifact: bytes | None) -> None:
    """Anybody can register anything: it is a 422, and nothing is published."""
    engine.train()
    body = artifact or engine.registry.artifact(engine.registry.resolve("house", None, 1))
    with httpx.Client(base_url=engine.url) as client:
        client.post("/models/house/versions", json={"format": "onnx", "signature": signature}).raise_for_status()
        client.put("/models/house/versions/2/artifact", content=body).raise_for_status()
    instance = {"size": 70} if signature == NARROW else INSTANCE
    answer = engine.http.post("/ml/predict", json={"model_name": "house", "version": 2, "instances": [instance]})
    assert answer.status_code == 422, answer.text
    assert "errors" not in answer.json()
    assert engine.predictions == []


def test_prediction_that_is_no_number_is_refused(engine: Running) -> None:
    """Numbers that the model can't reckon with are told, before anything is published."""
    rows = b"".join(b"%d,%d\n" % (n, n * 1_000_000) for n in range(80))
    engine.train(b"size,price\n" + rows, task="regression")
    request = {"model_name": "house", "instances": [{"size": 1}, {"size": 3e38}]}
    answer = engine.http.post("/ml/predict", json=request)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "instances.1")
    assert engine.predictions == []


def test_build_needs_nothing_that_runs() -> None:
    """The service starts without its dependencies, is alive, and says what it waits for."""
    with TestClient(build(settings_for("http://127.0.0.1:1"))) as client:
        assert client.get("/health").status_code == 200
        ready = client.get("/ready")
        assert ready.status_code == 503
        assert {name: check["ok"] for name, check in ready.json()["checks"].items()} == {
            "kafka": False,
            "model-registry": False,
            "object store": False,
            "cancellations of training_jobs": True,
            "consumer of training_jobs": True,
        }


def test_widest_data_set_fits_what_carries_it(engine: Running) -> None:
    """200 columns with names as long as they may be: the registry takes the signature, and Kafka the event."""
    names = [f"{n:03}" + "\N{ROCKET}" * 253 for n in range(199)] + ["large"]
    # Of dates there is most to say.
    days = (f"{n % 7 + 13}.12.2026 {n}:30" for n in range(20))
    lines = [names, *([*[day] * 199, "yes" if n > 9 else "no"] for n, day in enumerate(days))]
    engine.train("\n".join(map(",".join, lines)).encode())
    event = engine.events[-1]
    assert event.result is not None, event.error
    assert [column.name for column in event.result.columns] == names
    assert len(event.model_dump_json().encode()) < 512 * 1024
    assert engine.registry.resolve("house", None, 1).signature["columns"][0]["name"] == names[0]
