"""`chatdb load` up to the point where Locust runs: targets, bounds, the door, and what becomes of the figures."""

import http.client
import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from catalogue.components import CATALOGUE
from chatdb.cli import main
from chatdb.loadtest import locust
from chatdb.loadtest.door import door, routes
from chatdb.loadtest.locust import Counted
from chatdb.loadtest.report import quantile
from chatdb.loadtest.target import target
from constructs_lib.problem import InvalidInput
from tests.cli.outcomes import COUNTED, JOBS, PARSE, load_report
from tests.cli.recorded import Recorded
from tests.repository import PLATFORM, ROOT, manifests

KUBECONFIG = {
    "current-context": "minikube",
    "contexts": [{"name": "minikube", "context": {"cluster": "mine"}}],
    "clusters": [{"name": "mine", "cluster": {"server": "https://192.0.2.2:8443"}}],
}


def run(*arguments: str, **environment: str) -> Result:
    """The command."""
    return CliRunner().invoke(main, ["load", *arguments], env=environment)


def reached(host: str | None = None, context: str | None = None, *, elsewhere: bool = False) -> str:
    """The URL that load would be sent to."""
    with target(PLATFORM, Path("nowhere"), host=host, context=context, elsewhere=elsewhere) as url:
        return url


@pytest.mark.parametrize("host", ["http://127.0.0.1:8080/", "http://localhost:8080", "http://[::1]:8080"])
def test_this_machine_is_taken(host: str) -> None:
    """By address or name, without another word."""
    assert reached(host) == host.rstrip("/")


def test_other_machines_are_said_twice() -> None:
    """A load on somebody else's machine is never a slip of the hand."""
    for host in ("http://192.0.2.2", "http://localhost.example", "http://chatdb.local"):
        with pytest.raises(InvalidInput, match="--elsewhere says that you mean it"):
            reached(host)
        assert reached(host, elsewhere=True) == host
    with pytest.raises(InvalidInput, match="is no URL"):
        reached("chatdb.local", elsewhere=True)


@pytest.mark.parametrize(("address", "host"), [("192.0.2.2", "192.0.2.2"), ("fd00::2", "[fd00::2]")])
def test_ingress_of_a_minikube(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str, host: str) -> None:
    """The context's name is the profile's, and its node is where the ingress controller listens."""
    programs = Recorded(tmp_path, sys.executable)
    programs.add("kubectl", prints=json.dumps(KUBECONFIG))
    programs.add("minikube", prints=address)
    monkeypatch.setenv("PATH", programs.path)
    assert reached(context="minikube") == f"http://{host}"
    assert programs.calls[-1] == ["minikube", "ip", "--profile=minikube"]


@pytest.mark.parametrize(
    "arguments",
    [("--users=0",), ("--users=501",), ("--duration=0",), ("--duration=3601",), ("--host=http://[::1]", "--context=a")],
)
def test_bounds(arguments: tuple[str, ...]) -> None:
    """More users or time than a small platform is for is wrong usage, and so are two places at once."""
    assert run(*arguments).exit_code == 2


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    """No local platform, and no Locust: each with the command that fixes it."""
    assert "run `chatdb local up` in another shell" in run(CHATDB_ENV_FILE=str(tmp_path / "none")).output
    with pytest.raises(InvalidInput, match="make setup-load"):
        locust.run(tmp_path, "http://127.0.0.1:1", users=1, seconds=1)


def test_what_runs_is_what_the_cluster_mounts() -> None:
    """The file that Locust is given here is the one of dist/, and Locust is of the image's version."""
    (mounted,) = [m for m in manifests(ROOT / "dist/testing") if m["metadata"]["name"] == "locust-scripts"]
    given = (ROOT / locust.LOCUSTFILE).read_text(encoding="utf-8")
    assert mounted["data"] == {"locustfile.py": given} == CATALOGUE.files("locust-master")
    lock = (ROOT / "requirements/load.lock").read_text(encoding="utf-8")
    assert f"\nlocust=={CATALOGUE.images['locust'].tag} " in lock


