"""What the Jobs of tier setup run: a script, its data, and its command line; whoever runs it needs no Node."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from constructs_lib.catalogue.credentials import password_key, schema_owners
from constructs_lib.catalogue.graph import Locate, in_cluster, links_from
from constructs_lib.catalogue.migrations import migration_files
from constructs_lib.catalogue.model import Catalogue, Component, Kind
from constructs_lib.catalogue.topics import declared_topics
from constructs_lib.parts.resource import resource

TOPICS_FOLDER = "/opt/topics"
SCHEMA_FOLDER = "/opt/schema"
BUCKETS_FOLDER = "/opt/buckets"
SAMPLE_BUCKET = "test"
SAMPLES = ("data.csv", "load-data.csv")
BUCKETS = ("datasets", "model-artifacts", SAMPLE_BUCKET)


@dataclass(frozen=True, kw_only=True, slots=True)
class Folder:
    """Files that the script finds at `path`: in a pod the volume of that name, from the ConfigMap of that name."""

    path: str
    volume: str
    config: str
    files: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class SetupScript:
    """A script to run: its folders, and the command line, which names paths below them."""

    folders: tuple[Folder, ...]
    command: tuple[str, ...]


def setup_script(catalogue: Catalogue, component: Component, locate: Locate = in_cluster) -> SetupScript:
    """What the component, one of the setup Jobs, runs."""
    return SCRIPTS[component.kind](catalogue, component, locate)


def _topics(catalogue: Catalogue, component: Component, _locate: Locate) -> SetupScript:
    """Creates or widens the topics; never deletes one. The tools that it calls are on the broker's own image."""
    files = {"topics.sh": resource("kafka-topics/topics.sh"), "topics.tsv": _topics_table(catalogue)}
    folder = _files(component, TOPICS_FOLDER, files)
    return SetupScript(folders=(folder,), command=("bash", f"{TOPICS_FOLDER}/topics.sh", f"{TOPICS_FOLDER}/topics.tsv"))


def _schema(catalogue: Catalogue, component: Component, _locate: Locate) -> SetupScript:
    """Applies the numbered migrations, and gives each service a role of its own.

    Migrations get a folder of their own: they grow with the services.
    """
    names = ("schema.sh", "prepare.sql", "role.sql", "check.sql", "migration.sql")
    files = {name: resource(f"postgres-schema/{name}") for name in names} | {"roles.tsv": _roles_table(catalogue)}
    path = f"{SCHEMA_FOLDER}-migrations"
    sql = Folder(path=path, volume="migrations", config="postgres-migrations", files=_migrations(catalogue))
    command = ("bash", f"{SCHEMA_FOLDER}/schema.sh", path, f"{SCHEMA_FOLDER}/roles.tsv")
    return SetupScript(folders=(_files(component, SCHEMA_FOLDER, files), sql), command=command)


def _buckets(catalogue: Catalogue, component: Component, locate: Locate) -> SetupScript:
    """Makes the buckets, with a small sample data set; it signs its requests itself, as its image has only Python."""
    files = {name: resource(f"object-store-buckets/{name}") for name in ("buckets.py", *SAMPLES)}
    files["plan.json"] = _buckets_plan(catalogue, component, locate)
    command = ("python", f"{BUCKETS_FOLDER}/buckets.py", f"{BUCKETS_FOLDER}/plan.json")
    return SetupScript(folders=(_files(component, BUCKETS_FOLDER, files),), command=command)


SCRIPTS: Mapping[Kind, Callable[[Catalogue, Component, Locate], SetupScript]] = MappingProxyType(
    {Kind.KAFKA_TOPICS: _topics, Kind.POSTGRES_SCHEMA: _schema, Kind.OBJECT_STORE_BUCKETS: _buckets}
)


def _files(component: Component, path: str, files: Mapping[str, str]) -> Folder:
    return Folder(path=path, volume="files", config=f"{component.name}-files", files=files)


def _topics_table(catalogue: Catalogue) -> str:
    """Lines of name, partitions, retention.ms and replication."""
    found = declared_topics(catalogue)
    rows = [(topic.name, topic.partitions, topic.retention_ms, topic.replication) for topic in found]
    return "".join("\t".join(map(str, row)) + "\n" for row in rows)


def _migrations(catalogue: Catalogue) -> dict[str, str]:
    """The numbered migrations of every schema as <schema>--<file name>."""
    found = {}
    for owner in schema_owners(catalogue):
        if owner.schema is None:
            continue
        for path in migration_files(owner.schema):
            found[f"{owner.schema.name}--{path.name}"] = path.read_text(encoding="utf-8")
    return found


def _roles_table(catalogue: Catalogue) -> str:
    """Lines of schema, role, and the variable that holds the role's password."""
    rows = [(owner.schema.name, owner.role, password_key(owner)) for owner in schema_owners(catalogue) if owner.schema]
    return "".join("\t".join(row) + "\n" for row in rows)


def _buckets_plan(catalogue: Catalogue, component: Component, locate: Locate) -> str:
    """What the script reads: the store's address, the buckets, and the sample data sets."""
    store = next(link for link in links_from(catalogue, component.name) if link.port.name == "api")
    host, port = locate(store) or in_cluster(store)
    plan = {
        "endpoint": f"http://{host}:{port}",
        "buckets": list(BUCKETS),
        "objects": [{"bucket": SAMPLE_BUCKET, "key": name, "file": name} for name in SAMPLES],
    }
    return json.dumps(plan, indent=2, sort_keys=True) + "\n"
