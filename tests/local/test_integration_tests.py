"""The integration tests' image, run for real: the command, environment and matrix of dist/ on the local platform.

Loopback has no NetworkPolicies. Where they are to be enforced, the targets that are denied are ports whose packets the
kernel drops, while what really is there is reached by who needs it.
"""

import json
import os
import re
from collections.abc import Collection, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import ClassVar

import pytest

from chatdb.local.fault_proxy import Fault, Proxies
from chatdb.local.platform import Platform
from chatdb.local.site import HOST
from constructs_lib.quantity import MIB, in_bytes
from tests.images.sandbox import allowed, need_sandbox
from tests.local.clients import ask
from tests.local.inside import NAME, Ended, Pod, denied_count, dropping, local, pod
from tests.repository import PLATFORM, manifests

DATABASE, STORE = "postgres:postgres", "minio:api"
PATIENT, IMPATIENT = {"PATIENCE_SECONDS": "90"}, {"PATIENCE_SECONDS": "20"}
"""For a run in which all gets well, however busy the machine is; and for those in which something stays wrong."""


@pytest.fixture(scope="module")
def shut() -> Iterator[list[str]]:
    """An address for each denied target, at which packets are dropped."""
    with dropping(denied_count()) as addresses:
        yield addresses


@pytest.fixture(scope="module")
def well(running: Platform, shut: list[str], tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """A run where all is well and policies are enforced: in its image, where this machine lets us have one."""
    made, folder = pod(running, shut), tmp_path_factory.mktemp("well")
    made.extra |= PATIENT
    return made.run_in_image(folder) if allowed() else made.run(folder)


@pytest.fixture
def given(running: Platform, shut: list[str]) -> Pod:
    """What the pod is given where policies are enforced, for a test that breaks something."""
    running.wait()
    made = pod(running, shut)
    made.extra |= IMPATIENT
    return made


def test_all_is_well(well: Ended) -> None:
    """Everything passes, but for what a service does not say of itself; the denied connections come first."""
    assert well.code == 0, well.log
    assert well.named("PASSED") | {"test_needs[test-service]"} == set(well.outcomes)
    assert [name.partition("[")[0] for name in well.outcomes][:2] == ["test_policies", "test_denied"]
    assert "policies enforced" in well.last
    assert " 0 failed" in well.last


def test_read_only_and_not_root(well: Ended) -> None:
    """That was in the image's root, which takes no file but in /tmp, as its user."""
    need_sandbox()
    assert well.code == 0, well.log
    assert "Read-only" not in well.log


def test_memory(well: Ended) -> None:
    """It needs less than half of what the pod asks for."""
    (used,) = re.findall(r" (\d+) MiB;", well.last)
    resources = PLATFORM.component(NAME).resources
    assert resources
    assert int(used) * MIB < in_bytes(resources.memory) / 2


def test_nothing_is_left(running: Platform, well: Ended) -> None:
    """The model that it made is gone."""
    _, models, _ = ask(f"{running.url('model-registry')}/models")
    assert [one["name"] for one in models["items"] if one["name"].startswith("integration-")] == []


def test_exit_codes_are_the_jobs() -> None:
    """What it calls final ends the Job, and the Job tries again after anything else."""
    (job,) = (m for m in manifests() if m["kind"] == "Job" and m["metadata"]["name"].startswith(NAME))
    (fail, _) = job["spec"]["podFailurePolicy"]["rules"]
    assert (fail["action"], fail["onExitCodes"]["values"]) == ("FailJob", [os.EX_CONFIG])
    assert job["spec"]["backoffLimit"] > 0


def test_policies_that_nobody_enforces(
    running: Platform, well: Ended, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """They are one failure, which no repetition heals; all else is tested as before."""
    made = pod(running)
    made.extra |= IMPATIENT
    ended = made.run(tmp_path_factory.mktemp("open"))
    assert ended.code == os.EX_CONFIG, ended.log
    assert ended.named("FAILED") == {"test_policies"}
    assert f"policies not enforced: no policy allows {STORE}, {DATABASE}, and all are open" in ended.log
    assert "policies not enforced" in ended.last
    denied = {name for name in ended.outcomes if name.startswith("test_denied")}
    assert len(denied) == denied_count()
    assert ended.named("SKIPPED") == denied | {"test_needs[test-service]"}
    assert ended.named("PASSED") == well.named("PASSED") - denied - {"test_policies"}


def test_what_somebody_has_to_mend(
    running: Platform, given: Pod, well: Ended, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """One open target among closed ones, and each way in which a topic can differ, fail alone and for good."""
    wide, short, missing = (topic["name"] for topic in given.matrix["topics"][:3])
    given.change("denied", STORE, address=local(running)["minio.chatdb-system.svc.cluster.local:9000"])
    given.change("topics", wide, partitions=4)
    given.change("topics", short, retention_ms=1, replication=2)
    given.change("topics", missing, name="nobody_made_this")
    ended = given.run(tmp_path_factory.mktemp("fix"))
    wrong = {f"test_denied[{STORE}]", f"test_topic[{wide}]", f"test_topic[{short}]", "test_topic[nobody_made_this]"}
    assert ended.named("FAILED") == wrong, ended.log
    assert ended.code == os.EX_CONFIG
    assert ended.named("PASSED") == well.named("PASSED") - wrong - {f"test_topic[{missing}]"}
    assert f"{STORE} is open to these tests" in ended.log
    assert f"topic {wide} has partitions 3, declared is 4" in ended.log
    assert f"topic {short} has replication 1, declared is 2; retention_ms 86400000, declared is 1" in ended.log
    assert "there is no topic nobody_made_this" in ended.log
    assert "policies enforced" in ended.last


def test_what_may_pass_by_itself(
    running: Platform, proxies: Proxies, given: Pod, shut: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A service that is down, an edge that is dropped, and a service that is cut off from Kafka: one cause each."""
    dropped = given.entry("edges", "ml-engine:http")["address"]
    given.matrix["services"]["ml-engine"]["url"] = f"http://{shut[0]}"
    given.change("edges", "ml-engine:http", address=shut[0])
    assert dropped != shut[0]
    running.parts["test-service"].server.kill()
    try:
        with proxies.befallen(Fault.CUT, ["query-parser to kafka"]):
            ended = given.run(tmp_path_factory.mktemp("again"))
    finally:
        running.parts["test-service"].server.start()
        running.wait()
    edges = {"test_edge[ml-engine:http]", "test_edge[test-service:http]"}
    assert ended.named("FAILED") == edges | {"test_needs[query-parser]"}, ended.log
    assert ended.code == 1
    assert f"ml-engine:http at {shut[0]} is not answered: a policy drops it" in ended.log
    assert "is refused: nobody listens there" in ended.log
    assert "query-parser does not say that it reaches kafka" in ended.log
    assert {"test_job_is_trained", "test_prediction", "test_smoke_run"} <= ended.named("SKIPPED")
    assert {"test_question", f"test_denied[{DATABASE}]", "test_topic[queries]"} <= ended.named("PASSED")


class Refusing(BaseHTTPRequestHandler):
    """An orchestrator that is well, and has no room for a job."""

    moves: ClassVar[bool]
    needs: ClassVar[Collection[str]]
    asked: ClassVar[int] = 0

    def do_GET(self) -> None:
        """Which jobs wait: other ones each time, where the queue moves."""
        type(self).asked += self.path.startswith("/jobs")
        waiting = [{"id": f"job-{self.asked if self.moves else 0}"}]
        body = {"items": waiting, "checks": {name: {"ok": True} for name in self.needs}, "metrics": "# TYPE "}
        self.answer(200, body)

    def do_POST(self) -> None:
        """Too many."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(429, {"detail": "full"})

    def answer(self, status: int, body: object) -> None:
        """With the time of the next try."""
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Retry-After", "1")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_arguments: object) -> None:
        """Nobody reads it."""


@pytest.mark.parametrize("moves", [True, False])
def test_busy_is_not_broken(
    given: Pod, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, moves: bool
) -> None:
    """Jobs are refused for too long: nothing fails where others are done meanwhile, else the job does."""
    service = given.matrix["services"]["training-orchestrator"]
    for name, value in (("moves", moves), ("needs", service["needs"].values()), ("asked", 0)):
        monkeypatch.setattr(Refusing, name, value, raising=False)
    given.extra["PATIENCE_SECONDS"] = "3"
    with ThreadingHTTPServer((HOST, 0), Refusing) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        service["url"] = f"http://{HOST}:{server.server_address[1]}"
        ended = given.run(tmp_path_factory.mktemp("busy"))
        server.shutdown()
    trained = {name for name in ended.outcomes if name in ("test_job_is_trained", "test_model_is_registered")}
    assert ended.code == (0 if moves else 1), ended.log
    assert trained <= ended.named("SKIPPED" if moves else "ERROR"), ended.log
    assert "POST /jobs is answered with 429" in ended.log
    assert ("busy: " in ended.log) is moves
    assert "test_smoke_run" in ended.named("PASSED")
