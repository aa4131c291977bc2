"""A Cluster of CloudNativePG, and the Service under whose name PostgreSQL is known."""

from typing import Any

from cdk8s import ApiObject, ApiObjectMetadata, JsonPatch
from constructs import Construct

from constructs_lib.component_type import own_file
from constructs_lib.model import Resources, Storage
from constructs_lib.operated import CLUSTER, PRIMARY
from constructs_lib.parts.chart import ComponentChart
from constructs_lib.parts.labels import KEEP, object_labels, scrape_annotations
from constructs_lib.parts.service import service
from constructs_lib.resolved import ResolvedComponent
from constructs_lib.types.cloudnative_pg.spec import DATABASE

API_VERSION = "postgresql.cnpg.io/v1"
SHUTDOWN = 0
"""Seconds in which clients may end their sessions by themselves: pools never do, and nobody takes over meanwhile."""
SYNCHRONOUS = {"method": "any", "number": 1, "dataDurability": "required", "failoverQuorum": True}
"""What a client was told is on two instances: none of it is lost with one of them."""
LARGER = {"max_connections": "100", "shared_buffers": "256MB", "effective_cache_size": "512MB"}
"""Twice those of the single server, whose smallest memory limit is half of an instance's."""
OPERATORS = frozenset({"listen_addresses", "log_destination"})
"""Settings of a server of our own that the operator makes itself."""
# What the operator's roles need that the schemas' Job takes from everybody: without it no instance comes back.
ROLES = (
    "CREATE ROLE streaming_replica LOGIN REPLICATION",
    "CREATE ROLE cnpg_metrics_exporter LOGIN IN ROLE pg_monitor",
    "GRANT CONNECT ON DATABASE postgres TO streaming_replica, cnpg_metrics_exporter",
)


class CloudNativePg(ComponentChart):
    """Instances of which one is the primary; another takes over where that one is gone."""

    def __init__(self, scope: Construct, id_: str, *, component: ResolvedComponent) -> None:
        """Argo CD never deletes the Cluster: its volumes would go with it."""
        super().__init__(scope, id_)
        if component.resources is None or component.storage is None or component.secret is None:
            raise ValueError(f"{component.name}: it needs resources, storage and a secret; add them to its entry")
        metadata = ApiObjectMetadata(
            name=component.name, namespace=component.namespace, labels=object_labels(component), annotations=KEEP
        )
        made = ApiObject(self, "cluster", api_version=API_VERSION, kind="Cluster", metadata=metadata)
        made.add_json_patch(JsonPatch.add("/spec", _spec(component, component.resources, component.storage)))
        primary = {CLUSTER: component.name, **PRIMARY}
        service(self, component, headless=True, pods=primary, ports=[component.port("postgres")])


def _spec(component: ResolvedComponent, resources: Resources, storage: Storage) -> dict[str, Any]:
    secret = {"name": component.secret_name}
    database = component.settings[DATABASE]
    inherited: dict[str, Any] = {"labels": object_labels(component)}
    return {
        "instances": component.replicas,
        "imageName": component.image,
        "imagePullPolicy": "IfNotPresent",
        "postgresUID": component.uid,
        "postgresGID": component.uid,
        "inheritedMetadata": inherited | {"annotations": scrape_annotations(component)},
        "storage": {"size": storage.size},
        "enableSuperuserAccess": True,
        "superuserSecret": secret,
        "bootstrap": {
            "initdb": {
                "database": database,
                "owner": "postgres",
                "secret": secret,
                "postInitSQL": [*ROLES],
                "postInitApplicationSQL": [f"GRANT CONNECT ON DATABASE {database} TO cnpg_metrics_exporter"],
            }
        },
        "postgresql": {"synchronous": SYNCHRONOUS, "parameters": parameters()},
        "managed": {"services": {"disabledDefaultServices": ["r", "ro"]}},
        "resources": {
            "requests": {"cpu": resources.cpu, "memory": resources.memory, "ephemeral-storage": "64Mi"},
            # The operator copies its program of 100 MiB to where the instance finds it.
            "limits": {"cpu": resources.cpu_limit, "memory": resources.memory_limit, "ephemeral-storage": "512Mi"},
        },
        "smartShutdownTimeout": SHUTDOWN,
        "stopDelay": component.grace_period,
        "switchoverDelay": component.grace_period,
    }


def parameters() -> dict[str, str]:
    """Those of the server of type postgres, but for what the operator sets itself, and sizes; all are texts."""
    lines = own_file("constructs_lib.types.postgres.construct", "postgresql.conf").splitlines()
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    values = {name.strip(): value.strip().strip("'") for name, _, value in pairs}
    return {name: value for name, value in values.items() if name not in OPERATORS} | LARGER


CONSTRUCT = CloudNativePg
