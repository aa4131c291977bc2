"""The vocabulary of a catalogue: what a component is, and how components relate to each other."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

from constructs_lib.dashboards.panels import Dashboard
from constructs_lib.files import is_scratch
from constructs_lib.machine import Machine, Overhead
from constructs_lib.options import Options
from constructs_lib.probe import Probes

KUBERNETES_API = "kubernetes-api"
INGRESS_CONTROLLER = "ingress-controller"
DNS = "dns"
"""External nodes that the generator looks up by their names."""
BODY_LIMIT = 2**20
"""The largest body in bytes that a service takes where its entry does not say otherwise."""
MOST_COPIES = 3
"""Of a message on Kafka where its topic says nothing: one is lost and one is drained, and it is still there."""


def nothing() -> Mapping[str, str]:
    """An empty, frozen map: the default of the maps below."""
    return MappingProxyType({})


@dataclass(frozen=True, kw_only=True, slots=True)
class Port:
    """A named TCP port, and what a component that needs it is told about it.

    `env` and `credentials` map an environment variable to a template. Both know {host} and {port}; `env` goes into the
    consumer's ConfigMap, `credentials` into its Secret, whose templates also know {role} (the consumer's name as an SQL
    identifier) and {<key>} for each key of the provider's own Secret and for {password}, the consumer's own one.
    `admin_env` is more of `env`, for a consumer that shares a secret of the provider. With `secret` the credentials are
    in a Secret <consumer>-<secret> of their own. Those of an external node always are, and somebody else makes it.
    """

    name: str
    number: int
    env: Mapping[str, str] = field(default_factory=nothing)
    admin_env: Mapping[str, str] = field(default_factory=nothing)
    credentials: Mapping[str, str] = field(default_factory=nothing)
    secret: str = ""


@dataclass(frozen=True, slots=True)
class Dependency:
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
class Storage:
    """A persistent volume: the name of its claim (template), where it is mounted, its size as a quantity."""

    claim: str
    mount_path: str
    size: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """A public path of the host, and the leading part of it, `strip`, that the component never sees.

    What is below the path is public, too, unless all of the path is stripped: then it is the component's `/` alone.
    `also` are further paths of the component, as it sees them, with all below them. `body_limit` is the largest body
    of a request, in bytes, that the component takes; what the entry point passes on is at least that.
    """

    path: str
    strip: str
    also: tuple[str, ...] = ()
    body_limit: int = BODY_LIMIT


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """One rule of a namespaced Role, as its component uses it."""

    namespace: str
    resources: tuple[str, ...]
    verbs: tuple[str, ...]
    api_group: str = ""
    resource_names: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class BucketAccess:
    """A bucket whose objects a component lists and reads; with `write` it puts and deletes them, too.

    `variable` is the environment variable that tells it the bucket's name; without one its program has the name.
    """

    bucket: str
    write: bool = False
    variable: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Schema:
    """A PostgreSQL schema that one service owns: its name, and the folder of its numbered migrations.

    `connections` is the most that each pod of the service opens to the server.
    """

    name: str
    migrations: str
    connections: int = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class Autoscale:
    """How many replicas an autoscaler may give, and what it aims at: CPU use in percent of what the pods request."""

    min: int
    max: int
    cpu_percent: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Component:
    """One component of the platform; all else about it is derived from this entry.

    `type` names one of `constructs_lib.types`. `needs` gives order, policy and variables; `talks_to` policy and
    variables without order; `after` order only, beside what is derived: whatever prepares what the component needs.
    `produces` and `consumes` map an environment variable to a Kafka topic; a consumed topic gets a dead-letter topic.
    `buckets` are those of the object store that it uses: the catalogue allows it no others.
    `generated_secrets` are the keys of its own Secret that are made at random once: key -> "password" or "user";
    `shared_secrets` are keys that repeat a generated one: key -> "<component>/<its key>".
    `ready_without`: of what it needs, the components without which it is ready all the same, as there is something
    that it can do. `autoscale` has no effect unless it is `autoscaled`, which the trait of that name decides: then
    an autoscaler sets the number of replicas in place of `replicas`.
    """

    name: str
    tier: str
    type: str
    namespace: str
    image: str | None
    uid: int = 10001
    ports: tuple[Port, ...] = ()
    needs: tuple[Dependency, ...] = ()
    after: tuple[str, ...] = ()
    talks_to: tuple[Dependency, ...] = ()
    settings: Mapping[str, str] = field(default_factory=nothing)
    produces: Mapping[str, str] = field(default_factory=nothing)
    consumes: Mapping[str, str] = field(default_factory=nothing)
    buckets: tuple[BucketAccess, ...] = ()
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
    ready_without: tuple[str, ...] = ()
    autoscale: Autoscale | None = None
    autoscaled: bool = False

    @property
    def host(self) -> str:
        """The name of the component's Service inside the cluster."""
        return f"{self.name}.{self.namespace}.svc.cluster.local"

    @property
    def role(self) -> str:
        """The component's name as an SQL identifier."""
        return self.name.replace("-", "_")

    @property
    def password_key(self) -> str:
        """The key under which a Job that makes accounts finds the password of the component's."""
        return f"{self.role.upper()}_PASSWORD"

    def port(self, name: str) -> Port:
        """The port of that name; KeyError where there is none."""
        return {port.name: port for port in self.ports}[name]


