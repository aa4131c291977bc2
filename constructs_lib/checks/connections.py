"""Database connections: what the pools of all pods open, and what their server takes."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from constructs_lib.checks.model import Inputs
from constructs_lib.footprint import at_most, replicas
from constructs_lib.model import Component
from constructs_lib.operated import CNPG_CLUSTER
from constructs_lib.pods import LONG_RUNNING
from constructs_lib.problem import Problem
from constructs_lib.resolved import ResolvedComponent
from constructs_lib.types import type_of

FILE = "postgresql.conf"
LINE = re.compile(r"^[ \t]*(?P<name>\w+)[ \t=]+'?(?P<number>\d+)'?[ \t]*(?:#.*)?$", re.MULTILINE)
DEFAULTS: Mapping[str, int] = {"max_connections": 100, "superuser_reserved_connections": 3, "reserved_connections": 0}
"""PostgreSQL's own; the last two are taken from the first, and no service gets them."""


@dataclass(frozen=True, slots=True)
class Pool:
    """Pods of one service, as many as may run at rest, and the connections that each opens."""

    name: str
    pods: int
    connections: int

    @property
    def total(self) -> int:
        """Connections of all pods."""
        return self.pods * self.connections


@dataclass(frozen=True, slots=True)
class Demand:
    """One server: the connections that it has for services, and the services' pools."""

    server: ResolvedComponent
    available: int
    pools: tuple[Pool, ...]

    @property
    def total(self) -> int:
        """Connections of all pools."""
        return sum(pool.total for pool in self.pools)


def fit(inputs: Inputs) -> Iterator[Problem]:
    """All pools can be full at once: a server refuses further connections, whoever has the others."""
    for demand in demands(inputs):
        if demand.total > demand.available:
            asked = " + ".join(f"{pool.pods} x {pool.connections} of {pool.name}" for pool in demand.pools)
            message = f"{asked} are {demand.total} connections, and it has {demand.available} for services"
            where = f"tier {demand.server.tier}: {demand.server.name}"
            yield Problem(where, message, "raise max_connections, or run fewer replicas")


def demands(inputs: Inputs) -> Iterator[Demand]:
    """Each server that the environment runs, with the pools of those who own a schema in it."""
    pools = tuple(_pools(inputs))
    for server in inputs.platform.components:
        if type_of(server).holds == "schemas" and server.tier in inputs.settings.tiers:
            mine = (pool for owner, pool in pools if any(need.to == server.name for need in owner.needs))
            yield Demand(server, _available(inputs, server), tuple(mine))


def _pools(inputs: Inputs) -> Iterator[tuple[Component, Pool]]:
    most = at_most(one.manifest for one in inputs.rendered)
    for owner in inputs.platform.catalogue.schema_owners:
        pods = sum(
            replicas(manifest)
            for workload, manifest in zip(inputs.rendered, most, strict=True)
            if workload.kind in LONG_RUNNING and workload.namespace == owner.namespace
            if workload.pod_labels.get("app") == owner.name
        )
        if owner.schema:
            yield owner, Pool(owner.name, pods, owner.schema.connections)


def _available(inputs: Inputs, server: ResolvedComponent) -> int:
    values = {**DEFAULTS, **dict(_numbers(inputs, server))}
    return values["max_connections"] - values["superuser_reserved_connections"] - values["reserved_connections"]


def _numbers(inputs: Inputs, server: ResolvedComponent) -> Iterator[tuple[str, int]]:
    """The server's settings that are numbers; of those with one name the last one counts, as PostgreSQL reads them."""
    for obj in inputs.rendered:
        if obj.namespace == server.namespace and obj.labels.get("app") == server.name:
            if obj.kind == "ConfigMap":
                lines = LINE.finditer((obj.manifest.get("data") or {}).get(FILE, ""))
                yield from ((match["name"].lower(), int(match["number"])) for match in lines)
            elif (obj.group, obj.kind) == CNPG_CLUSTER:
                parameters = (obj.spec.get("postgresql") or {}).get("parameters") or {}
                yield from ((name, int(text)) for name, text in parameters.items() if text.isdecimal())
