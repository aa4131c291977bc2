"""The integration tests, run inside the cluster."""

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict
from operator import itemgetter
from typing import Any

from constructs import Construct

from constructs_lib.catalogue.graph import Relation, links_from
from constructs_lib.catalogue.model import Catalogue, Component, Edge, External, Kind, Port
from constructs_lib.catalogue.topics import declared_topics
from constructs_lib.parts.chart import ComponentChart
from constructs_lib.parts.config import config_map, env_config
from constructs_lib.parts.context import Context
from constructs_lib.parts.job import job
from constructs_lib.parts.pod import PodOptions
from constructs_lib.parts.storage import Mount, tmp

FOLDER = "/etc/chatdb"
RETRIES = 2


def matrix(catalogue: Catalogue, component: Component) -> dict[str, Any]:
    """What there is to test; services/integration-tests/integration_tests/matrix.py reads it.

    `edges` are the ports that policies open for the tests, `denied` all others of the platform, `services` each with
    its paths and needs, `topics` as declared.
    """
    edges = links_from(catalogue, component.name)
    tested = [link.provider for link in edges if link.relation is Relation.TESTS]
    services = [provider for provider in tested if isinstance(provider, Component)]
    return {
        "edges": [_target(link.provider, link.port) for link in edges],
        "denied": sorted(
            _denied(catalogue, {(link.provider.name, link.port.name) for link in edges}, services),
            key=itemgetter("name"),
        ),
        "services": {service.name: _service(catalogue, service) for service in services},
        "topics": [asdict(topic) for topic in declared_topics(catalogue)],
    }


def _target(node: Component | External, port: Port) -> dict[str, Any]:
    return {"name": f"{node.name}:{port.name}", "address": f"{node.host}:{port.number}"}


def _denied(
    catalogue: Catalogue, allowed: Collection[tuple[str, str]], services: Iterable[Component]
) -> Iterator[dict[str, Any]]:
    """Each with the services that need it, as only they know whether it is up; of externals the first port."""
    ports: list[tuple[Component | External, Port]]
    ports = [(node, port) for node in catalogue.components for port in node.ports]
    ports += [(node, node.ports[0]) for node in catalogue.externals if node.host and node.ports]
    for node, port in ports:
        if (node.name, port.name) not in allowed:
            needed = Edge(node.name, port.name)
            witnesses = {one.name: _check(node) for one in services if needed in one.needs}
            yield _target(node, port) | {"witnesses": witnesses}


def _service(catalogue: Catalogue, component: Component) -> dict[str, Any]:
    probes, route = component.probes, component.route
    return {
        "url": f"http://{component.host}:{component.port('http').number}",
        "edge": f"{component.name}:http",
        "liveness": probes.liveness.path if probes else None,
        "readiness": probes.readiness.path if probes else None,
        "metrics": "/metrics" if component.metrics else None,
        "api": (route.path.removeprefix(route.strip) or "/") if route else None,
        "needs": {edge.to: _check(catalogue.node(edge.to)) for edge in component.needs},
    }


def _check(node: Component | External) -> str:
    """How a service's readiness calls what it needs: a service by its name, all else by what it is."""
    if isinstance(node, External) or node.kind is Kind.MICROSERVICE:
        return node.name
    return node.kind.replace("-", " ")


class IntegrationTests(ComponentChart):
    """A plain Job whose name depends on the whole platform, so that every change is tested."""

    def __init__(self, scope: Construct, id_: str, *, component: Component, context: Context) -> None:
        """A failure stays visible as Degraded; a few retries tell a hiccup from a defect."""
        super().__init__(scope, id_)
        text = json.dumps(matrix(context.catalogue, component), indent=2, sort_keys=True) + "\n"
        data = {"matrix.json": text, "platform.sha256": context.platform_digest + "\n"}
        files = config_map(self, component, "integration-tests-matrix", data)
        mounts = [Mount(name="matrix", path=FOLDER, config=files), tmp()]
        environment = env_config(self, component, context, {"MATRIX_FILE": f"{FOLDER}/matrix.json"})
        options = PodOptions(environment=environment, mounts=mounts)
        job(self, component, context, options, backoff_limit=RETRIES)
