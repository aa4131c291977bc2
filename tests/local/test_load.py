"""Locust's load on the platform as processes: what was sent is what the services have counted."""

import json
import re
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from click.testing import CliRunner

from chatdb.cli import main
from chatdb.loadtest.locust import PROGRAM
from chatdb.local.addresses import shell_exports
from chatdb.local.platform import Platform
from tests.repository import ROOT

JOBS, STATUS, PARSE = "POST /api/v1/jobs", "GET /test/", "POST /api/v1/parse"
COUNTED_AS = {
    JOBS: ("training-orchestrator", "POST", "/jobs"),
    STATUS: ("test-service", "GET", "/"),
    PARSE: ("query-parser", "POST", "/parse"),
}
SLOW = "--max-p95=60000"
"""This machine may be busy with other tests."""


@pytest.fixture(scope="module", autouse=True)
def locust_installed() -> None:
    """It comes with what the platform needs."""
    if not (ROOT / PROGRAM).exists():
        pytest.skip("not run: Locust is not here: make setup-load")


def load(*arguments: str, users: int = 4, seconds: int = 6) -> tuple[int, dict[str, Any]]:
    """Exit code and figures of a run."""
    line = ["load", f"--users={users}", f"--duration={seconds}", SLOW, "--json", *arguments]
    done = CliRunner().invoke(main, line)
    assert done.stdout, done.output
    return done.exit_code, json.loads(done.stdout)


@pytest.fixture
def env_file(running: Platform, tmp_path: Path) -> str:
    """What `chatdb local up` would have written, as an option."""
    file = tmp_path / "local.env"
    file.write_text(shell_exports(running.site))
    return f"--env-file={file}"


def counted(running: Platform) -> dict[str, dict[str, int]]:
    """What the services have answered to each task so far, by status."""
    counts: dict[str, dict[str, int]] = {}
    for task, (service, method, route) in COUNTED_AS.items():
        with urllib.request.urlopen(f"{running.url(service)}/metrics", timeout=60) as response:
            text = response.read().decode()
        line = rf'^http_requests_total{{method="{method}",route="{route}",status="(\d+)"}} ([0-9.]+)$'
        counts[task] = {status: int(float(value)) for status, value in re.findall(line, text, re.MULTILINE)}
    return counts


def test_what_was_sent_is_what_was_counted(running: Platform, env_file: str) -> None:
    """For each task the services' own counters have grown by what the table says, refusals by status 429."""
    before = counted(running)
    code, report = load(env_file)
    after = counted(running)
    grown = {
        task: {s: n - before[task].get(s, 0) for s, n in statuses.items() if n != before[task].get(s, 0)}
        for task, statuses in after.items()
    }
    rows = {row["task"]: row for row in report["rows"]}
    assert rows.keys() <= COUNTED_AS.keys()
    assert {task: sum(statuses.values()) for task, statuses in grown.items() if statuses} == {
        task: row["requests"] for task, row in rows.items()
    }
    assert grown[JOBS].get("429", 0) == rows[JOBS]["refused"]
    assert (code, report["met"], report["total"]["failures"], report["failures"]) == (0, True, 0, [])


def test_a_broken_service_is_seen(running: Platform, env_file: str) -> None:
    """Its task fails, each time; those of others do not; and the exit code says it."""
    part = running.parts["training-orchestrator"]
    part.server.kill()
    try:
        code, report = load(env_file)
    finally:
        part.server.start()
        running.wait()
    rows = {row["task"]: (row["requests"], row["failures"]) for row in report["rows"]}
    requests, failures = rows.pop(JOBS)
    assert requests == failures > 0
    assert {failed for _, failed in rows.values()} <= {0}
    assert code == 1
    assert [goal["what"] for goal in report["goals"] if not goal["met"]] == ["failures"]
    assert {(one["name"], one["count"]) for one in report["failures"]} == {(JOBS, failures)}


@contextmanager
def refusing(headers: dict[str, str]) -> Iterator[str]:
    """A platform that answers everything with 429."""

    class Refusal(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(429)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()

        do_GET = do_POST

        def log_message(self, *_arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Refusal) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"--host=http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_full_queue_is_no_failure() -> None:
    """A 429 that says when to come again is a refusal, of a job alone; any other is a failure."""
    with refusing({"Retry-After": "10"}) as host:
        rows = {row["task"]: row for row in load(host)[1]["rows"]}
    jobs = rows.pop(JOBS)
    assert (jobs["refused"], jobs["failures"], jobs["p50"]) == (jobs["requests"], 0, None)
    assert [row for row in rows.values() if row["failures"] != row["requests"]] == []
    with refusing({}) as host:
        rows = {row["task"]: row for row in load(host)[1]["rows"]}
    assert (rows[JOBS]["refused"], rows[JOBS]["failures"]) == (0, rows[JOBS]["requests"])
