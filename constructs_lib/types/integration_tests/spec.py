"""What a component of type integration-tests is."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from operator import itemgetter
from typing import Any

from constructs_lib.component_type import POD, ComponentType, Implied, type_of
from constructs_lib.model import Catalogue, Component, Dependency, External, Port
from constructs_lib.resolved import METRICS, Relation, ResolvedComponent, Surroundings, specialized
from constructs_lib.routes import published

MATRIX = "integration-tests-matrix"
"""The ConfigMap that says what there is to test."""


@dataclass(frozen=True, kw_only=True)
class IntegrationTestsComponent(ResolvedComponent):
    """`matrix` is the JSON that services/integration-tests reads, `folder` where the pod finds it."""

    matrix: str
    folder: str


class IntegrationTests(ComponentType):
    """A plain Job whose name depends on the whole environment, so that every change is tested."""

    name = "integration-tests"
    takes = POD
    single = True

    def per_environment(self, manifest: Mapping[str, Any]) -> bool:
        """The Job and its matrix: both depend on all that the environment runs."""
        return bool(manifest["kind"] == "Job" or manifest["metadata"]["name"] == MATRIX)

    def implies(self, catalogue: Catalogue, component: Component) -> Iterable[Implied]:
        """It calls each component of a type that is tested."""
        tested = [one for one in catalogue.components if type_of(one).tested]
        return [(Relation.TESTS, Dependency(one.name, "http")) for one in tested]

    def settings(self, catalogue: Catalogue, component: Component) -> Mapping[str, str]:
        """Where the matrix is."""
        return {"MATRIX_FILE": f"{_folder(catalogue.name)}/matrix.json"}

    def resolve(self, base: ResolvedComponent, around: Surroundings) -> ResolvedComponent:
        """What there is to test."""
        text = json.dumps(matrix(base, around), indent=2, sort_keys=True) + "\n"
        return specialized(base, IntegrationTestsComponent, matrix=text, folder=_folder(base.platform))


def _folder(platform: str) -> str:
    return f"/etc/{platform}"


def matrix(base: ResolvedComponent, around: Surroundings) -> dict[str, Any]:
    """What there is to test; services/integration-tests/integration_tests/matrix.py reads it.

    `edges` are the ports that policies open for the tests, `denied` all others of the platform, `services` each with
    its paths and needs, `topics` as declared.
    """
    links = around.by_consumer.get(base.name, ())
    tested = [link.provider for link in links if link.relation is Relation.TESTS]
    services = [provider for provider in tested if isinstance(provider, Component)]
    allowed = {(link.provider.name, link.port.name) for link in links}
    return {
        "edges": [_target(link.provider, link.port) for link in links],
        "denied": sorted(_denied(around.catalogue, allowed, services), key=itemgetter("name")),
        "services": {service.name: _service(around.catalogue, service) for service in services},
        "topics": [asdict(topic) for topic in around.topics],
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
            needed = Dependency(node.name, port.name)
            witnesses = {one.name: _readiness_name(node) for one in services if needed in one.needs}
            yield _target(node, port) | {"witnesses": witnesses}


def _service(catalogue: Catalogue, component: Component) -> dict[str, Any]:
    probes, route = component.probes, component.route
    return {
        "url": f"http://{component.host}:{component.port('http').number}",
        "edge": f"{component.name}:http",
        "liveness": probes.liveness.path if probes else None,
        "readiness": probes.readiness.path if probes else None,
        "metrics": METRICS if component.metrics else None,
        "api": published(component.name, route)[0] if route else None,
        "needs": {one.to: _readiness_name(catalogue.node(one.to)) for one in component.needs},
    }


def _readiness_name(node: Component | External) -> str:
    return node.name if isinstance(node, External) else type_of(node).readiness_name(node)


TYPE = IntegrationTests()
