"""What the construct of each kind takes from its entry, and so has to find there."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from constructs_lib.catalogue.credentials import schema_owners
from constructs_lib.catalogue.externals import KUBERNETES_API
from constructs_lib.catalogue.model import Catalogue, Component, Kind
from constructs_lib.catalogue.problems.places import COMPONENTS, where
from constructs_lib.problem import Problem


@dataclass(frozen=True, kw_only=True, slots=True)
class Demand:
    """What entries of a kind need: ports by name, probes, storage, a provider of another kind, a way to the API.

    A kind that does not `scale` runs one pod. One that is `single` makes objects of fixed names.
    """

    ports: tuple[str, ...] = ()
    probes: bool = False
    storage: bool = False
    pods: bool = True
    scales: bool = False
    single: bool = False
    api: bool = False
    provider: Kind | None = None


DEMANDS: Mapping[Kind, Demand] = MappingProxyType(
    {
        Kind.CREDENTIALS: Demand(single=True, api=True),
        Kind.POSTGRES: Demand(ports=("postgres",), probes=True, storage=True, single=True),
        Kind.KAFKA: Demand(ports=("kafka",), probes=True, storage=True),
        Kind.OBJECT_STORE: Demand(ports=("api", "console"), probes=True, storage=True),
        Kind.KAFKA_TOPICS: Demand(provider=Kind.KAFKA),
        Kind.POSTGRES_SCHEMA: Demand(provider=Kind.POSTGRES, single=True),
        Kind.OBJECT_STORE_BUCKETS: Demand(provider=Kind.OBJECT_STORE),
        Kind.MICROSERVICE: Demand(ports=("http",), probes=True, scales=True),
        Kind.INGRESS: Demand(pods=False, single=True),
        Kind.PROMETHEUS: Demand(ports=("prometheus",), probes=True, single=True, api=True),
        Kind.GRAFANA: Demand(ports=("http",), probes=True, scales=True, single=True),
        Kind.JAEGER: Demand(ports=("otlp-http", "query"), probes=True, single=True),
        Kind.INTEGRATION_TESTS: Demand(single=True),
        Kind.LOCUST_MASTER: Demand(ports=("web", "master"), probes=True, single=True),
        Kind.LOCUST_WORKER: Demand(scales=True),
        Kind.CHAOS: Demand(api=True),
    }
)


def found(catalogue: Catalogue) -> Iterator[Problem]:
    """Entries that lack something, or have what nobody reads."""
    kinds = {component.name: component.kind for component in catalogue.components}
    for component in catalogue.components:
        for what, mend in (*_parts(component), *_api(component), *_provider(component, kinds)):
            yield Problem(where(component), f"it is of kind {component.kind}, but {what}", mend)
    yield from _whole(catalogue)


Defects = Iterator[tuple[str, str]]


def _parts(component: Component) -> Defects:
    demand = DEMANDS[component.kind]
    for name in sorted(set(demand.ports) - {port.name for port in component.ports}):
        yield f"has no port named {name}", f'add Port(name="{name}", number=...) to its ports'
    if demand.pods and component.image is None:
        yield "has no image", "name one of constructs_lib/catalogue/images.py"
    if demand.pods and component.resources is None:
        yield "has no resources", "add resources=Resources(...)"
    if demand.probes and component.probes is None:
        yield "has no probes", "add probes=service_probes() or tool_probes(...)"
    if demand.storage and component.storage is None:
        yield "has no storage", "add storage=Storage(...)"
    if component.storage and not demand.storage:
        yield "has storage, which this kind does not mount", "remove it, or use another kind"
    if component.replicas > 1 and not demand.scales:
        yield f"replicas is {component.replicas}", "this kind runs one pod: ask for 1"


def _api(component: Component) -> Defects:
    uses = any(edge.to == KUBERNETES_API.name for edge in component.needs)
    if DEMANDS[component.kind].api and not uses:
        yield f"does not need {KUBERNETES_API.name}", "add needs=API_EDGES: its pods talk to it"
    if component.access and not uses:
        yield f"has access without a need of {KUBERNETES_API.name}", "add needs=API_EDGES, or remove the access"
    if uses and not DEMANDS[component.kind].api:
        yield f"needs {KUBERNETES_API.name}: this kind gets no service account", "remove the edge and the access"
    if component.kind is Kind.CHAOS and not component.access:
        yield "has no access", "add access=(Access(...),): there is one container for each namespace in it"


def _provider(component: Component, kinds: Mapping[str, Kind]) -> Defects:
    provider = DEMANDS[component.kind].provider
    if provider and provider not in {kinds.get(edge.to) for edge in component.needs}:
        yield f"needs no {provider}", f"add an edge to a component of kind {provider} to its needs"
    if component.schema and Kind.POSTGRES not in {kinds.get(edge.to) for edge in component.needs}:
        yield "has a schema and needs no postgres", "add the edge to its needs: it is told the address by it"


def _whole(catalogue: Catalogue) -> Iterator[Problem]:
    counts = Counter(component.kind for component in catalogue.components)
    if schema_owners(catalogue) and not counts[Kind.POSTGRES_SCHEMA]:
        yield Problem(COMPONENTS, "schemas are declared but no component makes them", "add one of kind postgres-schema")
    if any(component.generated_secrets for component in catalogue.components) and not counts[Kind.CREDENTIALS]:
        yield Problem(COMPONENTS, "secrets are declared but no component makes them", "add one of kind credentials")
    for kind, demand in DEMANDS.items():
        if demand.single and counts[kind] > 1:
            yield Problem(COMPONENTS, f"there are {counts[kind]} components of kind {kind}", "keep one")
