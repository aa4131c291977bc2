"""What nobody means well with, sent to the real services over HTTP: it is refused as a problem, and all goes on."""

import hashlib
import http.client
import json
import re
import socket
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote, urlsplit

import pytest
from peaks import peak, reset_peak

from chatdb.local.platform import Platform
from chatdb.local.processes import wait_for
from tests.repository import PLATFORM

SERVICES = [one.name for one in PLATFORM.components if one.type == "microservice"]
KIBIBYTE = 1024
SECONDS = 60
PROBLEM = "application/problem+json"
JSON = {"Content-Type": "application/json"}
DOORS = {
    "training-orchestrator": "/jobs",
    "model-registry": "/models",
    "ml-engine": "/ml/predict",
    "query-parser": "/parse",
    "test-service": "/",
}
"""Where each takes a body; test-service takes none anywhere."""
LIMITS = {
    "training-orchestrator": 64 * KIBIBYTE,
    "model-registry": 256 * KIBIBYTE,
    "ml-engine": 1024 * KIBIBYTE,
    "query-parser": 256 * KIBIBYTE,
    "test-service": KIBIBYTE,
}
BODIES = {
    "nothing": b"",
    "deep lists": b"[" * 10_000,
    "deep objects": b'{"a":' * 10_000,
    "whole and deep": b'{"a":' * 6_000 + b"1" + b"}" * 6_000,
    "no UTF-8": b'{"query": "\xff\xfe"}',
    "UTF-16": '{"surprise": 1}'.encode("utf-16"),
    "NUL": b"\0" * 100,
    "an end that is missing": b'{"query": "jobs"',
    "half a surrogate pair": b'{"query": "\\ud800", "\\udfff": {"\\ud800": "\\udfff"}}',
    "a number of 5000 digits": b'{"query": ' + b"9" * 5000 + b"}",
    "no number": b'{"query": NaN, "instances": Infinity, "name": -Infinity, "cpu_request": 1e999}',
}
SQL = quote("x'; DROP TABLE jobs; --", safe="")
PATHS = {
    "training-orchestrator": ["/jobs/%ff", f"/jobs/{SQL}", "/jobs?cursor=%ff", "/jobs?model_name=%00", "/jobs?%ff=1"],
    "model-registry": [f"/models/{SQL}", "/models/%ff", "/models/a/aliases/%00", f"/models/a/aliases/{SQL}"],
    "ml-engine": ["/ml/%ff", f"/ml/{SQL}"],
    "query-parser": ["/%ff", f"/parse/{SQL}"],
    "test-service": ["/runs/%ff", f"/runs/{SQL}", "/runs/%00"],
}
SIZE = 100_000_000
CHUNK = bytes(1_000_000)
MOST_BYTES = 20 * 1024 * KIBIBYTE
MOST_UPLOAD_BYTES = 64 * 1024 * KIBIBYTE
"""A part has 5 MiB, and is there several times on its way."""


def connect(running: Platform, name: str) -> http.client.HTTPConnection:
    """To the service itself."""
    return http.client.HTTPConnection(urlsplit(running.url(name)).netloc, timeout=SECONDS)


def send(running: Platform, name: str, path: str, body: bytes | None = None) -> tuple[int, str | None]:
    """Status and content type of the answer to a POST, or to a GET without a body."""
    connection = connect(running, name)
    try:
        connection.request("GET" if body is None else "POST", path, body, {} if body is None else JSON)
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.getheader("content-type")
    finally:
        connection.close()


def counted(running: Platform, name: str, status: str) -> float:
    """How many answers had such a status; liveness and readiness are not meant."""
    with urllib.request.urlopen(f"{running.url(name)}/metrics", timeout=SECONDS) as response:
        text = response.read().decode()
    lines = re.findall(rf'^http_requests_total{{.*route="(.*)",status="{status}"}} (.+)$', text, re.MULTILINE)
    return sum(float(count) for route, count in lines if route != "/ready")


@contextmanager
def takes_little(running: Platform, name: str, most: int) -> Iterator[None]:
    """The process takes no more bytes than that above what it has now, whatever it had before."""
    pid = running.parts[name].server.pid
    reset_peak(pid)
    before = peak(pid)
    yield
    assert (peak(pid) - before) * 1024 * KIBIBYTE < most


