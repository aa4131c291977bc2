"""How each type of component runs as a process, and how to see that it is ready."""

import socket
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from chatdb.local.postgres import PostgresServer
from chatdb.local.processes import Server, free_ports
from chatdb.local.site import HOST, Site
from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.resolved import ResolvedComponent, ScriptComponent
from constructs_lib.types.kafka.broker import CLUSTER_ID, properties
from constructs_lib.types.kafka.spec import Kafka
from constructs_lib.types.kafka_topics.spec import KafkaTopics
from constructs_lib.types.microservice.spec import Microservice
from constructs_lib.types.object_store.spec import ObjectStore
from constructs_lib.types.object_store_accounts.spec import ObjectStoreAccounts
from constructs_lib.types.object_store_buckets.spec import ObjectStoreBuckets
from constructs_lib.types.postgres.spec import Postgres
from constructs_lib.types.postgres_schema.spec import PostgresSchema
from constructs_lib.types.versitygw.spec import Versitygw

ANSWER_SECONDS = 3
KAFKA = """
[ -e "$0/made" ] || { "$KAFKA_BIN/kafka-storage.sh" format --cluster-id "$CLUSTER_ID" --config "$0/server.properties" &&
  : >"$0/made"; } || exit
exec "$KAFKA_BIN/kafka-server-start.sh" "$0/server.properties"
"""


@dataclass(frozen=True, kw_only=True)
class Part:
    """A component as a process; `ready` asks once, and a Job is ready when it has ended well."""

    component: ResolvedComponent
    server: Server
    ready: Callable[[], bool]

    @property
    def ends(self) -> bool:
        """Whether it is a Job."""
        return self.component.type in JOBS

    def is_ready(self) -> bool:
        """Whether those that come after may start; InvalidInput where it has ended, and should not have."""
        self.check()
        return self.ready()

    def check(self) -> None:
        """InvalidInput where it has ended, and should not have."""
        status = self.server.status()
        if status is None or (self.ends and status == 0):
            return
        message = f"it ended with {status}; its last lines:\n{self.server.last_lines(5)}"
        raise InvalidInput([Problem(self.component.name, message, "fix what they say, and start again")])


def make_part(site: Site, component: ResolvedComponent) -> Part:
    """The component, not yet started."""
    return MAKERS[component.type](site, component)


def postgres_server(site: Site) -> PostgresServer:
    """The platform's server, to be started, or asked as its administrator."""
    (component,) = site.platform.of_type(Postgres.name)
    password = site.secrets[component.name]["POSTGRES_PASSWORD"]
    port = site.number(component, "postgres")
    return PostgresServer(
        folder=site.place(component), port=port, password=password, database=component.settings["POSTGRES_DB"]
    )


def _postgres(site: Site, component: ResolvedComponent) -> Part:
    server = postgres_server(site)
    return Part(component=component, server=server.process(), ready=server.ready)


def _kafka(site: Site, component: ResolvedComponent) -> Part:
    """The broker's own settings, but for addresses and the folder."""
    folder, port = site.place(component), site.number(component, "kafka")
    around = [detour for way, detour in site.detours.items() if way[1] == component.name]
    targets = {"PLAINTEXT": port} | {f"DETOUR{number}": one.target for number, one in enumerate(around)}
    told = {"PLAINTEXT": port} | {f"DETOUR{number}": one.listen for number, one in enumerate(around)}
    controller = f"{HOST}:{free_ports(1)[0]}"
    changed = {
        "KAFKA_ADVERTISED_LISTENERS": _listeners(told),
        "KAFKA_CONTROLLER_QUORUM_VOTERS": f"1@{controller}",
        "KAFKA_LISTENERS": f"{_listeners(targets)},CONTROLLER://{controller}",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": ",".join(f"{name}:PLAINTEXT" for name in (*targets, "CONTROLLER")),
        "KAFKA_LOG_DIRS": f"{folder}/logs",
    }
    settings = component.settings | changed
    (folder / "server.properties").write_text(properties(settings), encoding="utf-8")
    env_vars = {
        **site.tools,
        "LOG_DIR": str(folder),
        "KAFKA_BIN": str(_installed(site.root / ".tools/kafka/bin")),
        "KAFKA_HEAP_OPTS": settings["KAFKA_HEAP_OPTS"],
        "KAFKA_OPTS": "-Dlog4j2.level=WARN",
        CLUSTER_ID: settings[CLUSTER_ID],
    }
    server = Server(component.name, ["sh", "-c", KAFKA, str(folder)], folder / "log", env_vars)
    return Part(component=component, server=server, ready=lambda: _connects(port))


