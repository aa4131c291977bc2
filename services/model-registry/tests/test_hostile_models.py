"""What a registry is sent by those who mean no good, or go away."""

import http.client
import json
from base64 import urlsafe_b64encode
from datetime import timedelta
from urllib.parse import quote, urlsplit

import pytest
from prometheus_client import REGISTRY
from serving import serving
from test_registry import BODY, Running

from chatdb.local.processes import wait_for
from model_registry.sweeper import sweep
from model_registry.uploads import PART_BYTES

SECONDS = 30
ROUTE = {"method": "PUT", "route": "/models/{name}/versions/{version}/artifact"}


def cursor_of(*parts: object) -> str:
    """A cursor that nobody was given."""
    return urlsafe_b64encode(json.dumps(parts).encode()).decode()


@pytest.mark.parametrize("cursor", [cursor_of("-1"), cursor_of(-1), cursor_of("9" * 5000), cursor_of("²"), "\0"])
def test_cursors_of_versions(registry: Running, cursor: str) -> None:
    """Negative, and too long."""
    registry.model()
    assert registry.client.get("/models/iris/versions", params={"cursor": cursor}).status_code == 422


def test_huge_cursor_is_above_all_versions(registry: Running) -> None:
    """A number that no column holds is one nevertheless."""
    registry.model()
    registry.ready()
    answer = registry.client.get("/models/iris/versions", params={"cursor": cursor_of("9" * 200)})
    assert (answer.status_code, len(answer.json()["items"])) == (200, 1)


@pytest.mark.parametrize("name", ["a\0b", "\ud800"])
@pytest.mark.parametrize(
    "moment", ["2026-01-01T00:00:00+00:00", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"]
)
def test_cursors_of_models(registry: Running, moment: str, name: str) -> None:
    """Text that no database holds, at the ends of time."""
    assert registry.client.get("/models", params={"cursor": cursor_of(moment, name)}).status_code == 422
    assert registry.client.get("/models", params={"cursor": cursor_of(moment, "a")}).status_code == 200


@pytest.mark.parametrize("field", ["signature", "metrics"])
@pytest.mark.parametrize("depth", [50, 300, 900, 10_000])
def test_deep_json_is_refused(registry: Running, field: str, depth: int) -> None:
    """And no version is made."""
    registry.model()
    content = f'{{"format": "onnx", "{field}": {{"a": {"[" * depth}1{"]" * depth}}}}}'
    made = registry.client.post("/models/iris/versions", content=content, headers={"Content-Type": "application/json"})
    assert made.status_code in (400, 422)
    assert registry.client.get("/models/iris").json()["last_version"] == 0


@pytest.mark.parametrize("metric", ["1e400", "9" * 400, "NaN", "-Infinity"])
def test_metrics_are_finite(registry: Running, metric: str) -> None:
    """A version with another could never be shown."""
    registry.model()
    content = f'{{"format": "onnx", "metrics": {{"accuracy": {metric}}}}}'
    made = registry.client.post("/models/iris/versions", content=content, headers={"Content-Type": "application/json"})
    assert made.status_code == 422


def test_sql_in_names_is_refused_or_text(registry: Running) -> None:
    """A name is a path and has few characters; a description has any."""
    evil = "x'; DROP TABLE models; --"
    assert registry.client.post("/models", json={"name": evil}).status_code == 422
    assert registry.client.get(f"/models/{evil}").status_code == 422
    made = registry.client.post("/models", json={"name": "iris", "description": evil})
    assert made.json()["description"] == evil


@pytest.mark.parametrize("alias", ["x'; DROP TABLE aliases; --", "a b", "%ff", "-x", "a\0", "x" * 65])
def test_bad_names_of_aliases(registry: Running, alias: str) -> None:
    """Refused, whatever is done with it."""
    registry.model()
    number = registry.ready()
    url = f"/models/iris/aliases/{quote(alias, safe='')}"
    assert registry.client.put(url, json={"version": number}).status_code == 422
    assert registry.client.get(url).status_code == 422
    assert registry.client.get(f"{url}/version").status_code == 422
    assert registry.client.delete(url, headers={"If-Match": '"1"'}).status_code == 422


@pytest.mark.parametrize("count", [8, 40])
def test_artifact_that_does_not_say_how_long_it_is(registry: Running, count: int) -> None:
    """It ends at the limit, and nothing stays: neither an object nor a part of one."""
    registry.model()
    number = registry.pending()
    path = f"/models/iris/versions/{number}/artifact"
    answer = registry.client.put(path, content=iter([bytes(7_000_000)] * count))
    assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")
    assert (registry.keys(), uploads(registry)) == ([], [])
    assert registry.client.put(path, content=BODY).status_code == 200


def test_sweep_takes_parts_of_uploads_that_nobody_ends(registry: Running) -> None:
    """A registry that died in the middle could not; what is under way is left alone."""
    registry.store.create_multipart_upload(Bucket="model-artifacts", Key="iris/1/left")
    sweep(registry.begin, registry.artifacts)
    assert len(uploads(registry)) == 1
    sweep(registry.begin, registry.artifacts, pending=timedelta(0))
    assert uploads(registry) == []


def test_client_that_goes_away_in_the_middle_leaves_nothing(registry: Running) -> None:
    """Its first part is removed from the store, it is no error of the service, and the version can be filled."""
    registry.model()
    number = registry.pending()
    path = f"/models/iris/versions/{number}/artifact"
    with serving(registry.client.app, lifespan="off") as url:
        place = urlsplit(url)
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=30)
        connection.putrequest("PUT", path)
        connection.putheader("Content-Length", str(2 * PART_BYTES))
        connection.endheaders()
        connection.send(bytes(PART_BYTES + 1))
        wait_for("a part has come", SECONDS, lambda: bool(uploads(registry)))
        before = answered("500")
        connection.close()
        wait_for("nothing of it is left", SECONDS, lambda: not uploads(registry))
        wait_for("it is counted", SECONDS, lambda: answered("400") + answered("500") > 0)
    assert answered("500") == before
    assert registry.keys() == []
    assert registry.client.put(path, content=BODY).status_code == 200


def uploads(registry: Running) -> list[object]:
    """What the store has begun to take."""
    begun: list[object] = registry.store.list_multipart_uploads(Bucket="model-artifacts").get("Uploads", [])
    return begun


def answered(status: str) -> float:
    """How many uploads had this answer."""
    return REGISTRY.get_sample_value("http_requests_total", ROUTE | {"status": status}) or 0.0
