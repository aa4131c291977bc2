"""Which construct builds which kind of component."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from constructs import Construct

from constructs_lib.catalogue.model import Component, Kind
from constructs_lib.components.chaos import Chaos
from constructs_lib.components.credentials import Credentials
from constructs_lib.components.edge import Ingresses
from constructs_lib.components.grafana import Grafana
from constructs_lib.components.integration_tests import IntegrationTests
from constructs_lib.components.jaeger import Jaeger
from constructs_lib.components.kafka import Kafka
from constructs_lib.components.locust import LocustMaster, LocustWorker
from constructs_lib.components.microservice import Microservice
from constructs_lib.components.object_store import ObjectStore
from constructs_lib.components.postgres import Postgres
from constructs_lib.components.prometheus import Prometheus
from constructs_lib.components.setup_jobs import SetupJob
from constructs_lib.parts.context import Context


class ComponentConstruct(Protocol):
    """How a construct of a component is made."""

    def __call__(self, scope: Construct, id_: str, *, component: Component, context: Context) -> Construct:
        """Make the component's objects below the scope."""


REGISTRY: Mapping[Kind, ComponentConstruct] = MappingProxyType(
    {
        Kind.CREDENTIALS: Credentials,
        Kind.POSTGRES: Postgres,
        Kind.KAFKA: Kafka,
        Kind.OBJECT_STORE: ObjectStore,
        Kind.KAFKA_TOPICS: SetupJob,
        Kind.POSTGRES_SCHEMA: SetupJob,
        Kind.OBJECT_STORE_BUCKETS: SetupJob,
        Kind.MICROSERVICE: Microservice,
        Kind.INGRESS: Ingresses,
        Kind.PROMETHEUS: Prometheus,
        Kind.GRAFANA: Grafana,
        Kind.JAEGER: Jaeger,
        Kind.INTEGRATION_TESTS: IntegrationTests,
        Kind.LOCUST_MASTER: LocustMaster,
        Kind.LOCUST_WORKER: LocustWorker,
        Kind.CHAOS: Chaos,
    }
)
