"""The experiments that the catalogue's graph makes: each edge is cut once, and each component killed once."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from chatdb.local.fault_proxy import way_name
from chatdb.local.faults import CUT, KILL
from chatdb.local.parts import JOBS
from chatdb.local.platform import local_components
from chatdb.local.site import service_links
from constructs_lib.model import Component
from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.resolved import Link, Relation, ResolvedComponent, ResolvedPlatform
from constructs_lib.types.microservice.spec import Microservice


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """What is broken under which name, and the services that should not be ready meanwhile, sorted."""

    id: str
    kind: str
    name: str
    expected: tuple[str, ...]

    @property
    def what(self) -> str:
        """In words."""
        verb = "connections are reset and refused:" if self.kind == CUT else "SIGKILL, and a start after it:"
        return f"{verb} {self.name}"


def experiments(platform: ResolvedPlatform, root: Path) -> list[Experiment]:
    """All that can be made locally, sorted by id: who is ready without a provider is said by the catalogue."""
    components = local_components(platform, root)
    links = service_links(platform, components)
    possible = [
        Experiment(
            id=f"{CUT}:{link.consumer.name}:{link.provider.name}",
            kind=CUT,
            name=way_name(link.consumer.name, link.provider.name),
            expected=_missed(link.provider.name, [link]),
        )
        for link in links
    ]
    possible += [
        Experiment(id=f"{KILL}:{one.name}", kind=KILL, name=one.name, expected=_with_own(one, links))
        for one in components
        if one.type not in JOBS
    ]
    return sorted(possible, key=lambda one: one.id)


def _missed(provider: str, links: Collection[Link]) -> tuple[str, ...]:
    """Who is not ready without the provider, of the consumers of these links."""
    consumers = {
        link.consumer.name
        for link in links
        if link.provider.name == provider
        and link.relation is Relation.NEEDS
        and isinstance(link.consumer, Component)
        and provider not in link.consumer.ready_without
    }
    return tuple(sorted(consumers))


def _with_own(component: ResolvedComponent, links: Collection[Link]) -> tuple[str, ...]:
    own = {component.name} if component.type == Microservice.name else set()
    return tuple(sorted(own.union(_missed(component.name, links))))


def chosen(possible: Sequence[Experiment], only: Collection[str], seed: int | None) -> list[Experiment]:
    """Those that are named, all where none is; in an order drawn from the seed. InvalidInput for unknown names."""
    unknown = sorted(set(only) - {one.id for one in possible})
    if unknown:
        raise InvalidInput(
            [Problem("--only", f"{name} is no experiment", "see `chatdb chaos list`") for name in unknown]
        )
    some = [one for one in possible if not only or one.id in only]
    return some if seed is None else Random(seed).sample(some, len(some))  # noqa: S311 - an order, no secret
