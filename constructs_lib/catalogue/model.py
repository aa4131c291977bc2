"""The words of the catalogue: what a component is, and how components relate to each other."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType


def nothing() -> Mapping[str, str]:
    """An empty, frozen map: the default of the maps below."""
    return MappingProxyType({})


class Tier(StrEnum):
    """A step of the start-up order: a folder in dist/, a folder in overlays/<env>/ and an Argo CD Application."""

    PLATFORM = "platform"
    FOUNDATION = "foundation"
    SETUP = "setup"
    CORE = "core"
    PROCESSING = "processing"
    EDGE = "edge"
    MONITORING = "monitoring"
    TESTING = "testing"

    @property
    def wave(self) -> int:
        """Argo CD sync wave: the tier's place in WAVES."""
        return next(number for number, tiers in enumerate(WAVES) if self in tiers)


WAVES: tuple[tuple[Tier, ...], ...] = (
    (Tier.PLATFORM,),
    (Tier.FOUNDATION,),
    (Tier.SETUP,),
    (Tier.CORE,),
    (Tier.PROCESSING,),
    (Tier.EDGE, Tier.MONITORING),
    (Tier.TESTING,),
)
OPTIONAL_TIERS = frozenset({Tier.MONITORING, Tier.TESTING})


class Namespace(StrEnum):
    """The namespaces of the specification."""

    SYSTEM = "chatdb-system"
    SERVICES = "chatdb-services"
    MONITORING = "chatdb-monitoring"
    TESTING = "chatdb-testing"


class Kind(StrEnum):
    """Which construct builds the component."""

    CREDENTIALS = "credentials"
    POSTGRES = "postgres"
    KAFKA = "kafka"
    OBJECT_STORE = "object-store"
    KAFKA_TOPICS = "kafka-topics"
    POSTGRES_SCHEMA = "postgres-schema"
    OBJECT_STORE_BUCKETS = "object-store-buckets"
    MICROSERVICE = "microservice"
    INGRESS = "ingress"
    PROMETHEUS = "prometheus"
    GRAFANA = "grafana"
    JAEGER = "jaeger"
    INTEGRATION_TESTS = "integration-tests"
    LOCUST_MASTER = "locust-master"
    LOCUST_WORKER = "locust-worker"
    CHAOS = "chaos"


@dataclass(frozen=True, kw_only=True, slots=True)
class Port:
    """A named TCP port, and what a component that needs it is told about it.

    `env` and `credentials` map an environment variable to a template. Both know {host} and {port}; `env` goes into the
    consumer's ConfigMap, `credentials` into its Secret, whose templates also know {role} (the consumer's name as an SQL
    identifier) and {<key>} for each key of the provider's own Secret and for {password}, the consumer's own one.
    `admin_env` is more of `env`, for a consumer that shares a secret of the provider.
    """

    name: str
    number: int
    env: Mapping[str, str] = field(default_factory=nothing)
    admin_env: Mapping[str, str] = field(default_factory=nothing)
    credentials: Mapping[str, str] = field(default_factory=nothing)


@dataclass(frozen=True, slots=True)
class Edge:
    """A relation to a named port of another component or of an external node."""

    to: str
    port: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Resources:
    """Requests and limits as Kubernetes quantities; CPU in cores, memory in bytes."""

    cpu: str
    memory: str
    cpu_limit: str
    memory_limit: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Probe:
    """One probe: an HTTP path, a command, or (with neither) a TCP connection to `port`. Times in seconds."""

    port: str = "http"
    path: str | None = None
    command: tuple[str, ...] = ()
    initial_delay: int = 0
    period: int = 10
    timeout: int = 3
    failures: int = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Probes:
    """Liveness says "restart me", readiness "send me traffic", startup holds both back while the process starts."""

    liveness: Probe
    readiness: Probe
    startup: Probe


