"""The trait gateway-api behind a real controller: it takes the Gateway, and requests arrive where the routes say.

Real: Traefik with the rights and arguments of its Deployment, the API server, the trait's objects and the Services as
they are rendered. In the services' place answers a listener that says what it was asked. `make gateway-test` runs it in
a network of its own: the listener of the Gateway is on port 80.
"""

import http.client
import json
import threading
import time
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

import pytest
import yaml

from catalogue.components import HOST
from chatdb.local.processes import wait_for
from constructs_lib.routes import PREFIX_HEADER
from tests.e2e.api import Manifest
from tests.e2e.cluster import Cluster
from tests.node import gateway
from tests.node.namespaces import ADDRESS
from tests.public_paths import ENCODED, REQUESTS, UNANSWERED
from tests.repository import ROOT, manifests

SECONDS = 60
PORT = 80
API = "gateway.networking.k8s.io/v1"
TRAIT = [one for one in manifests(ROOT / "dist/traits/gateway-api") if one["apiVersion"] == API]
ROUTES = [one for one in TRAIT if one["kind"] == "HTTPRoute"]
NAMESPACE = TRAIT[0]["metadata"]["namespace"]
BACKENDS = [rule["backendRefs"][0] for one in ROUTES for rule in one["spec"]["rules"]]
NAMES = {one["port"]: one["name"] for one in BACKENDS}
"""The services behind the routes, by their ports."""
ARTIFACT = "/api/v1/models/a/versions/1/artifact"
LARGE = 2**25
DEFAULT = 60
"""Seconds that Traefik gives a request by itself."""


class Answer(NamedTuple):
    """What came back; from a service: what it was asked."""

    status: int
    said: Mapping[str, Any]


class Listener(BaseHTTPRequestHandler):
    """Answers for the service of its port."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Say what was asked."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        said = {
            "service": NAMES[self.connection.getsockname()[1]],
            "path": self.path,
            "host": self.headers["Host"],
            "prefix": self.headers.get_all(PREFIX_HEADER),
            "length": len(body),
        }
        text = json.dumps(said).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_PUT = do_GET

    def log_message(self, *arguments: Any) -> None:
        """Nothing."""


def ask(
    path: str,
    host: str = HOST,
    body: bytes | Iterator[bytes] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """A request through the Gateway, its path sent as it is."""
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=2 * DEFAULT)
    try:
        connection.request("GET" if body is None else "PUT", path, body, {"Host": host, **(headers or {})})
        answer = connection.getresponse()
        text = answer.read()
    finally:
        connection.close()
    return Answer(answer.status, json.loads(text) if text.startswith(b"{") else {})


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The trait's objects and Services, a listener behind them, and the controller before."""
    made = Cluster(tmp_path_factory.mktemp("gateway"))
    listeners = [ThreadingHTTPServer((ADDRESS, port), Listener) for port in NAMES]
    try:
        for listener in listeners:
            threading.Thread(target=listener.serve_forever, daemon=True).start()
        made.start()
        gateway.install(made.api)
        made.api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
        for manifest in (*TRAIT, *services(), *map(endpoints, services())):
            made.api.apply(manifest)
        controller(made)
        wait_for("a request arrives", SECONDS, lambda: answers(made))
        yield made
    finally:
        for listener in listeners:
            listener.shutdown()
            listener.server_close()
        made.stop()


def services() -> list[Manifest]:
    """The Services behind the routes, as they are rendered."""
    rendered = (one for one in manifests() if (one["kind"], one["metadata"].get("namespace")) == ("Service", NAMESPACE))
    chosen = [one for one in rendered if one["metadata"]["name"] in NAMES.values()]
    assert len(chosen) == len(NAMES) > 1
    return chosen


def endpoints(service: Manifest) -> Manifest:
    """The listener, as a pod of the Service."""
    name = service["metadata"]["name"]
    labels = {"kubernetes.io/service-name": name, "endpointslice.kubernetes.io/managed-by": "test"}
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": f"{name}-test", "namespace": NAMESPACE, "labels": labels},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [ADDRESS], "conditions": {"ready": True}}],
        "ports": [{"name": port.get("name", ""), "port": port["port"]} for port in service["spec"]["ports"]],
    }


