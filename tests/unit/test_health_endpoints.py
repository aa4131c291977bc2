"""`chatdb health` requests what the environment renders: overlays and traits may replace ports and probes."""

from pathlib import Path

import pytest

from catalogue.components import CATALOGUE
from chatdb.deploy.endpoints import Endpoint, endpoints
from chatdb.deploy.health import _answer
from chatdb.deploy.kubectl import Kubectl, KubectlError
from chatdb.deploy.objects import Manifest
from chatdb.deploy.plan import Step, plan
from constructs_lib.gitops.regenerate import regenerate
from constructs_lib.settings import read_settings
from tests.repository import PLATFORM, ROOT, attach, copy_repository


def rendered(root: Path) -> dict[str, Endpoint]:
    """Every endpoint of the environment, by name."""
    steps = (step for wave in plan(root, PLATFORM, read_settings(root, CATALOGUE, "minikube")) for step in wave)
    return {endpoint.name: endpoint for step in steps for endpoint in endpoints(step)}


def test_platform_as_it_is() -> None:
    """Each declared port, with the path of its readiness probe, or else of its liveness probe."""
    paths = {name: endpoint.path for name, endpoint in rendered(ROOT).items()}
    assert paths.keys() == {f"{one.name}:{port.name}" for one in PLATFORM.components for port in one.ports}
    assert paths["minio:api"] == "/minio/health/ready"
    assert paths["prometheus:prometheus"] == "/-/ready"
    assert {name.partition(":")[0] for name, path in paths.items() if path == "/ready"} == {
        one.name for one in PLATFORM.components if one.type == "microservice"
    }
    assert paths["minio:console"] is paths["kafka:kafka"] is None


def test_trait_replaces_path_and_ports(tmp_path: Path) -> None:
    """The gateway of versitygw has another path than MinIO, and no console."""
    repository = copy_repository(tmp_path)
    attach(repository, "minikube", ["object-store-versitygw"])
    regenerate(repository, lambda: CATALOGUE)
    minio = {name: endpoint for name, endpoint in rendered(repository).items() if name.startswith("minio:")}
    assert {name: (one.number, one.path) for name, one in minio.items()} == {"minio:api": (9000, "/health")}


def container(**fields: object) -> Manifest:
    """A container with a port of a name."""
    return {"name": "one", "ports": [{"name": "web", "containerPort": 8080}], **fields}


def endpoint(container: Manifest, port: Manifest) -> Endpoint:
    """That of a Service in front of a Deployment."""
    labels = {"app": "one"}
    service = {"kind": "Service", "metadata": {"name": "front", "namespace": "space", "labels": labels}}
    service["spec"] = {"selector": labels, "ports": [port]}
    template = {"metadata": {"labels": labels | {"version": "v1"}}, "spec": {"containers": [container]}}
    workload = {"kind": "Deployment", "metadata": service["metadata"], "spec": {"template": template}}
    (made,) = endpoints(Step(tier="tier", overlay="overlay", manifests=(workload, service)))
    return made


def test_probe_and_service_agree_on_the_port() -> None:
    """Names and numbers of ports are the same; a probe of another port does not count, nor one without a path."""
    probe = {"httpGet": {"path": "/up", "port": "web"}}
    expected = Endpoint(namespace="space", component="one", service="front", port="http", number=80, path="/up")
    assert endpoint(container(readinessProbe=probe), {"name": "http", "port": 80, "targetPort": 8080}) == expected
    assert endpoint(container(livenessProbe=probe), {"name": "http", "port": 80, "targetPort": "web"}) == expected
    assert endpoint(container(livenessProbe=probe), {"port": 8080}).name == "front:8080"
    assert endpoint(container(livenessProbe=probe), {"port": 8080}).path == "/up"
    assert endpoint(container(livenessProbe=probe), {"port": 9090}).path is None
    assert endpoint(container(livenessProbe={"tcpSocket": {"port": 8080}}), {"port": 8080}).path is None


def test_port_that_no_container_declares() -> None:
    """It is said, by name and by number: a Service of a wrong port has pods, and answers nobody."""
    assert endpoint(container(), {"port": 80, "targetPort": 8080}).declared
    assert endpoint(container(), {"port": 80, "targetPort": "web"}).declared
    assert not endpoint(container(), {"port": 80, "targetPort": 8005}).declared
    assert not endpoint(container(ports=None), {"port": 80}).declared


@pytest.mark.parametrize(
    ("words", "ok", "found"),
    [
        ("dial tcp 10.0.0.1:8005: connect: connection refused", False, "nothing listens: "),
        ("malformed HTTP response", True, "served by 1"),
        (None, True, "served by 1"),
    ],
)
def test_undeclared_port_is_tried(words: str | None, ok: bool, found: str) -> None:
    """It may be a server that does not speak HTTP; where nothing listens, the Service is wrong."""

    class Cluster(Kubectl):
        """Answers as told."""

        def run(self, *arguments: str, **_options: object) -> str:
            if words is not None:
                raise KubectlError(" ".join(arguments), words)
            return ""

    check = _answer(Cluster(), endpoint(container(), {"port": 80, "targetPort": 8005}), pods=1)
    assert (check.ok, check.found.startswith(found)) == (ok, True)


def test_what_may_be_left_out() -> None:
    """A probe may be null, name no path, and use TLS; a Service may be a name for a host outside, and have no ports."""
    probe = {"httpGet": {"port": 8080, "scheme": "HTTPS"}}
    made = endpoint(container(readinessProbe=None, livenessProbe=probe, ports=None), {"port": 8080})
    assert (made.path, made.scheme) == ("/", "https")
    metadata = {"name": "outside", "namespace": "space"}
    for spec in ({"type": "ExternalName", "externalName": "a.example"}, {"clusterIP": "None"}):
        service = {"kind": "Service", "metadata": metadata, "spec": spec}
        assert list(endpoints(Step(tier="tier", overlay="overlay", manifests=(service,)))) == []