def _listeners(ports: Mapping[str, int]) -> str:
    return ",".join(f"{name}://{HOST}:{number}" for name, number in ports.items())


def _object_store(site: Site, component: ResolvedComponent) -> Part:
    """The gateway of the trait object-store-versitygw; its data is files. Without the trait it has no accounts."""
    folder, port = site.place(component), site.number(component, "api")
    secrets = site.secrets[component.name]
    keys = {"ROOT_ACCESS_KEY": secrets["MINIO_ROOT_USER"], "ROOT_SECRET_KEY": secrets["MINIO_ROOT_PASSWORD"]}
    for name in ("data", "metadata", "accounts"):
        (folder / name).mkdir(exist_ok=True)
    program = str(_installed(site.root / ".tools/bin/versitygw"))
    accounts = ["--iam-dir", str(folder / "accounts"), "--iam-cache-disable"]
    command = [program, "--port", f"{HOST}:{port}", "--health", "/health"]
    command += accounts if component.type == Versitygw.name else []
    # Not every file system has the extended attributes that it would use.
    command += ["posix", "--sidecar", str(folder / "metadata"), str(folder / "data")]
    server = Server(component.name, command, folder / "log", site.env_vars(component) | keys)
    return Part(component=component, server=server, ready=lambda: _answers(f"http://{HOST}:{port}/health"))


def _job(site: Site, component: ResolvedComponent) -> Part:
    """The very script of the Job, with its files."""
    folder = site.place(component)
    script = site.platform.component(component.name)
    assert isinstance(script, ScriptComponent)  # noqa: S101 - for the type checker
    for one in script.folders:
        made = folder / one.path.lstrip("/")
        made.mkdir(parents=True, exist_ok=True)
        for name, text in one.files.items():
            (made / name).write_text(text, encoding="utf-8")
    paths = tuple(one.path for one in script.folders)
    command = [f"{folder}{word}" if word.startswith(paths) else word for word in script.command]
    tools = [str(postgres_server(site).binaries), site.env_vars(component)["PATH"]]
    env_vars = site.env_vars(component) | {"PATH": ":".join(tools), "KAFKA_BIN": f"{site.root}/.tools/kafka/bin"}
    server = Server(component.name, command, folder / "log", env_vars)
    return Part(component=component, server=server, ready=lambda: server.status() == 0)


def _microservice(site: Site, component: ResolvedComponent) -> Part:
    """The service as its image starts it, on a port of its own."""
    folder, port = site.place(component), site.number(component, "http")
    python = _installed(site.root / ".tools/services/bin/python")
    (folder / "tmp").mkdir(exist_ok=True)
    own = {"HOST": HOST, "PORT": str(port), "TMPDIR": str(folder / "tmp"), "HOME": str(folder)}
    command = [str(python), "-m", package(component)]
    server = Server(component.name, command, folder / "log", site.env_vars(component) | own)
    path = component.probes.readiness.path if component.probes else None
    return Part(component=component, server=server, ready=lambda: _answers(f"http://{HOST}:{port}{path}"))


def package(component: ResolvedComponent) -> str:
    """The Python package of a service."""
    return component.name.replace("-", "_")


def program(root: Path, component: ResolvedComponent) -> Path:
    """What `python -m` runs of a service."""
    return root / "services" / component.name / package(component) / "__main__.py"


def _installed(path: Path) -> Path:
    if not path.exists():
        raise InvalidInput([Problem(str(path), "it is not there", "make setup-local")])
    return path


def _connects(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), ANSWER_SECONDS).close()
    except OSError:
        return False
    return True


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=ANSWER_SECONDS) as response:  # noqa: S310 - always http
            return bool(response.status == 200)  # noqa: PLR2004
    except (urllib.error.URLError, OSError):
        return False


JOBS = frozenset({KafkaTopics.name, PostgresSchema.name, ObjectStoreBuckets.name, ObjectStoreAccounts.name})
MAKERS: Mapping[str, Callable[[Site, ResolvedComponent], Part]] = MappingProxyType(
    {
        Postgres.name: _postgres,
        Kafka.name: _kafka,
        **dict.fromkeys((ObjectStore.name, Versitygw.name), _object_store),
        **dict.fromkeys(JOBS, _job),
        Microservice.name: _microservice,
    }
)
