"""What is derived from a catalogue, as frozen data: all that constructs, checks and commands know of a platform."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import TypeVar

from constructs_lib.model import (
    KUBERNETES_API,
    Access,
    Autoscale,
    Catalogue,
    Component,
    External,
    Port,
    Resources,
    Route,
    Schema,
    Storage,
    Topic,
    nothing,
)
from constructs_lib.probe import Probes

NAMESPACE_LABEL = "kubernetes.io/metadata.name"
"""The label that Kubernetes itself gives each namespace: its name."""
METRICS = "/metrics"
"""The path under which a component that is scraped shows its metrics."""
SECRET_SUFFIX = "-credentials"  # noqa: S105 - of a name
"""Of the name of a component's own Secret."""


class Relation(StrEnum):
    """Why one component talks to another."""

    NEEDS = "needs"
    TALKS_TO = "talks_to"
    SCRAPES = "scrapes"
    ROUTES = "routes"
    TESTS = "tests"
    PEERS = "peers"
    """The pods of one component among themselves: consumer and provider are the same."""
    MANAGES = "manages"
    """An operator, and the pods that it has made."""

    @property
    def ordered(self) -> bool:
        """Whether the provider must be up before the consumer starts."""
        return self in (Relation.NEEDS, Relation.TESTS)

    @property
    def informs(self) -> bool:
        """Whether the consumer is told the provider's address through environment variables."""
        return self in (Relation.NEEDS, Relation.TALKS_TO, Relation.TESTS)


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """Traffic from `consumer` to a port of `provider`; its policies are objects of the component `owner`."""

    consumer: Component | External
    provider: Component | External
    port: Port
    relation: Relation
    owner: str


Locate = Callable[[Link], tuple[str, int] | None]
"""Under which host and port the consumer of a link reaches its provider; None where it is told of none."""


def in_cluster(link: Link) -> tuple[str, int]:
    """The provider's Service, and the port's own number."""
    return link.provider.host, link.port.number


@dataclass(frozen=True, kw_only=True, slots=True)
class EnvVar:
    """An environment variable of a component, and what of the catalogue it comes from."""

    name: str
    value: str
    origin: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SecretPlan:
    """One Secret, and where the values of its keys come from.

    `origin` keys are made at random once (key -> kind of value), `derived` ones from those (key -> template with
    ${namespace/secret/key}). `guard_pvc` is a claim whose data was made with the origin's values.
    """

    component: str
    namespace: str
    name: str
    origin: Mapping[str, str] = field(default_factory=nothing)
    derived: Mapping[str, str] = field(default_factory=nothing)
    guard_pvc: str | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """All keys of the Secret, sorted."""
        return tuple(sorted({*self.origin, *self.derived}))


@dataclass(frozen=True, kw_only=True, slots=True)
class ResolvedPort:
    """A named TCP port."""

    name: str
    number: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ResolvedDependency:
    """A port that the component connects to: of which node, under which address, and why."""

    provider: str
    port: str
    host: str
    number: int
    relation: Relation


