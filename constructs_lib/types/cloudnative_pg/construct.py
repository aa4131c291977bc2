"""A Cluster of CloudNativePG, and the Service under whose name PostgreSQL is known."""

from collections.abc import Mapping
from typing import Any

from cdk8s import ApiObject, ApiObjectMetadata, JsonPatch
from constructs import Construct

from constructs_lib.component_type import own_file
from constructs_lib.model import Resources, Storage
from constructs_lib.operated import CLUSTER, PRIMARY
from constructs_lib.parts.chart import ComponentChart
from constructs_lib.parts.labels import KEEP, object_labels, scrape_annotations, selector
from constructs_lib.parts.service import service
from constructs_lib.resolved import ResolvedComponent, Successor
from constructs_lib.types.cloudnative_pg import backups
from constructs_lib.types.cloudnative_pg.spec import DATABASE, PASSWORD
from constructs_lib.types.postgres.construct import server

API_VERSION, BARMAN_VERSION = "postgresql.cnpg.io/v1", "barmancloud.cnpg.io/v1"
SHUTDOWN = 0
"""Seconds in which clients may end their sessions by themselves: pools never do, and nobody takes over meanwhile."""
SYNCHRONOUS = {"method": "any", "number": 1, "dataDurability": "required", "failoverQuorum": True}
"""What a client was told is on two instances: none of it is lost with one of them."""
LARGER = {"max_connections": "100", "shared_buffers": "256MB", "effective_cache_size": "512MB"}
"""Twice those of the single server, whose smallest memory limit is half of an instance's."""
OPERATORS = frozenset({"listen_addresses", "log_destination"})
"""Settings of a server of our own that the operator makes itself."""
ROLES = (
    "CREATE ROLE streaming_replica LOGIN REPLICATION",
    "CREATE ROLE cnpg_metrics_exporter LOGIN IN ROLE pg_monitor",
)
"""The operator takes what is there, and else makes them later than the schemas' Job grants them what they need."""


class CloudNativePg(ComponentChart):
    """Instances of which one is the primary; another takes over where that one is gone."""

    def __init__(self, scope: Construct, id_: str, *, component: ResolvedComponent) -> None:
        """Argo CD never deletes the Cluster: its volumes would go with it."""
        super().__init__(scope, id_)
        if component.resources is None or component.storage is None or component.secret is None:
            raise ValueError(f"{component.name}: it needs resources, storage and a secret; add them to its entry")
        spec = _spec(component, component.resources, component.storage)
        self._object(component, API_VERSION, "Cluster", component.name, spec, KEEP)
        primary = {CLUSTER: component.name, **PRIMARY}
        service(self, component, headless=True, pods=primary, ports=[component.port("postgres")])
        if isinstance(component, Successor):
            self._keep(component.before)

        if backups.BUCKET in component.settings:
            name = backups.store_name(component)
            self._object(component, BARMAN_VERSION, "ObjectStore", name, backups.object_store(component))
            self._object(component, API_VERSION, "ScheduledBackup", name, backups.scheduled_backup(component))

    def _object(
        self,
        component: ResolvedComponent,
        api_version: str,
        kind: str,
        name: str,
        spec: Mapping[str, Any],
        annotations: Mapping[str, str] | None = None,
    ) -> None:
        """Make an object of the operator's, or of its plugin."""
        metadata = ApiObjectMetadata(
            name=name, namespace=component.namespace, labels=object_labels(component), annotations=annotations
        )
        made = ApiObject(self, kind, api_version=api_version, kind=kind, metadata=metadata)
        made.add_json_patch(JsonPatch.add("/spec", spec))

    def _keep(self, before: ResolvedComponent) -> None:
        """The server before, which takes no writes any more: what it has is all that is to be taken over.

        Its pod has a label that it had not while it took writes: so the import finds no server before it has begun
        anew, which has ended all sessions.
        """
        labels = {f"{before.platform}.io/read-only": "true"}
        server(self, before, settings=["default_transaction_read_only=on"], labels=labels)
        service(self, before, name=f"{before.name}-old", headless=True, pods={**selector(before), **labels})


def _spec(component: ResolvedComponent, resources: Resources, storage: Storage) -> dict[str, Any]:
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
        "superuserSecret": {"name": component.secret_name},
        **(_imported(component, component.before) if isinstance(component, Successor) else _empty(component)),
        **({"plugins": backups.plugins(component)} if backups.BUCKET in component.settings else {}),
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


def _empty(component: ResolvedComponent) -> dict[str, Any]:
    """A new database."""
    own = {"database": component.settings[DATABASE], "owner": "postgres", "secret": {"name": component.secret_name}}
    return {"bootstrap": {"initdb": {**own, "postInitSQL": [*ROLES]}}}


def _imported(component: ResolvedComponent, before: ResolvedComponent) -> dict[str, Any]:
    """All databases and roles of the server before, as they are there; a named database would be made without them."""
    source = f"{component.name}-old"
    whole = {"type": "monolith", "databases": ["*"], "roles": ["*"], "source": {"externalCluster": source}}
    connection = {"host": source, "port": str(before.port("postgres").number), "user": "postgres", "dbname": "postgres"}
    password = {"name": component.secret_name, "key": PASSWORD}
    return {
        "bootstrap": {"initdb": {"postInitSQL": [*ROLES], "import": whole}},
        "externalClusters": [{"name": source, "connectionParameters": connection, "password": password}],
    }


def parameters() -> dict[str, str]:
    """Those of the server of type postgres, but for what the operator sets itself, and sizes; all are texts."""
    lines = own_file("constructs_lib.types.postgres.construct", "postgresql.conf").splitlines()
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    values = {name.strip(): value.strip().strip("'") for name, _, value in pairs}
    return {name: value for name, value in values.items() if name not in OPERATORS} | LARGER


CONSTRUCT = CloudNativePg