def controller(cluster: Cluster) -> None:
    """Start it as its Deployment does, with the rights of its account."""
    account = cluster.api.path("v1", "ServiceAccount", gateway.NAMESPACE, gateway.NAME)
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    config = yaml.safe_load(cluster.kubeconfig.read_text(encoding="utf-8"))
    config["users"][0]["user"] = {"token": cluster.api.request("POST", f"{account}/token", request)["status"]["token"]}
    path = cluster.folder / "traefik.kubeconfig"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    deployment = cluster.api.read("apps/v1", "Deployment", gateway.NAMESPACE, gateway.NAME)
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    cluster.launch("traefik", [str(gateway.BUILT / "bin/traefik"), *container["args"]], {"KUBECONFIG": str(path)})


def answers(cluster: Cluster) -> bool:
    """Whether the last of the routes is served."""
    assert cluster.servers["traefik"].alive(), cluster.logs()
    try:
        return all(ask(path).status == 200 for path, _, _ in REQUESTS)
    except OSError:
        return False


def conditions(status: Manifest) -> dict[str, tuple[str, int]]:
    """Each condition, and the generation that it is about."""
    return {one["type"]: (one["status"], one["observedGeneration"]) for one in status["conditions"]}


def test_everything_is_accepted(cluster: Cluster) -> None:
    """The class, the Gateway with each of its routes, and the routes, in the generation that they have now."""
    made = cluster.api.read(API, "GatewayClass", None, TRAIT[0]["spec"]["gatewayClassName"])
    assert conditions(made["status"])["Accepted"] == ("True", made["metadata"]["generation"])
    (one,) = cluster.api.list(API, "Gateway", NAMESPACE)
    now = ("True", one["metadata"]["generation"])
    assert conditions(one["status"]) == {"Accepted": now, "Programmed": now}
    (listener,) = one["status"]["listeners"]
    assert conditions(listener) == {"Accepted": now, "Programmed": now, "ResolvedRefs": now}
    assert listener["attachedRoutes"] == len(ROUTES)
    for route in cluster.api.list(API, "HTTPRoute", NAMESPACE):
        (parent,) = route["status"]["parents"]
        now = ("True", route["metadata"]["generation"])
        assert conditions(parent) == {"Accepted": now, "ResolvedRefs": now}, route["metadata"]["name"]


def test_what_users_need_arrives(cluster: Cluster) -> None:
    """At the service and path of the table; the service is told its prefix, whatever the client says of it."""
    asked = {path: ask(f"{path}?a=b", headers={PREFIX_HEADER: "/evil"}).said for path, _, _ in REQUESTS}
    came = [(path, said["service"], said["path"]) for path, said in asked.items()]
    assert came == [(path, service, f"{inside}?a=b") for path, service, inside in REQUESTS]
    prefixes = {path: "/test" if path.startswith("/test") else "/api/v1" for path in asked}
    assert {path: said["prefix"] for path, said in asked.items()} == {path: [text] for path, text in prefixes.items()}
    assert {said["host"] for said in asked.values()} == {HOST}


@pytest.mark.parametrize("path", [*UNANSWERED, *ENCODED])
def test_nothing_else_arrives(cluster: Cluster, path: str) -> None:
    """No service is asked, also where a path is written in another way."""
    answer = ask(path)
    assert answer.said == {}
    assert answer.status in (400, 404)


@pytest.mark.parametrize("host", ["other.local", "127.0.0.1", f"a.{HOST}"])
def test_other_hosts(cluster: Cluster, host: str) -> None:
    """The listener of the Gateway is for one host."""
    assert {ask(path, host).status for path, _, _ in REQUESTS} == {404}


def test_large_body(cluster: Cluster) -> None:
    """It passes whole: what is too large says the service."""
    answer = ask(ARTIFACT, body=bytes(LARGE))
    assert (answer.status, answer.said["length"]) == (200, LARGE)


def test_slow_body(cluster: Cluster) -> None:
    """It may take longer than the minute that is Traefik's default."""
    halves = [bytes(LARGE // 2)] * 2

    def slowly() -> Iterator[bytes]:
        yield halves[0]
        time.sleep(DEFAULT + 2)
        yield halves[1]

    answer = ask(ARTIFACT, body=slowly(), headers={"Content-Length": str(LARGE)})
    assert (answer.status, answer.said["length"]) == (200, LARGE)