@dataclass(frozen=True, kw_only=True, slots=True)
class Peer:
    """The pods at the other end of a policy."""

    namespace: str
    labels: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Dns:
    """The DNS servers: pods, addresses that are no pod's (CIDR blocks of IPv4 or IPv6), or both.

    `ports` are pairs of protocol and number; each server answers on all of them.
    """

    pods: Peer | None
    addresses: tuple[str, ...] = ()
    ports: tuple[tuple[str, int], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """One side of a connection: a NetworkPolicy of direction "Ingress" or "Egress" for the pods with these labels.

    `addresses` (CIDR blocks) stand for a peer that is no pod; without any peer it allows any address. `ports` are pairs
    of protocol and number.
    """

    name: str
    namespace: str
    labels: Mapping[str, str]
    direction: str
    peer: Peer | None
    addresses: tuple[str, ...] = ()
    ports: tuple[tuple[str, int], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Scrape:
    """Where Prometheus finds a component's metrics."""

    port: int
    path: str = METRICS


@dataclass(frozen=True, kw_only=True)
class ResolvedComponent:
    """Everything that a component's objects are made of; its construct sees nothing else.

    `autoscale` is None where its number of replicas is fixed. `host` is the address of its Service, `image` a
    reference, `after` the components that are up before it starts, `secret` its own, `more_secrets` those
    besides in which it finds what ports hand out, `files` what lies in
    catalogue/files/<component>/ (name -> text), `policies` those that are its own objects: both sides of each of its
    dependencies.
    """

    platform: str
    name: str
    type: str
    tier: str
    wave: int
    namespace: str
    host: str
    image: str | None
    uid: int
    replicas: int
    autoscale: Autoscale | None
    grace_period: int
    labels: Mapping[str, str]
    ports: tuple[ResolvedPort, ...]
    resources: Resources | None
    probes: Probes | None
    storage: Storage | None
    schema: Schema | None
    access: tuple[Access, ...]
    route: Route | None
    scrape: Scrape | None
    after: tuple[str, ...]
    dependencies: tuple[ResolvedDependency, ...]
    env_vars: tuple[EnvVar, ...]
    secret: SecretPlan | None
    more_secrets: tuple[SecretPlan, ...]
    policies: tuple[Policy, ...]
    files: Mapping[str, str]

    @property
    def most_replicas(self) -> int:
        """As many as it can ever have."""
        return self.autoscale.max if self.autoscale else self.replicas

    @property
    def secret_name(self) -> str:
        """The name of its own Secret, if it has one."""
        return self.name + SECRET_SUFFIX

    @property
    def secrets(self) -> tuple[SecretPlan, ...]:
        """All Secrets that its pods read, its own one first."""
        return (*([self.secret] if self.secret else []), *self.more_secrets)

    @property
    def settings(self) -> dict[str, str]:
        """The data of its ConfigMap, sorted by name."""
        return {variable.name: variable.value for variable in sorted(self.env_vars, key=lambda one: one.name)}

    @property
    def uses_api(self) -> bool:
        """Whether it talks to the Kubernetes API, and so gets a service account of its own with a token."""
        return any(one.provider == KUBERNETES_API and one.relation.ordered for one in self.dependencies)

    def port(self, name: str) -> ResolvedPort:
        """The port of that name; KeyError where there is none."""
        for port in self.ports:
            if port.name == name:
                return port
        raise KeyError(name)


@dataclass(frozen=True, kw_only=True, slots=True)
class Folder:
    """Files that a script finds at `path`: in a pod the volume of that name, from the ConfigMap of that name."""

    path: str
    volume: str
    config: str
    files: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class ScriptComponent(ResolvedComponent):
    """A Job that runs a script: its folders, and the command line, which names paths below them."""

    folders: tuple[Folder, ...]
    command: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Successor(ResolvedComponent):
    """One that takes over the data of the component that the base has in its place, whose server keeps running."""

    before: ResolvedComponent


@dataclass(frozen=True, kw_only=True, slots=True)
class ResolvedRoute:
    """A route, and the port that serves it."""

    component: str
    port: int
    route: Route
    policy: Policy
    """What lets the controller of the Gateway API in."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ResolvedGateway:
    """What the trait gateway-api is made of: the entry whose Ingresses it replaces, and the routes."""

    platform: str
    owner: str
    namespace: str
    labels: Mapping[str, str]
    tier: str
    host: str
    routes: tuple[ResolvedRoute, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ResolvedNamespaces:
    """What the chart of all namespaces is made of; `tier` is where it is applied.

    `dns` are the servers of a usual cluster; the settings of an environment may name others.
    """

    platform: str
    tier: str
    names: tuple[str, ...]
    dns: Dns


@dataclass(frozen=True, kw_only=True, eq=False)
class ResolvedPlatform:
    """A valid catalogue with everything that is derived from it. Compared by identity.

    `links` is all traffic but DNS, sorted; `topics` are the declared ones with their dead-letter topics; `secrets` are
    sorted by namespace and name.
    """

    catalogue: Catalogue
    components: tuple[ResolvedComponent, ...]
    links: tuple[Link, ...]
    topics: tuple[Topic, ...]
    secrets: tuple[SecretPlan, ...]
    namespaces: ResolvedNamespaces
    gateway: ResolvedGateway | None

    @property
    def name(self) -> str:
        """The platform's name, with which the names of its own objects begin."""
        return self.catalogue.name

    @property
    def waves(self) -> tuple[tuple[str, ...], ...]:
        """Tiers in start-up order."""
        return self.catalogue.waves

    @property
    def tiers(self) -> tuple[str, ...]:
        """All tiers in start-up order."""
        return self.catalogue.tiers

    @cached_property
    def _by_name(self) -> Mapping[str, ResolvedComponent]:
        return {component.name: component for component in self.components}

    def component(self, name: str) -> ResolvedComponent:
        """The component of that name; KeyError where there is none."""
        return self._by_name[name]

    def of_type(self, *types: str) -> tuple[ResolvedComponent, ...]:
        """The components of these types, in the order of their entries."""
        return tuple(component for component in self.components if component.type in types)

    def dependents(self, name: str) -> tuple[str, ...]:
        """The components that start after that one, sorted."""
        return tuple(sorted(component.name for component in self.components if name in component.after))

    def deploy_order(self) -> tuple[tuple[int, str, tuple[ResolvedComponent, ...]], ...]:
        """(wave, tier, components by name) in start-up order; no tier without components."""
        groups: dict[str, list[ResolvedComponent]] = {tier: [] for tier in self.tiers}
        for component in sorted(self.components, key=lambda one: one.name):
            groups[component.tier].append(component)
        every = ((self.catalogue.wave(tier), tier, tuple(components)) for tier, components in groups.items())
        return tuple(group for group in every if group[2])


@dataclass(frozen=True, kw_only=True, slots=True)
class Surroundings:
    """What a component type may look at when it resolves one of its components; the links are found by consumer."""

    catalogue: Catalogue
    links: tuple[Link, ...]
    by_consumer: Mapping[str, tuple[Link, ...]]
    secrets: tuple[SecretPlan, ...]
    topics: tuple[Topic, ...]
    locate: Locate

    def address(self, link: Link) -> tuple[str, int]:
        """Host and port; those inside the cluster where the consumer is told of none."""
        return self.locate(link) or in_cluster(link)


Special = TypeVar("Special", bound=ResolvedComponent)


def specialized(base: ResolvedComponent, cls: type[Special], **more: object) -> Special:
    """The component with the fields that its type has besides."""
    values = {one.name: getattr(base, one.name) for one in fields(base)}
    return cls(**(values | more))


def frozen(values: Mapping[str, str]) -> Mapping[str, str]:
    """A copy that nobody changes."""
    return MappingProxyType(dict(values))