@dataclass(frozen=True, kw_only=True, slots=True)
class Storage:
    """A persistent volume: the name of its claim (template), where it is mounted, its size as a quantity."""

    claim: str
    mount_path: str
    size: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """A public path of the host, and the leading part of it that the component never sees."""

    path: str
    strip: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """One rule of a namespaced Role, as its component uses it."""

    namespace: Namespace
    resources: tuple[str, ...]
    verbs: tuple[str, ...]
    api_group: str = ""
    resource_names: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Schema:
    """A PostgreSQL schema that one service owns: its name, and the folder of its numbered migrations."""

    name: str
    migrations: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Component:
    """One component of the platform; all else about it is derived from this entry.

    `needs` gives order, policy and environment; `after` order only; `talks_to` policy and environment without order.
    `produces` and `consumes` map an environment variable to a Kafka topic; a consumed topic gets a dead-letter topic.
    `generated_secrets` are the keys of its own Secret that are made at random once: key -> "password" or "user";
    `shared_secrets` are keys that repeat a generated one: key -> "<component>/<its key>".
    `ready_alone`: it is ready also while what it needs is down, as it is there to show that.
    """

    name: str
    tier: Tier
    kind: Kind
    namespace: Namespace
    image: str | None
    uid: int = 10001
    ports: tuple[Port, ...] = ()
    needs: tuple[Edge, ...] = ()
    after: tuple[str, ...] = ()
    talks_to: tuple[Edge, ...] = ()
    settings: Mapping[str, str] = field(default_factory=nothing)
    produces: Mapping[str, str] = field(default_factory=nothing)
    consumes: Mapping[str, str] = field(default_factory=nothing)
    generated_secrets: Mapping[str, str] = field(default_factory=nothing)
    shared_secrets: Mapping[str, str] = field(default_factory=nothing)
    labels: Mapping[str, str] = field(default_factory=nothing)
    replicas: int = 1
    resources: Resources | None = None
    probes: Probes | None = None
    storage: Storage | None = None
    route: Route | None = None
    metrics: str | None = None
    schema: Schema | None = None
    access: tuple[Access, ...] = ()
    grace_period: int = 30
    ready_alone: bool = False

    @property
    def host(self) -> str:
        """The name of the component's Service inside the cluster."""
        return f"{self.name}.{self.namespace}.svc.cluster.local"

    @property
    def role(self) -> str:
        """The component's name as an SQL identifier."""
        return self.name.replace("-", "_")

    def port(self, name: str) -> Port:
        """The port of that name; KeyError where there is none."""
        for port in self.ports:
            if port.name == name:
                return port
        raise KeyError(name)


@dataclass(frozen=True, kw_only=True, slots=True)
class External:
    """What is outside the platform but talks with it: a name, its ports, and how a NetworkPolicy selects its pods.

    Without a namespace its address is not known when the manifests are made: a policy then names its ports alone.
    """

    name: str
    ports: tuple[Port, ...]
    host: str = ""
    namespace: str | None = None
    pod_labels: Mapping[str, str] = field(default_factory=nothing)
    protocols: tuple[str, ...] = ("TCP",)

    def port(self, name: str) -> Port:
        """The port of that name; KeyError where there is none."""
        for port in self.ports:
            if port.name == name:
                return port
        raise KeyError(name)


@dataclass(frozen=True, kw_only=True, slots=True)
class Image:
    """A container image; `source` is the folder it is built from when it is ours."""

    repository: str
    tag: str
    digest: str | None = None
    source: str | None = None

    @property
    def reference(self) -> str:
        """The reference that a container names."""
        return f"{self.repository}:{self.tag}" + (f"@{self.digest}" if self.digest else "")


@dataclass(frozen=True, kw_only=True, slots=True)
class Topic:
    """A Kafka topic; retention in milliseconds."""

    name: str
    partitions: int
    retention_ms: int
    replication: int = 1


@dataclass(frozen=True, kw_only=True, eq=False)
class Catalogue:
    """The whole platform: what `constructs_lib.catalogue.components.CATALOGUE` is, and what tests vary.

    Compared by identity: what is derived from one is remembered for it.
    """

    components: tuple[Component, ...]
    externals: tuple[External, ...]
    images: Mapping[str, Image]
    topics: tuple[Topic, ...]

    @cached_property
    def _by_name(self) -> Mapping[str, Component | External]:
        """Made at the first lookup: what `problems` refuses is never indexed."""
        nodes: list[Component | External] = [*self.externals, *self.components]
        return {node.name: node for node in nodes}

    def node(self, name: str) -> Component | External:
        """The component or external node of that name; KeyError where there is none."""
        return self._by_name[name]

    def component(self, name: str) -> Component:
        """The component of that name; KeyError where there is none."""
        node = self._by_name[name]
        if isinstance(node, External):
            raise KeyError(name)
        return node

    def image(self, component: Component) -> Image:
        """The image that the component runs; KeyError where it runs none."""
        if component.image is None:
            raise KeyError(component.name)
        return self.images[component.image]