class Echo(BaseHTTPRequestHandler):
    """Says what it was asked."""

    def do_POST(self) -> None:
        """With its own status, to see that it comes through."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        said = json.dumps([self.path, self.headers["Host"], body]).encode()
        self.send_response(429)
        self.send_header("Retry-After", "10")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_arguments: object) -> None:
        """Nothing."""


@pytest.fixture
def way() -> Iterator[http.client.HTTPConnection]:
    """One connection to a door before a server that stands for query-parser; training-orchestrator is down."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        told = {
            "QUERY_PARSER_URL": f"http://127.0.0.1:{server.server_port}",
            "TRAINING_ORCHESTRATOR_URL": "http://127.0.0.1:9",
        }
        with door(routes(PLATFORM, told)) as url:
            connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)
            yield connection
            connection.close()
        server.shutdown()


def test_door(way: http.client.HTTPConnection) -> None:
    """Paths as the ingress rewrites them, answers as the service gives them, many on one connection."""
    for _ in range(2):
        way.request("POST", "/api/v1/parse?a=1", b"body", {"Host": "chatdb.local"})
        answer = way.getresponse()
        assert (answer.status, answer.headers["Retry-After"]) == (429, "10")
        assert json.loads(answer.read()) == ["/parse?a=1", "chatdb.local", "body"]


@pytest.mark.parametrize(("path", "status"), [("/api/v1/jobs", 502), ("/parse", 404), ("/api/v1/models", 404)])
def test_door_without_a_service(way: http.client.HTTPConnection, path: str, status: int) -> None:
    """One that is down is a 502; nobody's path, and one whose service is not told of, is a 404."""
    way.request("POST", path, b"{}")
    answer = way.getresponse()
    answer.read()
    assert answer.status == status


def test_refusals_are_apart() -> None:
    """They are requests of their task, no failures, and their times do not flatter the others."""
    report = load_report()
    jobs, parse = report.rows
    assert (jobs.task, jobs.requests, jobs.refused, jobs.failures) == (JOBS, 190, 90, 0)
    assert (jobs.p50, jobs.p95, jobs.p99, jobs.per_minute) == (30, 40, 50, 1140)
    assert (parse.task, parse.requests, parse.refused, parse.failures) == (PARSE, 10, 0, 1)
    assert (report.total.requests, report.total.refused, report.total.failures) == (200, 90, 1)
    assert report.met


@pytest.mark.parametrize(
    ("counted", "most_failures", "slowest", "missed"),
    [
        (COUNTED, 0.4, 100.0, ["failures"]),
        (COUNTED, 1.0, 39.0, ["p95"]),
        (Counted(entries=[], failures=[]), 1.0, 100.0, ["requests", "p95"]),
    ],
)
def test_goals(counted: Counted, most_failures: float, slowest: float, missed: list[str]) -> None:
    """Each is missed by itself; nothing sent is nothing shown."""
    report = load_report(counted, most_failures=most_failures, slowest=slowest)
    assert [goal.what for goal in report.goals if not goal.met] == missed
    assert not report.met


def test_quantiles() -> None:
    """The smallest time that so many do not exceed."""
    times = {1.0: 50, 2.0: 45, 3.0: 4, 4.0: 1}
    assert [quantile(times, percent) for percent in (50, 51, 95, 96, 99, 100)] == [1, 2, 2, 3, 3, 4]
    assert quantile({}, 50) is None


def test_master_and_workers_are_told_of_the_load() -> None:
    """dist/ starts both with the same file; the master makes none itself, and the workers find it."""
    deployments = {m["metadata"]["name"]: m for m in manifests(ROOT / "dist/testing") if m["kind"] == "Deployment"}
    for name, role in (("locust-master", "--master"), ("locust-worker", "--worker")):
        (container,) = deployments[name]["spec"]["template"]["spec"]["containers"]
        assert role in container["command"], yaml.safe_dump(container)
        (mount,) = [one for one in container["volumeMounts"] if one["name"] == "locust-scripts"]
        assert mount["mountPath"] == "/mnt/locust"
