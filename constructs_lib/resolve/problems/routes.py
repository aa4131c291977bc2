"""Public paths: written in one way only, and each of them of one component."""

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations

from constructs_lib.model import Catalogue, Component, Route
from constructs_lib.problem import Problem
from constructs_lib.resolve.problems.places import COMPONENTS, where
from constructs_lib.types import type_of

PATH = re.compile(r"(/[A-Za-z0-9._~-]+)+")
STRIP = re.compile(r"(/[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")
LONGEST = 200
"""The name of an Ingress has 253 characters at most: the platform's name and what is stripped."""
PORT = "http"
Routed = tuple[Component, Route]


def problems(catalogue: Catalogue) -> Iterator[Problem]:
    """Of each route, of each pair of them, and of all together."""
    routed = [(component, component.route) for component in catalogue.components if component.route]
    for component, route in routed:
        for defect, fix in _route(component, route):
            yield Problem(where(component), defect, fix)
    for pair in combinations(sorted(routed, key=lambda one: (len(one[1].path), one[0].name)), 2):
        yield from _overlap(*pair)
    yield from _shared_ingresses(routed)
    if routed and "routes" not in {type_of(component).makes for component in catalogue.components}:
        message = f"{routed[0][0].name} has a route, but no component serves routes"
        yield Problem(COMPONENTS, message, "add one of type ingress, or remove the route")


def _route(component: Component, route: Route) -> Iterator[tuple[str, str]]:
    if not PATH.fullmatch(route.path) or len(route.path) > LONGEST:
        fix = "begin it with a slash, end it without one, and use letters, digits and . _ ~ -"
        yield f"route {route.path!r} is not a valid path", f"{fix}, at most {LONGEST}"
    elif dots := {".", ".."}.intersection(route.path.split("/")):
        yield f"route {route.path!r} has the part {min(dots)!r}", "write the path without it: clients remove it"
    if not STRIP.fullmatch(route.strip):
        fix = "begin it with a slash, and use lower-case letters, digits and dashes: it names an Ingress"
        yield f"route strips {route.strip!r}", fix
    elif route.path != route.strip and not route.path.startswith(f"{route.strip}/"):
        yield f"route {route.path} does not begin with {route.strip}", "strip a leading part of the path"
    if PORT not in {port.name for port in component.ports}:
        yield f"it has a route, but no port {PORT}", f"name the port that it leads to {PORT}"


def _overlap(shorter: Routed, longer: Routed) -> Iterator[Problem]:
    """Paths that are one to the controller, whose expressions ignore case; and a path inside of another's.

    An Ingress and a Gateway give what is inside to the longer path: the owner of the shorter one serves it no more,
    although its entry says so.
    """
    (owner, outer), (other, inner) = shorter, longer
    if inner.path.lower() == outer.path.lower():
        message = f"route {outer.path} leads to {owner.name} and {other.name}"
        yield Problem(COMPONENTS, message, "give each a path of its own")
    elif inner.path.lower().startswith(f"{outer.path.lower()}/"):
        message = f"route {inner.path} of {other.name} takes part of {outer.path}, which is {owner.name}'s"
        yield Problem(COMPONENTS, message, f"move one of them, or let {owner.name} call {other.name}")


def _shared_ingresses(routed: list[Routed]) -> Iterator[Problem]:
    """Rewrites that are one Ingress's."""
    groups: dict[str, list[Routed]] = defaultdict(list)
    for component, route in routed:
        groups[route.strip.replace("/", "-")].append((component, route))
    for group in groups.values():
        for component, route in group:
            if len(group) > 1 and (route.path == route.strip or {r.strip for _, r in group} != {route.strip}):
                others = ", ".join(sorted(other.name for other, _ in group if other is not component))
                message = f"route {route.path} strips {route.strip}, in one Ingress with {others}"
                yield Problem(where(component), message, "an Ingress has one rewrite: strip another part of the path")