@pytest.fixture(params=SERVICES)
def name(request: pytest.FixtureRequest, running: Platform) -> Iterator[str]:
    """A service, which has had no error of its own and is the same process and ready when the test is over."""
    name = str(request.param)
    before, pid = counted(running, name, "5.."), running.parts[name].server.pid
    yield name
    assert counted(running, name, "5..") == before
    assert (running.parts[name].server.alive(), running.parts[name].server.pid) == (True, pid)
    wait_for(f"{name} is ready", SECONDS, running.parts[name].ready)


def test_bad_bodies(running: Platform, name: str) -> None:
    """Whatever is in a body, the answer is a problem."""
    for kind, body in BODIES.items():
        status, content = send(running, name, DOORS[name], body)
        assert status in (400, 405, 413, 422), kind
        assert content == PROBLEM, kind


def test_bad_paths(running: Platform, name: str) -> None:
    """Nor does it matter what is asked for."""
    for path in PATHS[name]:
        status, content = send(running, name, path)
        assert (400 <= status < 500, content) == (True, PROBLEM), path


def test_limit_of_bodies(running: Platform, name: str) -> None:
    """As long as is told it may be, and no byte more."""
    status, _ = send(running, name, DOORS[name], b" " * LIMITS[name])
    assert status in (405, 422)
    assert send(running, name, DOORS[name], b" " * (LIMITS[name] + 1)) == (413, PROBLEM)


def test_declared_100_mb(running: Platform, name: str) -> None:
    """The head is enough to be refused."""
    connection = connect(running, name)
    connection.putrequest("POST", DOORS[name])
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Content-Length", str(SIZE))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


def test_undeclared_100_mb(running: Platform, name: str) -> None:
    """Nobody says how much comes: it is refused when it is too much, and not kept."""
    with takes_little(running, name, MOST_BYTES):
        status = pour(running, name, "POST", DOORS[name], JSON)
    assert status in (None, 405, 413)


def pour(running: Platform, name: str, method: str, path: str, headers: dict[str, str]) -> int | None:
    """Send 100 MB in chunks; the status, or None where the service hung up, which is its right."""
    connection = connect(running, name)
    chunks = iter([CHUNK] * (SIZE // len(CHUNK)))
    try:
        connection.request(method, path, chunks, headers, encode_chunked=True)
        return connection.getresponse().status
    except OSError:
        return None
    finally:
        connection.close()


def test_endless_head(running: Platform, name: str) -> None:
    """A header that does not end is hung up on before it takes memory."""
    place = urlsplit(running.url(name))
    with (
        takes_little(running, name, MOST_BYTES),
        socket.create_connection((place.hostname, place.port), timeout=SECONDS) as connection,
    ):
        connection.sendall(b"GET /health HTTP/1.1\r\nX-Endless: ")
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            connection.sendall(b"x" * SIZE)


def test_half_a_body(running: Platform, name: str) -> None:
    """Who goes away in the middle is answered to nobody, and is no error of the service."""
    before = counted(running, name, "4..")
    place = urlsplit(running.url(name))
    with socket.create_connection((place.hostname, place.port), timeout=SECONDS) as connection:
        head = (
            f"POST {DOORS[name]} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n"
        )
        connection.sendall(head.encode() + b'{"query": "jo')
    wait_for("it is seen", SECONDS, lambda: counted(running, name, "4..") > before)


def test_artifact_with_a_wrong_digest(running: Platform) -> None:
    """Of 100 MB that are not what was announced nothing is kept, neither in memory nor as a version."""
    registry = "model-registry"
    url = running.url(registry)
    assert send(running, registry, "/models", b'{"name": "bad-input"}')[0] == 201
    assert send(running, registry, "/models/bad-input/versions", b'{"format": "onnx"}')[0] == 201
    path = "/models/bad-input/versions/1/artifact"
    digest = hashlib.sha256(b"something else").hexdigest()
    with takes_little(running, registry, MOST_UPLOAD_BYTES):
        assert pour(running, registry, "PUT", path, {"X-Content-Sha256": digest}) == 422
    assert send(running, registry, path)[0] == 404
    with urllib.request.urlopen(f"{url}/models/bad-input/versions", timeout=SECONDS) as response:
        assert json.load(response)["items"] == []
    gone = urllib.request.Request(f"{url}/models/bad-input", method="DELETE")
    urllib.request.urlopen(gone, timeout=SECONDS).close()
