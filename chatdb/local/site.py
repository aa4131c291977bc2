"""Where everything of one local platform is, and what each component is told about it."""

import os
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from chatdb.local.processes import free_ports
from constructs_lib.model import Catalogue, Component
from constructs_lib.resolve import relocated
from constructs_lib.resolved import Link, ResolvedComponent, ResolvedPlatform
from constructs_lib.types.credentials.files import credentials
from constructs_lib.types.kafka.spec import Kafka
from constructs_lib.types.microservice.spec import Microservice

HOST = "127.0.0.1"
Ports = Mapping[tuple[str, str], int]
"""The number of each component's port of that name."""
Way = tuple[str, str, str]
"""Consumer, provider and the provider's port of a link."""


@dataclass(frozen=True, kw_only=True)
class Detour:
    """What the consumer of a link is told in place of the provider's port, and where who listens there goes on to."""

    listen: int
    target: int


@dataclass(frozen=True, kw_only=True)
class Site:
    """One local platform: the repository, its folder, and the ports that stand in for the catalogue's."""

    platform: ResolvedPlatform
    root: Path
    folder: Path
    ports: Ports
    secrets: Mapping[str, Mapping[str, str]]
    detours: Mapping[Way, Detour] = field(default_factory=dict)

    def number(self, component: ResolvedComponent, port: str) -> int:
        """The local number of the component's port."""
        return self.ports[component.name, port]

    def place(self, component: ResolvedComponent) -> Path:
        """The component's own folder."""
        made = self.folder / component.name
        made.mkdir(exist_ok=True)
        return made

    def told(self, component: ResolvedComponent) -> dict[str, str]:
        """What dist/ tells the component, with local addresses."""
        return self.platform.component(component.name).settings | dict(self.secrets.get(component.name, {}))

    def env_vars(self, component: ResolvedComponent) -> dict[str, str]:
        """What it is told, and what every process needs; nothing else of ours."""
        return self.tools | self.told(component)

    @property
    def tools(self) -> dict[str, str]:
        """What every process needs."""
        return {"PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]), "LC_ALL": "C.UTF-8"}


def make_site(
    platform: ResolvedPlatform,
    root: Path,
    folder: Path,
    components: Collection[ResolvedComponent],
    *,
    detours: bool = False,
) -> Site:
    """A site for these components, with free ports and new passwords; with `detours` around each link of a service."""
    names = _served(platform, components)
    around = service_links(platform, components) if detours else []
    # All at once, so that they are different ones.
    numbers = free_ports(len(names) + 2 * len(around))
    ports = dict(zip(names, numbers, strict=False))
    ways = dict(_detours(around, ports, numbers[len(names) :]))

    def locate(link: Link) -> tuple[str, int] | None:
        """None where the provider does not run locally: a consumer can do without it."""
        detour = ways.get(_way(link))
        number = detour.listen if detour else ports.get((link.provider.name, link.port.name))
        return (HOST, number) if number else None

    local = relocated(replace(platform, catalogue=_each_once(platform.catalogue)), locate)
    return Site(platform=local, root=root, folder=folder, ports=ports, secrets=dict(_secrets(local)), detours=ways)


def _each_once(catalogue: Catalogue) -> Catalogue:
    """One process of each component, also of Kafka, which then has the only copy of a message."""
    components = tuple(replace(one, replicas=1) for one in catalogue.components)
    topics = tuple(replace(one, replication=None) for one in catalogue.topics)
    return replace(catalogue, components=components, topics=topics)


def _way(link: Link) -> Way:
    return link.consumer.name, link.provider.name, link.port.name


def _served(platform: ResolvedPlatform, components: Collection[ResolvedComponent]) -> list[tuple[str, str]]:
    """Components and ports that others are told of."""
    entries = [platform.catalogue.component(one.name) for one in components]
    return [(entry.name, port.name) for entry in entries for port in entry.ports if port.env or port.admin_env]


def service_links(platform: ResolvedPlatform, components: Collection[ResolvedComponent]) -> list[Link]:
    """Those between these components of which a service is the consumer."""
    names = _served(platform, components)
    return [
        link
        for link in platform.links
        if isinstance(link.consumer, Component)
        and link.consumer.type == Microservice.name
        and (link.provider.name, link.port.name) in names
    ]


def _detours(around: Collection[Link], ports: Ports, free: Sequence[int]) -> Iterator[tuple[Way, Detour]]:
    """One for each link; a broker tells its clients where to go on to, so it listens on a port of its own for each."""
    for link, listen, own in zip(around, free[::2], free[1::2], strict=True):
        broker = isinstance(link.provider, Component) and link.provider.type == Kafka.name
        yield _way(link), Detour(listen=listen, target=own if broker else ports[link.provider.name, link.port.name])


def _secrets(platform: ResolvedPlatform) -> Iterator[tuple[str, Mapping[str, str]]]:
    """What is in the Secrets that each component reads; here they are in no store."""
    seen = credentials.Seen()
    complete(platform, seen)
    for component in platform.components:
        own = {(secret.namespace, secret.name) for secret in component.secrets}
        yield component.name, {key[2]: value for key, value in seen.values.items() if key[:2] in own}


def complete(platform: ResolvedPlatform, seen: credentials.Seen) -> None:
    """Make the keys of the platform's Secrets that nobody has seen yet, as the credentials Job does."""
    plans = tuple(credentials.Plan(p.namespace, p.name, p.origin, p.derived) for p in platform.secrets)
    for missing in (credentials.missing_origins, credentials.missing_derived):
        for address, values in missing(plans, seen).items():
            seen.values |= {(*address, key): value for key, value in values.items()}
