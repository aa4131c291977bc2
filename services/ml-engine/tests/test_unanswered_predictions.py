"""A model registry that does not answer, or not with an artifact, is given up in time."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
from fastapi import FastAPI
from serving import serving
from silence import FAULTS, Way, error_in_time, way_to

from chatdb.local.fault_proxy import Fault
from ml_engine.models import Models
from ml_engine.registry import Down, Registered, Registry
from ml_engine.signature import Signature, plain

VERSION = {
    "model_name": "house",
    "version": 1,
    "sha256": "0",
    "size_bytes": 1,
    "format": "onnx",
    "task": None,
    "metrics": {},
    "signature": Signature(list(plain(["size"], [])), "price", "regression").as_json(),
}


@pytest.fixture
def registry() -> Iterator[tuple[Registry, Way]]:
    """One that has a version, over a way of its own; a connection to it is open."""
    app = FastAPI()
    app.add_api_route("/models/house/versions/1", lambda: VERSION)
    app.add_api_route("/models/house/versions/1/artifact", lambda: b"")
    with serving(app) as url, way_to(urlsplit(url).port or 0) as way:
        made = Registry(f"http://127.0.0.1:{way.port}")
        made.resolve("house", None, 1)
        yield made, way
        made.close()
        way.set(Fault.CUT)


@pytest.mark.parametrize("fault", FAULTS)
def test_registry_gives_no_answer(registry: tuple[Registry, Way], fault: Fault) -> None:
    """On a connection that was open, and on a new one; for what a version is, and for its artifact."""
    client, way = registry
    version = client.resolve("house", None, 1)
    way.set(fault)
    for _ in range(2):
        assert isinstance(error_in_time(lambda: client.resolve("house", None, 1)), Down)
    assert isinstance(error_in_time(lambda: client.artifact(version)), Down)
    way.set(None)
    assert client.resolve("house", None, 1) == version


class TellingLock:
    """A lock that tells who asks for it."""

    def __init__(self) -> None:
        """Free, and asked for by nobody."""
        self.asked = threading.Semaphore(0)
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        """Tell, and wait."""
        self.asked.release()
        self._lock.acquire()

    def __exit__(self, *_error: object) -> None:
        """The next one may have it."""
        self._lock.release()


def test_who_waits_behind_an_artifact_that_does_not_come(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hears of it when the first one does, and does not wait for another one; who comes later tries again."""
    models, fetched, lock = Models(), [], TellingLock()
    monkeypatch.setattr(models, "_loading", lock)
    begun, end = threading.Event(), threading.Event()

    def fetch(version: Registered) -> bytes:
        fetched.append(version.version)
        begun.set()
        assert end.wait(20)
        raise Down("no answer")

    versions = [Registered.of(VERSION | {"version": number, "sha256": str(number)}) for number in range(4)]
    with ThreadPoolExecutor(len(versions)) as threads:
        first = threads.submit(models.get, versions[0], fetch)
        assert begun.wait(20)
        late = [threads.submit(models.get, version, fetch) for version in versions[1:3]]
        assert all(lock.asked.acquire(timeout=20) for _ in (first, *late))
        end.set()
        assert all(isinstance(one.exception(20), Down) for one in (first, *late))
    assert fetched == [0]
    with pytest.raises(Down):
        models.get(versions[3], fetch)
    assert fetched == [0, 3]
