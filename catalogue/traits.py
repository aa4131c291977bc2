"""The optional traits that vary the entries; those that are patches alone are in overlays/components."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from catalogue.externals import API
from catalogue.operators import BARMAN_CLOUD, CERT_MANAGER, CLOUDNATIVE_PG
from constructs_lib.defaults import tool_probes
from constructs_lib.model import (
    Bucket,
    BucketAccess,
    Catalogue,
    Component,
    Dependency,
    External,
    Port,
    Resources,
    Storage,
    Trait,
)
from constructs_lib.options import Options

Changes = Callable[[Catalogue], tuple[str, ...]]
INSTANCES = 3
"""Enough that one may be lost and two of three still agree."""


def _with_entry(catalogue: Catalogue, name: str, **values: Any) -> Catalogue:
    """The catalogue with other values in the entry of that name."""
    entries = (replace(one, **values) if one.name == name else one for one in catalogue.components)
    return replace(catalogue, components=tuple(entries))


def _with_ports(entry: Component, *ports: Port) -> tuple[Port, ...]:
    """Those of the entry and these, which it may have already."""
    names = {port.name for port in ports}
    return (*(port for port in entry.ports if port.name not in names), *ports)


def _kafka_three_brokers(catalogue: Catalogue, _options: Options) -> Catalogue:
    """Each message is on three brokers, and acknowledged when two have it."""
    kafka = catalogue.component("kafka")
    ports = _with_ports(kafka, Port(name="controller", number=9093))
    return _with_entry(catalogue, "kafka", replicas=INSTANCES, ports=ports)


def _postgres_cloudnative_pg(catalogue: Catalogue, _options: Options) -> Catalogue:
    """One instance writes, and each commit is on two; another takes over where that one is gone."""
    postgres = catalogue.component("postgres")
    return _with_entry(
        catalogue,
        "postgres",
        type="cloudnative-pg",
        image="postgres-cloudnative-pg",
        uid=26,
        ports=_with_ports(postgres, Port(name="status", number=8000), Port(name="metrics", number=9187)),
        needs=API,
        settings={"POSTGRES_DB": postgres.settings["POSTGRES_DB"]},
        replicas=INSTANCES,
        resources=Resources(cpu="500m", memory="1Gi", cpu_limit="2000m", memory_limit="2Gi"),
        probes=None,
        storage=Storage(claim="pgdata", mount_path="/var/lib/postgresql/data", size="20Gi"),
        metrics="metrics",
    )


def _postgres_import(catalogue: Catalogue, _options: Options) -> Catalogue:
    """The entries stay as they are: the server of the base keeps running, and the Cluster begins with its data."""
    return catalogue


def _object_store_versitygw(catalogue: Catalogue, _options: Options) -> Catalogue:
    """Another server, under the same name, has an account for each who uses it; the Job alone shares the root's key."""
    minio = catalogue.component("minio")
    api = minio.port("api")
    own = replace(
        api,
        credentials={"AWS_ACCESS_KEY_ID": "{role}", "AWS_SECRET_ACCESS_KEY": "{password}"},
        # In the Secret of each is the root's key, from the base: what is there is never overwritten.
        secret="versitygw",
    )
    root = {key: f"{minio.name}/{template.strip('{}')}" for key, template in api.credentials.items()}
    probes = tool_probes(api.name, live="/health")
    varied = _with_entry(catalogue, minio.name, type="versitygw", image="versitygw", ports=(own,), probes=probes)
    return _with_entry(varied, "object-store-buckets", type="object-store-accounts", shared_secrets=root)


def _object_store_external(catalogue: Catalogue, options: Options) -> Catalogue:
    """Others run the store, and make its buckets and keys."""
    store, minio = options.object_store, catalogue.component("minio")
    if store is None:
        return catalogue
    keys = dict.fromkeys(minio.port("api").credentials, "")
    node = External(
        name=minio.name,
        host=store.host,
        ports=(
            Port(
                name="api",
                number=store.port,
                env={"S3_ENDPOINT": store.endpoint},
                credentials=keys,
                secret="object-store",
            ),
        ),
        namespace=store.namespace,
        pod_labels=dict(store.labels),
        addresses=store.addresses,
        holds="buckets",
    )
    names = dict(store.buckets)
    gone = (minio.name, "object-store-buckets")
    entries = (
        replace(one, buckets=tuple(replace(own, bucket=names.get(own.bucket, own.bucket)) for own in one.buckets))
        for one in catalogue.components
        if one.name not in gone
    )
    buckets = (Bucket(name=names.get(one.name, one.name)) for one in catalogue.buckets)
    return replace(catalogue, components=tuple(entries), externals=(*catalogue.externals, node), buckets=tuple(buckets))


