"""The HTTP side that all services share."""

import http.client
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

import pytest
import uvicorn
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from serving import running

from chatdb_common import service
from chatdb_common.health import Check, Readiness
from chatdb_common.problems import Body, ProblemDetails
from chatdb_common.service import Service
from chatdb_common.settings import KafkaSettings, SettingsError
from chatdb_common.workers import Worker

MEMBER = Path(__file__).with_name("member.py")


class Settings(KafkaSettings):
    """A service."""

    service: ClassVar[str] = "demo"
    port: int = 8000
    kafka_bootstrap_servers: str = "none"


class Thing(Body):
    """A body."""

    name: str
    size: int = 0


class Down(Exception):
    """A dependency is down."""


def app_of(*checks: Check, **options: Any) -> FastAPI:
    """A service with a few routes."""
    app = Service(settings=Settings(), checks=checks, unavailable=(Down,), **options).app()

    @app.post("/things")
    def make(thing: Thing) -> Thing:
        return thing

    @app.put("/things/{name}/artifact")
    async def upload(name: str, request: Request) -> dict[str, int]:
        return {name: len(await request.body())}

    @app.get("/fail/{kind}")
    def fail(kind: str) -> None:
        raise {"problem": ProblemDetails(409, "taken"), "down": Down("db"), "bug": KeyError("secret")}[kind]

    return app


@contextmanager
def client_of(*checks: Check, **options: Any) -> Iterator[TestClient]:
    """A client that gets the answer to an error, as one over the network does."""
    with TestClient(app_of(*checks, **options), raise_server_exceptions=False) as client:
        yield client


def raising(error: Exception) -> Callable[[], None]:
    """A probe that fails."""

    def probe() -> None:
        raise error

    return probe


def test_health_asks_nobody() -> None:
    """A process whose dependencies are down is alive: to restart it would help nobody."""
    with client_of(Check("db", raising(ConnectionError("refused")))) as client:
        assert client.get("/health").status_code == 200
        ready = client.get("/ready")
    assert ready.status_code == 503
    assert ready.json()["checks"] == {"db": {"ok": False, "detail": "ConnectionError: refused"}}


def test_ready_names_each_dependency() -> None:
    """All are up: ready."""
    with client_of(Check("db", lambda: None), Check("kafka", lambda: None)) as client:
        ready = client.get("/ready")
    assert (ready.status_code, list(ready.json()["checks"])) == (200, ["db", "kafka"])


def test_what_a_service_can_do_something_without() -> None:
    """It is reported where it is down, and the service is ready; without what it needs for all it is not."""
    refuse = raising(ConnectionError("refused"))
    for db, status in ((lambda: None, (200, "degraded")), (refuse, (503, "not ready"))):
        with client_of(Check("db", db), Check("kafka", refuse, hard=False)) as client:
            ready = client.get("/ready")
        assert (ready.status_code, ready.json()["status"]) == status
        assert ready.json()["checks"]["kafka"] == {"ok": False, "detail": "ConnectionError: refused"}


def test_ready_is_cached_and_bounded() -> None:
    """A probe that hangs costs its limit once, is not started twice, and its answer counts when it comes."""
    calls: list[int] = []
    go_on = threading.Event()

    def hang() -> None:
        calls.append(1)
        go_on.wait(20)

    readiness = Readiness([Check("slow", hang)], limit=0.05)
    assert [finding.detail for finding in readiness.findings()] == ["no answer within 0.05 s"]
    readiness.findings()
    readiness._asked = float("-inf")
    assert not readiness.findings()[0].ok
    assert len(calls) == 1
    go_on.set()
    readiness._limit = 20
    readiness._asked = float("-inf")
    assert readiness.findings()[0].ok


def test_closing_is_not_ready() -> None:
    """Whoever is about to stop gets no more work."""
    app = app_of()
    with TestClient(app) as client:
        app.state.readiness.closing = True
        response = client.get("/ready")
    assert (response.status_code, response.json()["status"]) == (503, "closing")


@pytest.mark.parametrize(
    ("body", "field"),
    [({}, "name"), ({"name": "a", "surprise": 1}, "surprise"), ({"name": "a", "size": "x"}, "size"), ("text", "body")],
)
def test_bad_body_names_its_field(body: Any, field: str) -> None:
    """The problem says which field, and what is wrong with it."""
    with client_of() as client:
        response = client.post("/things", json=body)
    assert (response.status_code, response.headers["content-type"]) == (422, "application/problem+json")
    assert [error["field"] for error in response.json()["errors"]] == [field]


@pytest.mark.parametrize(
    ("path", "status", "detail"),
    [
        ("/fail/problem", 409, "taken"),
        ("/fail/down", 503, "a dependency is down: see /ready"),
        ("/fail/bug", 500, "something went wrong here; the log has the reason"),
        ("/none", 404, "Not Found"),
        ("/things", 405, "Method Not Allowed"),
    ],
)
def test_every_error_is_a_problem(path: str, status: int, detail: str) -> None:
    """Nothing of the inside is told."""
    with client_of() as client:
        response = client.get(path)
    assert response.headers["content-type"] == "application/problem+json"
    assert (response.status_code, response.json()["status"], response.json()["detail"]) == (status, status, detail)


