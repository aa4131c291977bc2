"""Public paths: written in one way only, each of them of one component, and none for operations alone."""

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations

from constructs_lib.model import Catalogue, Component, Route
from constructs_lib.problem import Problem
from constructs_lib.resolve.problems.places import COMPONENTS, where
from constructs_lib.routes import ROOT, operational, published
from constructs_lib.types import type_of

PATH = re.compile(r"(/[A-Za-z0-9._~-]+)+")
STRIP = re.compile(r"(/[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")
LONGEST = 200
"""The name of an Ingress has 253 characters at most: the platform's name and what is stripped."""
PORT = "http"
Routed = tuple[Component, Route]
Public = tuple[Component, str]
"""A component, and one of its public paths."""


def problems(catalogue: Catalogue) -> Iterator[Problem]:
    """Of each route, of each pair of them, and of all together."""
    routed = [(component, component.route) for component in catalogue.components if component.route]
    public: list[Public] = []
    for component, route in routed:
        for message, fix in (*_route(component, route), *_operations(component, route)):
            yield Problem(where(component), message, fix)
        public += [(component, (route.strip + path).rstrip("/")) for path in published(component.name, route)]
    for pair in combinations(sorted(public, key=lambda one: (len(one[1]), one[0].name)), 2):
        yield from _overlap(*pair)
    yield from _shared_ingresses(routed)
    if routed and "routes" not in {type_of(component).makes for component in catalogue.components}:
        message = f"{routed[0][0].name} has a route, but no component serves routes"
        yield Problem(COMPONENTS, message, "add one of type ingress, or remove the route")


def _route(component: Component, route: Route) -> Iterator[tuple[str, str]]:
    for path in (route.path, *route.also):
        if not PATH.fullmatch(path) or len(path) > LONGEST:
            fix = "begin it with a slash, end it without one, and use letters, digits and . _ ~ -"
            yield f"route {path!r} is not a valid path", f"{fix}, at most {LONGEST}"
        elif dots := {".", ".."}.intersection(path.split("/")):
            yield f"route {path!r} has the part {min(dots)!r}", "write the path without it: clients remove it"
    if not STRIP.fullmatch(route.strip):
        fix = "begin it with a slash, and use lower-case letters, digits and dashes: it names an Ingress"
        yield f"route strips {route.strip!r}", fix
    elif route.path != route.strip and not route.path.startswith(f"{route.strip}/"):
        yield f"route {route.path} does not begin with {route.strip}", "strip a leading part of the path"
    if route.body_limit < 1:
        yield f"body_limit of its route is {route.body_limit}", "write 1 or more bytes"
    if PORT not in {port.name for port in component.ports}:
        yield f"it has a route, but no port {PORT}", f"name the port that it leads to {PORT}"


def _operations(component: Component, route: Route) -> Iterator[tuple[str, str]]:
    """What Prometheus and the kubelet ask for is for inside the cluster."""
    for path in published(component.name, route):
        for private in sorted(operational(component)):
            if path != ROOT and _is_in(path, private):
                yield f"route {route.strip}{path} publishes {private}", "leave it out: probes and Prometheus ask there"


def _is_in(outer: str, inner: str) -> bool:
    """Whether a path is the other one or below it; to ingress-nginx upper and lower case are the same."""
    return f"{inner}/".lower().startswith(f"{outer}/".lower())


def _overlap(shorter: Public, longer: Public) -> Iterator[Problem]:
    """Paths that are one to the controller, whose expressions ignore case; and a path inside of another's.

    An Ingress and a Gateway give what is inside to the longer path: the owner of the shorter one serves it no more,
    although its entry says so.
    """
    (owner, outer), (other, inner) = shorter, longer
    if owner is other:
        # Where all of the path is stripped, nothing is below it.
        if owner.route and outer != owner.route.strip and _is_in(outer, inner):
            yield Problem(
                where(owner), f"it publishes {inner} twice: all below {outer} is public", "leave out the longer"
            )
    elif inner.lower() == outer.lower():
        message = f"route {outer} leads to {owner.name} and {other.name}"
        yield Problem(COMPONENTS, message, "give each a path of its own")
    elif _is_in(outer, inner):
        message = f"route {inner} of {other.name} takes part of {outer}, which is {owner.name}'s"
        yield Problem(COMPONENTS, message, f"move one of them, or let {owner.name} call {other.name}")


def _shared_ingresses(routed: list[Routed]) -> Iterator[Problem]:
    """Prefixes of which one Ingress is named."""
    groups: dict[str, list[Routed]] = defaultdict(list)
    for component, route in routed:
        groups[route.strip.replace("/", "-")].append((component, route))
    for group in groups.values():
        for component, route in group:
            if {r.strip for _, r in group} != {route.strip}:
                others = ", ".join(sorted(other.name for other, _ in group if other is not component))
                message = f"route {route.path} strips {route.strip}, in one Ingress with {others}"
                yield Problem(where(component), message, "an Ingress is for one prefix: strip another part of the path")