@dataclass(frozen=True, kw_only=True, slots=True)
class External:
    """What is outside the platform but talks with it: a name, its ports, and how a NetworkPolicy selects its pods.

    `addresses` are CIDR blocks of what is no pod. Without them and a namespace its address is not known when the
    manifests are made: a policy then names its ports alone. Of `credentials` of its ports the keys alone are of
    account. `holds` is "buckets" for an object store, as of a component's type.
    """

    name: str
    ports: tuple[Port, ...]
    host: str = ""
    namespace: str | None = None
    pod_labels: Mapping[str, str] = field(default_factory=nothing)
    addresses: tuple[str, ...] = ()
    protocols: tuple[str, ...] = ("TCP",)
    holds: str = ""

    def port(self, name: str) -> Port:
        """The port of that name; KeyError where there is none."""
        return {port.name: port for port in self.ports}[name]


@dataclass(frozen=True, kw_only=True, slots=True)
class Image:
    """A container image; `source` is the folder it is built from when it is ours. A digest may stand without a tag."""

    repository: str
    tag: str | None = None
    digest: str | None = None
    source: str | None = None

    @property
    def reference(self) -> str:
        """The reference that a container names."""
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.repository}{tag}" + (f"@{self.digest}" if self.digest else "")


@dataclass(frozen=True, kw_only=True, slots=True)
class Topic:
    """A Kafka topic; retention in milliseconds.

    `replication` is how many brokers keep each message; None stands for all of them, but `MOST_COPIES` at most.
    """

    name: str
    partitions: int
    retention_ms: int
    replication: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Bucket:
    """A bucket of the object store; `samples` are files of the component that makes it, to be put in."""

    name: str
    samples: tuple[str, ...] = ()