@pytest.mark.parametrize("chunked", [False, True])
def test_body_limit(chunked: bool) -> None:
    """A body that is too long is refused, whether it says its length or not; uploads have a limit of their own."""

    def body(size: int) -> Any:
        return iter([b"x" * size]) if chunked else b"x" * size

    with client_of(body_limit=100, uploads={re.compile("/things/[^/]+/artifact"): 1000}) as client:
        assert client.post("/things", content=body(101)).status_code == 413
        assert client.put("/things/a/artifact", content=body(1000)).json() == {"a": 1000}
        assert client.put("/things/a/artifact", content=body(1001)).status_code == 413


def test_large_bodies_are_for_uploads_only() -> None:
    """Another method, and a path that only ends like an upload's, have the limit of all others."""
    with client_of(body_limit=100, uploads={re.compile("/things/[^/]+/artifact"): 1000}) as client:
        assert client.post("/things/a/artifact", content=b"x" * 101).status_code == 413
        assert client.put("/things/a/other/artifact", content=b"x" * 101).status_code == 413


def test_metrics_count_routes_and_not_paths() -> None:
    """Two things are one series."""
    with client_of() as client:
        for name in ("one", "two"):
            client.put(f"/things/{name}/artifact", content=b"x")
        text = client.get("/metrics").text
    routes = re.findall(r'http_requests_total\{method="PUT",route="(/things[^"]+)",status="200"\}', text)
    assert routes == ["/things/{name}/artifact"]


def test_metrics_have_no_methods_of_the_askers() -> None:
    """Endless words are one series."""
    with client_of() as client:
        for method in ("BREW", "WHEN"):
            client.request(method, "/things")
        text = client.get("/metrics").text
    assert "BREW" not in text
    assert re.findall(r'http_requests_total\{method="other",.+status="405"\} 2.0', text)


def test_settings_error_names_every_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that cannot start says all that is missing, at once."""

    class Wanting(KafkaSettings):
        service: ClassVar[str] = "demo"
        training_topic: str

    for name in Wanting.variables():
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SettingsError) as caught:
        Wanting.read()
    text = str(caught.value)
    assert all(name in text for name in ("PORT", "KAFKA_BOOTSTRAP_SERVERS", "TRAINING_TOPIC"))
    assert "HOST" not in text
    assert Wanting.variables()["HOST"] is False


def test_worker_survives_errors_and_ends_when_asked() -> None:
    """An error is no end; after `stop` the step that is under way is finished, and then `close` is called."""
    events: list[str] = []
    enough = threading.Event()

    class Clumsy(Worker):
        longest_pause = 0.0

        def step(self) -> None:
            events.append("step")
            if len(events) > 3:
                enough.set()
                self.stopping.wait(20)
                events.append("finished")
            else:
                raise ValueError("oops")

        def close(self) -> None:
            events.append("close")

    worker = Clumsy("clumsy")
    worker.start()
    assert enough.wait(20)
    worker.stop()
    assert worker.join(20)
    assert events[-2:] == ["finished", "close"]


def test_connections_end_with_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that was idle at SIGTERM gets its next answer, which says that it is the last; so does a new one."""
    monkeypatch.setattr(service, "LINGER_SECONDS", 3)
    server = service.Server(uvicorn.Config(app_of(), host="127.0.0.1", port=0, log_config=None))
    with running(server) as url:
        old, new = (http.client.HTTPConnection(urlsplit(url).netloc, timeout=20) for _ in range(2))
        assert answer(old) == (200, None)
        server.handle_exit(signal.SIGTERM, None)
        # uvicorn looks ten times a second.
        time.sleep(0.5)
        assert answer(old) == answer(new) == (200, "close")


def answer(way: http.client.HTTPConnection) -> tuple[int, str | None]:
    """Status, and what is said of the connection."""
    way.request("GET", "/health")
    response = way.getresponse()
    response.read()
    return response.status, response.getheader("connection")


@pytest.fixture
def member() -> Iterator[subprocess.Popen[str]]:
    """A service as a process of its own."""
    env = {"PATH": os.environ["PATH"], "HOST": "127.0.0.1", "PORT": "0"}
    with subprocess.Popen([sys.executable, MEMBER], env=env, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def test_sigterm_finishes_the_step_and_closes_in_order(member: subprocess.Popen[str]) -> None:
    """Unready first, then the worker's whole step, then what it used; the exit code is 0.

    While it runs, no collection looks at what the imports have made: that takes as long as dozens of requests.
    """
    assert member.stdout is not None
    assert member.stdout.readline() == "collections look at new objects\n"
    assert member.stdout.readline() == "step begins\n"
    member.send_signal(signal.SIGTERM)
    start = time.monotonic()
    out, _ = member.communicate(timeout=60)
    assert out.splitlines() == ["not ready", "step ends", "worker closed", "connections closed"]
    assert member.returncode == 0
    assert time.monotonic() - start < 30
