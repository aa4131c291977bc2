"""An object store that does not answer: what needs it is a 503 in time, and all else goes on."""

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from fastapi.testclient import TestClient
from object_store_server import StoreSettings
from silence import FAULTS, NEVER_SECONDS, Way, way_to

from chatdb.local.fault_proxy import Fault
from chatdb_common.workers import background
from model_registry.entrypoints import build
from model_registry.settings import Settings


@pytest.fixture
def service(
    database_url: Callable[[str], str], object_store_settings: StoreSettings
) -> Iterator[tuple[TestClient, Way]]:
    """With a model of two versions, of which one has its artifact; the store is at the end of a way of its own."""
    stored = object_store_settings.model_dump(include={"aws_access_key_id", "aws_secret_access_key"})
    with way_to(urlsplit(object_store_settings.s3_endpoint).port or 0) as way:
        settings = Settings(
            database_url=database_url("registry"),
            s3_bucket="model-artifacts",
            s3_endpoint=f"http://127.0.0.1:{way.port}",
            **stored,
        )
        with TestClient(build(settings)) as client:
            client.post("/models", json={"name": "iris"})
            for number in (1, 2):
                client.post("/models/iris/versions", json={"format": "onnx"})
                assert number == 2 or put(client, number) == (200, None)
            yield client, way
            way.set(Fault.CUT)


def put(client: TestClient, number: int) -> tuple[int, str | None]:
    """Upload an artifact: the status, and what is said of a next try."""
    answer = client.put(f"/models/iris/versions/{number}/artifact", content=b"an artifact")
    return answer.status_code, answer.headers.get("retry-after")


@pytest.mark.parametrize("fault", FAULTS)
def test_store_gives_no_answer(service: tuple[TestClient, Way], fault: Fault) -> None:
    """An upload, a download and a deletion end in time; the service is ready, and says what it lacks."""
    client, way = service
    way.set(fault)

    def get() -> tuple[int, str | None]:
        answer = client.get("/models/iris/versions/1/artifact")
        return answer.status_code, answer.headers.get("retry-after")

    def delete() -> tuple[int, str | None]:
        return client.delete("/models/iris").status_code, None

    for act, expected in ((lambda: put(client, 2), (503, "5")), (get, (503, "5")), (delete, (204, None))):
        seen: list[tuple[int, str | None]] = []
        background(lambda act=act, seen=seen: seen.append(act()), "act").result(NEVER_SECONDS)
        assert seen == [expected]
    ready = client.get("/ready")
    assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
    assert ready.json()["checks"]["object store"]["ok"] is False
