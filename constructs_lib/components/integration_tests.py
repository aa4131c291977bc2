"""The integration tests, run inside the cluster."""

import json
from typing import Any

from constructs import Construct

from constructs_lib.catalogue.graph import Relation, links_from
from constructs_lib.catalogue.model import Catalogue, Component, Kind
from constructs_lib.parts.chart import ComponentChart
from constructs_lib.parts.config import config_map, env_config
from constructs_lib.parts.context import Context
from constructs_lib.parts.job import job
from constructs_lib.parts.pod import PodOptions
from constructs_lib.parts.storage import Mount, tmp

FOLDER = "/etc/chatdb"
RETRIES = 2


def matrix(catalogue: Catalogue, component: Component) -> dict[str, Any]:
    """What there is to test: each service with its probes, the topics, and one connection that must fail.

    `denied` is a port of the platform that no policy opens for the tests.
    """
    tested = [link for link in links_from(catalogue, component.name) if link.relation is Relation.TESTS]
    services = {link.provider.name: _service(link.provider) for link in tested if isinstance(link.provider, Component)}
    return {
        "services": services,
        "topics": sorted(topic.name for topic in catalogue.topics),
        "denied": _denied(catalogue, component),
    }


def _service(component: Component) -> dict[str, Any]:
    probes = component.probes
    return {
        "url": f"http://{component.host}:{component.port('http').number}",
        "liveness": probes.liveness.path if probes else None,
        "readiness": probes.readiness.path if probes else None,
        "metrics": "/metrics" if component.metrics else None,
        "route": component.route.path if component.route else None,
    }


def _denied(catalogue: Catalogue, component: Component) -> list[dict[str, Any]]:
    allowed = {link.provider.name for link in links_from(catalogue, component.name)}
    return [
        {"host": other.host, "port": other.ports[0].number}
        for other in catalogue.components
        if other.kind is Kind.POSTGRES and other.name not in allowed
    ]


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