Kinds = tuple[tuple[str, str], ...]
"""(API group, kind); the group is empty for the core group."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Operator:
    """Software of others that makes pods of resources of its own kinds, as its upstream repository installs it.

    `node` says who it is to the pods that it manages. Its Application applies `repository` at `revision`, in the way
    that `source` says as a source of Argo CD does: a `path` of files or of a kustomization, or a `chart`. That holds
    `cluster_kinds` without a namespace, and `kinds` in the node's namespace, which is made where it `needs_namespace`.
    """

    node: External
    repository: str
    revision: str
    source: Mapping[str, Any]
    cluster_kinds: Kinds
    kinds: Kinds
    needs_namespace: bool = False

    @property
    def application(self) -> str:
        """With which the names of its Application and of its file end, as a tier's do with the tier."""
        return f"operator-{self.node.name}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Trait:
    """An optional variation of a catalogue, which an environment names in its settings.

    `vary` gives the catalogue as it is with the trait; `changes` names the components of a catalogue whose objects that
    changes: what a trait does to another one is refused. Traits of which one `excludes` the other are never in one
    environment, and none is there without those that it `needs`. `keeps` names components whose servers of the base
    keep running beside those that the other traits put in their place, which take over their data.
    `option` names the field of `Options` without which an environment cannot have it. Its `operators` run before
    the first tier, and are external nodes of the varied catalogue.
    """

    name: str
    vary: Callable[["Catalogue", Options], "Catalogue"]
    changes: Callable[["Catalogue"], Collection[str]]
    excludes: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    keeps: tuple[str, ...] = ()
    option: str = ""
    operators: tuple[Operator, ...] = ()


@dataclass(frozen=True, slots=True)
class Waiver:
    """A violation that is accepted: of which rule, what `where` begins with, and why."""

    rule: str
    where: str
    reason: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Catalogue:
    """A whole platform: what `catalogue.components.CATALOGUE` is, and what tests vary.

    `name` begins the names of all that belongs to the platform as a whole, and its label keys (`<name>.io/...`);
    `title` is how people call it. `root` is the repository: paths in entries are relative to it, and what a component
    carries lies in `catalogue/files/<component>/` below it. `waves` are the tiers in start-up order, several where they
    start together. Routes are served under `host`; those below `main_prefix` are the main Ingress's.
    `gateway_controller` is who routes where the trait gateway-api is attached. `machines` are those that the setting
    `machine` of an environment may name; `node_overhead` is of each node of the setting `nodes`. `traits` are those
    that vary the entries; others are patches in overlays/components alone. Compared by identity.
    """

    name: str
    title: str
    root: Path
    waves: tuple[tuple[str, ...], ...]
    namespaces: tuple[str, ...]
    components: tuple[Component, ...]
    externals: tuple[External, ...]
    images: Mapping[str, Image]
    topics: tuple[Topic, ...] = ()
    buckets: tuple[Bucket, ...] = ()
    optional_tiers: frozenset[str] = frozenset()
    host: str = ""
    main_prefix: str = ""
    gateway_controller: External | None = None
    machines: Mapping[str, Machine] = field(default_factory=dict)
    node_overhead: Overhead = field(default_factory=Overhead)
    dashboards: tuple[Dashboard, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    traits: tuple[Trait, ...] = ()

    @property
    def tiers(self) -> tuple[str, ...]:
        """All tiers in start-up order."""
        return tuple(str(tier) for wave in self.waves for tier in wave)

    def files(self, name: str) -> Mapping[str, str]:
        """Name -> text of the files that the component of that name carries."""
        return MappingProxyType({path.name: path.read_text(encoding="utf-8") for path in self.file_paths(name)})

    def file_paths(self, name: str) -> tuple[Path, ...]:
        """Where these files are, sorted; without what an editor leaves there."""
        folder = self.root / "catalogue/files" / name
        paths = folder.iterdir() if folder.is_dir() else ()
        return tuple(sorted(path for path in paths if path.is_file() and not is_scratch(path.name)))

    def migrations(self, schema: Schema) -> tuple[Path, ...]:
        """The numbered migrations of the schema in the order in which they are applied."""
        # A null byte is no part of any path, and the system refuses to look for one.
        folder = self.root / schema.migrations.replace("\0", "")
        return tuple(sorted(path for path in folder.glob("*.sql") if not is_scratch(path.name)))

    @property
    def schema_owners(self) -> tuple[Component, ...]:
        """The components that own a PostgreSQL schema, sorted by name."""
        return tuple(sorted((c for c in self.components if c.schema), key=lambda c: c.name))

    def wave(self, tier: str) -> int:
        """The Argo CD sync wave of the tier: its place in `waves`."""
        return next(number for number, tiers in enumerate(self.waves) if tier in tiers)

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
