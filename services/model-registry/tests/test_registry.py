"""The HTTP door on a real PostgreSQL and a real S3 server."""

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from fastapi.testclient import TestClient
from object_store_server import StoreSettings, troubled

from chatdb_common import database as db
from chatdb_common import object_store
from chatdb_common.ids import new_id
from chatdb_common.service import Service
from model_registry import entrypoints
from model_registry.adapters import begin
from model_registry.artifacts import Artifacts
from model_registry.entrypoints import add_routes
from model_registry.settings import Settings
from model_registry.sweeper import Begin, sweep
from model_registry.uploads import PART_BYTES

NOW = timedelta(0)
BODY = b"an artifact"


@dataclass
class Running:
    """The service's HTTP door, and what lies behind it."""

    client: TestClient
    begin: Begin
    artifacts: Artifacts
    store: Any

    def model(self, name: str = "iris") -> None:
        """A new model."""
        assert self.client.post("/models", json={"name": name}).status_code == 201

    def pending(self, name: str = "iris", **more: Any) -> int:
        """The number of a new version without an artifact."""
        response = self.client.post(f"/models/{name}/versions", json={"format": "onnx", **more})
        assert response.status_code == 201, response.text
        number: int = response.json()["version"]
        return number

    def upload(self, number: int, body: bytes = BODY, name: str = "iris", **headers: str) -> Any:
        """Send an artifact."""
        return self.client.put(f"/models/{name}/versions/{number}/artifact", content=body, headers=headers)

    def ready(self, body: bytes = BODY) -> int:
        """The number of a new READY version."""
        number = self.pending()
        response = self.upload(number, body)
        assert response.status_code == 200, response.text
        return number

    def keys(self) -> list[str]:
        """What is in the bucket."""
        return [item["Key"] for item in self.store.list_objects_v2(Bucket="model-artifacts").get("Contents", [])]


@pytest.fixture
def registry(database_url: Callable[[str], str], object_store_settings: StoreSettings) -> Iterator[Running]:
    """The service with empty tables and an empty bucket."""
    stored = object_store_settings
    settings = Settings(
        database_url=database_url("registry"),
        s3_endpoint=stored.s3_endpoint,
        aws_access_key_id=stored.aws_access_key_id,
        aws_secret_access_key=stored.aws_secret_access_key,
        s3_bucket="model-artifacts",
    )
    pool = db.open_pool(settings)
    client = object_store.connect(settings)
    artifacts, begin_work = Artifacts(client, client, settings.s3_bucket), partial(begin, pool)
    uploads = {entrypoints.ARTIFACT_PATH: 50_000_000}
    unavailable = (*db.TRANSIENT, *object_store.TRANSIENT)
    app = Service(settings=settings, closers=(pool.close,), unavailable=unavailable, uploads=uploads).app()
    add_routes(app, begin_work, artifacts)
    with TestClient(app) as http:
        running = Running(http, begin_work, artifacts, client)
        for key in set(running.keys()):
            artifacts.delete(key)
        yield running


def test_model_can_be_made_seen_and_forgotten(registry: Running) -> None:
    """Its Location is relative; a second one of that name is refused; after DELETE it is gone with its artifact."""
    made = registry.client.post("/models", json={"name": "iris", "description": "flowers"})
    assert (made.status_code, made.headers["location"]) == (201, "models/iris")
    assert registry.client.post("/models", json={"name": "iris"}).status_code == 409
    number = registry.ready()
    assert registry.client.put("/models/iris/aliases/champion", json={"version": number}).status_code == 200
    assert registry.client.delete("/models/iris").status_code == 204
    assert registry.client.get("/models/iris").status_code == 404
    assert registry.keys() == []


