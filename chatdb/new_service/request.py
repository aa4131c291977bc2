"""From what is asked for to a component that fits the catalogue, or to everything that is wrong with it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count

from catalogue.components import API_PREFIX, TELEMETRY
from catalogue.images import ours
from catalogue.namespaces import Namespace
from catalogue.tiers import Tier
from chatdb.new_service import packages
from constructs_lib.component_type import type_of
from constructs_lib.defaults import http, service_probes
from constructs_lib.model import BucketAccess, Catalogue, Component, Dependency, Resources, Route, Schema
from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.resolve.problems import problems_of_entries
from constructs_lib.types.microservice.spec import Microservice

FIRST_PORT = 8005
# Small enough to fit beside all others on a minikube that is nearly full; raise it when the service is there.
RESOURCES = Resources(cpu="10m", memory="32Mi", cpu_limit="100m", memory_limit="64Mi")


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What is asked for; `needs` are texts NAME:PORT, and without a port the next free one is taken."""

    name: str
    tier: str = str(Tier.PROCESSING)
    port: int | None = None
    needs: tuple[str, ...] = ()


def extended(catalogue: Catalogue, component: Component) -> Catalogue:
    """The catalogue with one more component and its image."""
    images = {**catalogue.images, component.name: ours(component.name)}
    return replace(catalogue, components=(*catalogue.components, component), images=images)


def next_port(catalogue: Catalogue) -> int:
    """The first number from 8005 on that no component has."""
    taken = {port.number for component in catalogue.components for port in component.ports}
    return next(number for number in count(FIRST_PORT) if number not in taken)


def component_of(catalogue: Catalogue, request: Request) -> Component:
    """The component that the request describes; InvalidInput with every problem."""
    wrong = [*_words(request), *_taken(catalogue, request), *packages.problems(request.name)]
    component = _draft(catalogue, request)
    if component.name not in _names(catalogue):
        wrong += problems_of_entries(extended(catalogue, component))
    if wrong:
        raise InvalidInput(wrong)
    return component


def _words(request: Request) -> Iterator[Problem]:
    if request.tier not in list(Tier):
        yield Problem(f"--tier {request.tier}", "there is no such tier", f"use one of {', '.join(Tier)}")
    for need in request.needs:
        if need.count(":") != 1:
            yield Problem(f"--needs {need}", "is no NAME:PORT", "name a component and its port, such as kafka:kafka")


def _names(catalogue: Catalogue) -> set[str]:
    return {component.name for component in catalogue.components} | {node.name for node in catalogue.externals}


def _taken(catalogue: Catalogue, request: Request) -> Iterator[Problem]:
    """What another component has and cannot be had twice."""
    where = f"NAME {request.name}"
    if request.name in {*_names(catalogue), *catalogue.images}:
        yield Problem(where, "is the name of another component or image", "choose another name")
    for other in catalogue.components:
        if request.port in {port.number for port in other.ports}:
            yield Problem(f"--port {request.port}", f"is {other.name}'s", f"{next_port(catalogue)} is free")


def _draft(catalogue: Catalogue, request: Request) -> Component:
    """The component without its place in the order; parts that cannot be read are left out."""
    name = request.name
    tier = Tier(request.tier) if request.tier in list(Tier) else Tier.PROCESSING
    needs = tuple(Dependency(*need.split(":")) for need in dict.fromkeys(request.needs) if need.count(":") == 1)
    held = {type_of(one).holds for one in catalogue.components if one.name in {need.to for need in needs}}
    draft = Component(
        name=name,
        tier=tier,
        type=Microservice.name,
        namespace=Namespace.SERVICES,
        image=name,
        ports=(http(name, next_port(catalogue) if request.port is None else request.port),),
        needs=needs,
        talks_to=(TELEMETRY,),
        replicas=2,
        resources=RESOURCES,
        probes=service_probes(),
        route=Route(path=f"{API_PREFIX}/{name}", strip=API_PREFIX),
        metrics="http",
    )
    if "schemas" in held:
        draft = replace(draft, schema=Schema(name=draft.role, migrations=f"services/{name}/migrations"))
    if "buckets" in held:
        # The least that is an access: which ones it needs is for its author to say.
        draft = replace(draft, buckets=tuple(BucketAccess(bucket=one.name) for one in catalogue.buckets[:1]))
    return draft
