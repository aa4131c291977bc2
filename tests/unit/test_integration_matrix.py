"""The matrix of the integration tests says what the catalogue and the rendered policies say, and no code says more."""

import ast
import json
import re
from pathlib import Path

from catalogue.components import CATALOGUE
from constructs_lib.checks.model import Inputs
from constructs_lib.checks.network_policies import End, Pod, one_address, open_ports, read_policy
from constructs_lib.checks.spans import common
from constructs_lib.types.integration_tests.spec import IntegrationTestsComponent
from tests.repository import PLATFORM

TESTS = PLATFORM.component("integration-tests")
assert isinstance(TESTS, IntegrationTestsComponent)
MATRIX = json.loads(TESTS.matrix)


def test_every_port_once() -> None:
    """Each port of each component may be reached, or may not."""
    names = [one["name"] for one in (*MATRIX["edges"], *MATRIX["denied"])]
    ports = {f"{one.name}:{port.name}" for one in CATALOGUE.components for port in one.ports}
    assert sorted(names) == sorted(ports | {"ingress-controller:http", "kubernetes-api:service"})


def test_as_the_policies_have_it(rendered: Inputs) -> None:
    """What is rendered allows each of the edges, and none of the others."""
    policies = [read_policy(policy.manifest) for policy in rendered.of("NetworkPolicy")]
    ends: dict[str, End] = {
        one.name: Pod(namespace=one.namespace, labels={"app": one.name, "version": "v1"})
        for one in CATALOGUE.components
    }
    for external in CATALOGUE.externals:
        known = external.namespace is not None
        pod = Pod(namespace=external.namespace or "", labels=external.pod_labels)
        ends[external.name] = pod if known else one_address("192.0.2.1")
    for list_, wanted in (("edges", True), ("denied", False)):
        for target in MATRIX[list_]:
            port = int(target["address"].rpartition(":")[2])
            ports = open_ports(policies, ends[TESTS.name], ends[target["name"].partition(":")[0]])
            assert bool(common(ports, (("TCP", port, port),))) is wanted, target


def test_witnesses() -> None:
    """Whether PostgreSQL and the object store are up is known by the services that need them."""
    witnesses = {one["name"]: one["witnesses"] for one in MATRIX["denied"] if one["witnesses"]}
    assert witnesses == {
        "postgres:postgres": {"training-orchestrator": "postgres", "model-registry": "postgres"},
        "minio:api": {"model-registry": "object store", "ml-engine": "object store"},
    }


def test_tests_name_no_service(root: Path) -> None:
    """No text of the image's code has a service's name, or a name of the cluster's DNS."""
    names = [one.name for one in CATALOGUE.components if one.type == "microservice"]
    known = re.compile(rf"\b({'|'.join(names)})\b|\.svc\b")
    for path in (root / "services/integration-tests/integration_tests").rglob("*.py"):
        texts = [n.value for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Constant)]
        assert [text for text in texts if isinstance(text, str) and known.search(text)] == [], path