def test_models_come_in_pages(registry: Running) -> None:
    """Every model once, whatever the size of a page."""
    names = {f"m{number}" for number in range(5)}
    for name in names:
        registry.model(name)
    listed: list[str] = []
    cursor: str | None = None
    while True:
        page = registry.client.get("/models", params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        listed += [item["name"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert sorted(listed) == sorted(names)
    assert registry.client.get("/models", params={"cursor": "nonsense"}).status_code == 422


def test_version_is_visible_only_when_its_artifact_is_whole(registry: Running) -> None:
    """Before: 404, not in the list, no alias; after: READY with the digest and the size of the bytes."""
    registry.model()
    number = registry.pending(metrics={"accuracy": 0.9})
    assert registry.client.get(f"/models/iris/versions/{number}").status_code == 404
    assert registry.client.get("/models/iris/versions").json()["items"] == []
    assert registry.client.put("/models/iris/aliases/champion", json={"version": number}).status_code == 404
    ready = registry.upload(number).json()
    digest = hashlib.sha256(BODY).hexdigest()
    assert (ready["state"], ready["sha256"], ready["size_bytes"]) == ("READY", digest, len(BODY))
    assert registry.client.get(f"/models/iris/versions/{number}").json() == ready
    got = registry.client.get(f"/models/iris/versions/{number}/artifact")
    assert (got.content, got.headers["etag"]) == (BODY, f'"{ready["sha256"]}"')


def test_large_artifact_comes_back_as_it_was(registry: Running) -> None:
    """More than two parts, and the last one is not full."""
    registry.model()
    body = bytes(range(256)) * ((2 * PART_BYTES + 1000) // 256)
    number = registry.ready(body)
    assert registry.client.get(f"/models/iris/versions/{number}/artifact").content == body


def test_damaged_or_oversized_artifact_leaves_nothing(registry: Running) -> None:
    """Another digest, no bytes, too many bytes: refused, the version stays PENDING, and can be filled afterwards."""
    registry.model()
    number = registry.pending()
    assert registry.upload(number, BODY, **{"X-Content-Sha256": "0" * 64}).status_code == 422
    assert registry.upload(number, b"").status_code == 422
    assert registry.upload(number, bytes(50_000_001)).status_code == 413
    assert registry.keys() == []
    assert registry.upload(number).status_code == 200


def test_ready_version_stays_as_it_is(registry: Running) -> None:
    """The same bytes again are no error, others are refused, and the artifact is the first one."""
    registry.model()
    number = registry.ready()
    same = {"X-Content-Sha256": hashlib.sha256(BODY).hexdigest()}
    assert registry.upload(number, BODY, **same).status_code == 200
    assert registry.upload(number, b"other").status_code == 409
    assert registry.client.get(f"/models/iris/versions/{number}/artifact").content == BODY
    assert len(registry.keys()) == 1


def test_artifact_that_is_gone(registry: Running) -> None:
    """Who asks for a version's bytes when they have just been deleted finds nothing, and no error of the service."""
    registry.model()
    number = registry.ready()
    (key,) = registry.keys()
    registry.artifacts.delete(key)
    answer = registry.client.get(f"/models/iris/versions/{number}/artifact")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_only_artifacts_may_be_large(registry: Running) -> None:
    """An alias that is named like an artifact's path has no larger body than others."""
    registry.model()
    number = registry.pending()
    assert registry.upload(number, b"x" * 3_000_000).status_code == 200
    for path in ("aliases/artifact", "aliases/champion", "versions/x/artifact"):
        assert registry.client.put(f"/models/iris/{path}", content=b"x" * 3_000_000).status_code == 413, path


def test_uploads_at_once_make_one_artifact(registry: Running) -> None:
    """Of several writers one wins; the bucket holds its bytes only."""
    registry.model()
    number = registry.pending()
    bodies = [f"artifact {writer}".encode() for writer in range(4)]
    with ThreadPoolExecutor(4) as pool:
        statuses = [response.status_code for response in pool.map(partial(registry.upload, number), bodies)]
    assert statuses.count(200) == 1
    assert set(statuses) == {200, 409}
    winner = bodies[statuses.index(200)]
    assert registry.client.get(f"/models/iris/versions/{number}/artifact").content == winner
    assert len(registry.keys()) == 1


def test_job_has_one_version(registry: Running) -> None:
    """However often it reports, and whatever other versions there are."""
    registry.model()
    job = str(new_id())
    first = registry.pending(job_id=job)
    assert registry.pending() == first + 1
    assert registry.pending(job_id=job) == first


def test_version_tells_of_the_run_that_filled_it(registry: Running) -> None:
    """A worker died before its upload: the next one's metadata counts, and stays as it is once there are bytes."""
    registry.model()
    job = str(new_id())
    told: dict[str, Any] = {"task": "regression", "metrics": {"r2": 0.5}, "signature": {"inputs": {"numbers": ["new"]}}}
    number = registry.pending(
        job_id=job, task="classification", metrics={"accuracy": 1}, signature={"inputs": {"numbers": ["old"]}}
    )
    assert registry.pending(job_id=job, **told) == number
    ready = registry.upload(number).json()
    assert {name: ready[name] for name in told} == told
    assert registry.pending(job_id=job, metrics={"r2": 0.9}) == number
    assert registry.client.get(f"/models/iris/versions/{number}").json() == ready


def test_number_of_a_deleted_version_never_returns(registry: Running) -> None:
    """What was never filled is swept, and the next version has the next number."""
    registry.model()
    assert registry.pending() == 1
    sweep(registry.begin, registry.artifacts, age=NOW, pending=NOW)
    assert registry.upload(1).status_code == 404
    assert registry.pending() == 2


def test_alias_changes_by_compare_and_set(registry: Running) -> None:
    """A writer that has not seen the newest revision is refused; champion keeps what it named before."""
    registry.model()
    first, second = registry.ready(), registry.ready(b"second")
    url = "/models/iris/aliases/champion"
    made = registry.client.put(url, json={"version": first})
    assert (made.status_code, made.headers["etag"], made.json()["previous"]) == (200, '"1"', None)
    assert registry.client.put(url, json={"version": second}).status_code == 412
    moved = registry.client.put(url, json={"version": second}, headers={"If-Match": '"1"'})
    assert (moved.json()["version"], moved.json()["previous"], moved.headers["etag"]) == (second, first, '"2"')
    assert registry.client.put(url, json={"version": first}, headers={"If-Match": '"1"'}).status_code == 412
    assert registry.client.get("/models/iris").json()["aliases"][0]["version"] == second
    assert registry.client.delete(url).status_code == 428
    assert registry.client.delete(url, headers={"If-Match": '"1"'}).status_code == 412
    assert registry.client.delete(url, headers={"If-Match": '"2"'}).status_code == 204
    assert registry.client.get(url).status_code == 404


def test_version_that_an_alias_names(registry: Running) -> None:
    """It is read in one request, and is the very version; an alias that is not there names none."""
    registry.model()
    first, second = registry.ready(), registry.ready(b"second")
    url = "/models/iris/aliases/champion"
    assert registry.client.get(f"{url}/version").status_code == 404
    registry.client.put(url, json={"version": first})
    assert registry.client.get(f"{url}/version").json() == registry.client.get(f"/models/iris/versions/{first}").json()
    registry.client.put(url, json={"version": second}, headers={"If-Match": '"1"'})
    assert registry.client.get(f"{url}/version").json()["version"] == second


def test_writers_of_an_alias_at_once_count_once_each(registry: Running) -> None:
    """All read revision 1 and write: one of them gets through."""
    registry.model()
    versions = [registry.ready(f"{number}".encode()) for number in range(5)]
    url = "/models/iris/aliases/champion"
    registry.client.put(url, json={"version": versions[0]})

    def write(version: int) -> int:
        return int(registry.client.put(url, json={"version": version}, headers={"If-Match": '"1"'}).status_code)

    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(pool.map(write, versions[1:]))
    assert statuses == [200, 412, 412, 412]
    assert registry.client.get(url).json()["revision"] == 2


def test_sweep_takes_orphans_only(registry: Running) -> None:
    """An object that no version names goes, once it is old enough; artifacts stay."""
    registry.model()
    number = registry.ready()
    registry.store.put_object(Bucket="model-artifacts", Key="iris/9/orphan", Body=b"x")
    assert sweep(registry.begin, registry.artifacts) == 0
    assert sweep(registry.begin, registry.artifacts, age=NOW) == 1
    assert registry.client.get(f"/models/iris/versions/{number}/artifact").content == BODY


def test_idempotency_key_makes_one_version(registry: Running) -> None:
    """The same request gets the first answer, another one is refused."""
    registry.model()
    key = {"Idempotency-Key": "k"}
    first = registry.client.post("/models/iris/versions", json={"format": "onnx"}, headers=key)
    again = registry.client.post("/models/iris/versions", json={"format": "onnx"}, headers=key)
    assert (again.status_code, again.json()) == (201, first.json())
    assert registry.client.post("/models/iris/versions", json={"format": "skops"}, headers=key).status_code == 422


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/models", {"name": "../x"}),
        ("/models", {"name": "x", "unknown": 1}),
        ("/models/iris/versions", {"format": "pickle"}),
        ("/models/iris/versions", {"format": "onnx", "metrics": {"a": "high"}}),
    ],
)
def test_bad_requests_are_told_the_field(registry: Running, path: str, body: dict[str, Any]) -> None:
    """422 as a problem, and nothing is made."""
    registry.model()
    response = registry.client.post(path, json=body)
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["errors"][0]["field"]
    assert registry.client.get("/models/iris").json()["last_version"] == 0


def test_store_in_trouble_is_unavailable(database_url: Callable[[str], str]) -> None:
    """An upload that the store answers with an error of its own can be tried again."""
    with troubled(b"HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\nConnection: close\r\n\r\n") as stored:
        keys = stored.model_dump(include={"s3_endpoint", "aws_access_key_id", "aws_secret_access_key"})
        settings = Settings(database_url=database_url("registry"), s3_bucket="model-artifacts", **keys)
        with TestClient(entrypoints.build(settings)) as client:
            client.post("/models", json={"name": "iris"})
            client.post("/models/iris/versions", json={"format": "onnx"})
            answer = client.put("/models/iris/versions/1/artifact", content=BODY)
    assert answer.status_code == 503
    assert answer.headers["retry-after"]


def test_build_needs_nothing_that_runs() -> None:
    """The service starts without its dependencies, is alive, and says what it waits for."""
    settings = Settings(
        database_url="postgresql://nobody@127.0.0.1:1/none",
        s3_endpoint="http://127.0.0.1:1",
        aws_access_key_id="a",
        aws_secret_access_key="b",
        s3_bucket="model-artifacts",
    )
    with TestClient(entrypoints.build(settings)) as client:
        assert client.get("/health").status_code == 200
        ready = client.get("/ready")
        assert ready.status_code == 503
        assert {name: check["ok"] for name, check in ready.json()["checks"].items()} == {
            "postgres": False,
            "object store": False,
            "sweeper": True,
        }
