"""The Jobs of tier setup: topics, schemas and buckets."""

import json
from collections.abc import Mapping

from constructs import Construct

from constructs_lib.catalogue.credentials import password_key, schema_owners
from constructs_lib.catalogue.graph import links_from
from constructs_lib.catalogue.migrations import migration_files
from constructs_lib.catalogue.model import Catalogue, Component
from constructs_lib.catalogue.topics import DEAD_LETTER_RETENTION_MS, DEAD_LETTER_SUFFIX
from constructs_lib.parts.chart import ComponentChart
from constructs_lib.parts.config import config_map, env_config, resource
from constructs_lib.parts.context import Context
from constructs_lib.parts.job import job
from constructs_lib.parts.pod import PodOptions
from constructs_lib.parts.storage import Mount, tmp

TOPICS_FOLDER = "/opt/topics"
SCHEMA_FOLDER = "/opt/schema"
BUCKETS_FOLDER = "/opt/buckets"
SAMPLE_BUCKET = "test"
SAMPLES = ("data.csv", "load-data.csv")
BUCKETS = ("datasets", "model-artifacts", SAMPLE_BUCKET)


def topics_table(catalogue: Catalogue) -> str:
    """Lines of name, partitions, retention.ms and replication, with a dead-letter topic for each consumed one."""
    consumed = {topic for component in catalogue.components for topic in component.consumes.values()}
    rows = [(topic.name, topic.partitions, topic.retention_ms, topic.replication) for topic in catalogue.topics]
    rows += [
        (topic.name + DEAD_LETTER_SUFFIX, 1, DEAD_LETTER_RETENTION_MS, topic.replication)
        for topic in catalogue.topics
        if topic.name in consumed
    ]
    return "".join("\t".join(map(str, row)) + "\n" for row in sorted(rows))


def migrations(catalogue: Catalogue) -> dict[str, str]:
    """The numbered migrations of every schema as <schema>--<file name>."""
    found = {}
    for owner in schema_owners(catalogue):
        if owner.schema is None:
            continue
        for path in migration_files(owner.schema):
            found[f"{owner.schema.name}--{path.name}"] = path.read_text(encoding="utf-8")
    return found


def roles_table(catalogue: Catalogue) -> str:
    """Lines of schema, role, and the variable that holds the role's password."""
    rows = [(owner.schema.name, owner.role, password_key(owner)) for owner in schema_owners(catalogue) if owner.schema]
    return "".join("\t".join(row) + "\n" for row in rows)


def buckets_plan(component: Component, catalogue: Catalogue) -> str:
    """What the script reads: the store's address, the buckets, and the sample data sets."""
    store = next(link for link in links_from(catalogue, component.name) if link.port.name == "api")
    plan = {
        "endpoint": f"http://{store.provider.host}:{store.port.number}",
        "buckets": list(BUCKETS),
        "objects": [{"bucket": SAMPLE_BUCKET, "key": name, "file": name} for name in SAMPLES],
    }
    return json.dumps(plan, indent=2, sort_keys=True) + "\n"


class _ScriptJob(ComponentChart):
    """A Job that runs a script with its data, both from ConfigMaps."""

    def _run(
        self,
        component: Component,
        context: Context,
        folder: str,
        data: Mapping[str, str],
        command: list[str],
        further: tuple[Mount, ...] = (),
    ) -> None:
        script = config_map(self, component, f"{component.name}-files", data)
        mounts = [Mount(name="files", path=folder, config=script), *further, tmp()]
        environment = env_config(self, component, context)
        job(self, component, context, PodOptions(environment=environment, command=command, mounts=mounts))


class KafkaTopics(_ScriptJob):
    """Creates or widens the topics; never deletes one."""

    def __init__(self, scope: Construct, id_: str, *, component: Component, context: Context) -> None:
        """The script runs on the broker's own image: the tools are there."""
        super().__init__(scope, id_)
        data = {"topics.sh": resource("kafka-topics/topics.sh"), "topics.tsv": topics_table(context.catalogue)}
        command = ["bash", f"{TOPICS_FOLDER}/topics.sh", f"{TOPICS_FOLDER}/topics.tsv"]
        self._run(component, context, TOPICS_FOLDER, data, command)


class PostgresSchema(_ScriptJob):
    """Applies the numbered migrations, and gives each service a role of its own."""

    def __init__(self, scope: Construct, id_: str, *, component: Component, context: Context) -> None:
        """Migrations get a ConfigMap of their own: they grow with the services."""
        super().__init__(scope, id_)
        names = ("schema.sh", "prepare.sql", "role.sql", "check.sql", "migration.sql")
        data = {name: resource(f"postgres-schema/{name}") for name in names}
        data["roles.tsv"] = roles_table(context.catalogue)
        sql = config_map(self, component, "postgres-migrations", migrations(context.catalogue))
        folder = f"{SCHEMA_FOLDER}-migrations"
        command = ["bash", f"{SCHEMA_FOLDER}/schema.sh", folder, f"{SCHEMA_FOLDER}/roles.tsv"]
        further = (Mount(name="migrations", path=folder, config=sql),)
        self._run(component, context, SCHEMA_FOLDER, data, command, further)


class ObjectStoreBuckets(_ScriptJob):
    """Makes the buckets, with a small sample data set."""

    def __init__(self, scope: Construct, id_: str, *, component: Component, context: Context) -> None:
        """The script signs its requests itself: the image has nothing but Python."""
        super().__init__(scope, id_)
        names = ("buckets.py", *SAMPLES)
        data = {name: resource(f"object-store-buckets/{name}") for name in names}
        data["plan.json"] = buckets_plan(component, context.catalogue)
        command = ["python", f"{BUCKETS_FOLDER}/buckets.py", f"{BUCKETS_FOLDER}/plan.json"]
        self._run(component, context, BUCKETS_FOLDER, data, command)