def _autoscaling(catalogue: Catalogue, _options: Options) -> Catalogue:
    """As many pods of a service as its CPU needs; git says the least and the most."""
    entries = (replace(one, autoscaled=one.autoscale is not None) for one in catalogue.components)
    return replace(catalogue, components=tuple(entries))


def _postgres_backups(catalogue: Catalogue, options: Options) -> Catalogue:
    """Base backups and the WAL go to a bucket of the object store, whoever runs that."""
    backups, postgres = options.backups, catalogue.component("postgres")
    if backups is None:
        return catalogue
    store = Dependency("minio", "api")
    own = {"BACKUP_SCHEDULE": backups.schedule, "BACKUP_RETENTION": backups.retention}
    varied = _with_entry(
        catalogue,
        "postgres",
        talks_to=(*postgres.talks_to, store),
        settings={**postgres.settings, **own},
        buckets=(BucketAccess(bucket=backups.bucket, write=True, variable="BACKUP_BUCKET"),),
    )
    return replace(varied, buckets=(*catalogue.buckets, Bucket(name=backups.bucket)))


def _external_credentials(catalogue: Catalogue, _options: Options) -> Catalogue:
    """Sealed Secrets, SOPS or the External Secrets Operator make what docs/traits.md lists."""
    return _with_entry(catalogue, "credentials", type="external-credentials", image=None, needs=(), resources=None)


def _only(*names: str) -> Changes:
    """These, whatever the catalogue has besides."""
    return lambda _: names


def _users_of_the_store(catalogue: Catalogue) -> tuple[str, ...]:
    """What is there for it, who needs it, and who shows or tests all that is there."""
    users = (one.name for one in catalogue.components if any(need.to == "minio" for need in one.needs))
    return ("minio", "credentials", *users, "grafana", "integration-tests")


def _keys_of_the_store(catalogue: Catalogue) -> tuple[str, ...]:
    """The store, who makes its keys, who has one, and who tries the store's ports."""
    users = (one.name for one in catalogue.components if one.buckets)
    return ("minio", "credentials", "object-store-buckets", *users, "integration-tests")


def _scaling(catalogue: Catalogue) -> tuple[str, ...]:
    return tuple(one.name for one in catalogue.components if one.autoscale)


TRAITS = (
    Trait(
        name="kafka-three-brokers",
        vary=_kafka_three_brokers,
        changes=_only("kafka", "kafka-topics", "integration-tests"),
    ),
    Trait(
        name="postgres-cloudnative-pg",
        vary=_postgres_cloudnative_pg,
        changes=_only("postgres", "credentials", "postgres-schema", "prometheus", "integration-tests"),
        operators=(CLOUDNATIVE_PG,),
    ),
    Trait(
        name="postgres-import",
        vary=_postgres_import,
        changes=_only("postgres"),
        needs=("postgres-cloudnative-pg",),
        keeps=("postgres",),
    ),
    Trait(
        name="object-store-versitygw",
        vary=_object_store_versitygw,
        changes=_keys_of_the_store,
    ),
    Trait(
        name="object-store-external",
        vary=_object_store_external,
        changes=_users_of_the_store,
        excludes=("object-store-versitygw",),
        option="object_store",
    ),
    Trait(name="autoscaling", vary=_autoscaling, changes=_scaling),
    Trait(
        name="postgres-backups",
        vary=_postgres_backups,
        changes=_only("postgres", "credentials", "object-store-buckets"),
        needs=("postgres-cloudnative-pg",),
        option="backups",
        operators=(BARMAN_CLOUD, CERT_MANAGER),
    ),
    Trait(name="external-credentials", vary=_external_credentials, changes=_only("credentials")),
)
