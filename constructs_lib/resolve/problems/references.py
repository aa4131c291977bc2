"""Names of things that are described elsewhere: images, topics, ports, routes, secrets."""

import re
from collections import defaultdict
from collections.abc import Iterator

from constructs_lib.model import DNS, Catalogue, Component, Route
from constructs_lib.problem import Problem
from constructs_lib.resolve.problems import places
from constructs_lib.resolve.problems.places import where
from constructs_lib.types import type_of

PATH = re.compile(r"(/[A-Za-z0-9._~-]+)+")
STRIP = re.compile(r"(/[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")


def found(catalogue: Catalogue) -> Iterator[Problem]:
    """Each reference that leads nowhere, and each route that another one hides."""
    for component in catalogue.components:
        yield from _image(catalogue, component)
        yield from _topics(catalogue, component)
        yield from _secrets(catalogue, component)
        yield from _route(component)
        if component.metrics and component.metrics not in {port.name for port in component.ports}:
            what = f"metrics are on port {component.metrics}, which it has not"
            yield Problem(where(component), what, "name its port")
    yield from _shared_routes(catalogue)
    yield from _externals(catalogue)


def _image(catalogue: Catalogue, component: Component) -> Iterator[Problem]:
    if component.image is not None and component.image not in catalogue.images:
        yield Problem(where(component), f"image {component.image} is not known", f"add it to {places.IMAGES}")


def _topics(catalogue: Catalogue, component: Component) -> Iterator[Problem]:
    known = {topic.name for topic in catalogue.topics}
    used = {*component.produces.values(), *component.consumes.values()}
    for topic in sorted(used - known):
        yield Problem(where(component), f"topic {topic} is not known", f"add it to {places.TOPICS}")
    if used and not _needs_topics(catalogue, component):
        yield Problem(where(component), "it names topics, but needs no kafka", "add the dependency to its needs")


def _needs_topics(catalogue: Catalogue, component: Component) -> bool:
    brokers = {other.name for other in catalogue.components if type_of(other).holds == "topics"}
    return any(one.to in brokers for one in component.needs)


def _secrets(catalogue: Catalogue, component: Component) -> Iterator[Problem]:
    owners = {owner.name: owner.generated_secrets for owner in catalogue.components}
    for key, source in component.shared_secrets.items():
        name, _, source_key = source.partition("/")
        if source_key not in owners.get(name, {}):
            what = f"secret {key} repeats {source}, which nobody generates"
            yield Problem(where(component), what, "write <component>/<key of its generated_secrets>")


def _route(component: Component) -> Iterator[Problem]:
    route = component.route
    if route is None:
        return
    if not PATH.fullmatch(route.path):
        fix = "begin it with a slash, end it without one, and use letters, digits and . _ ~ -"
        yield Problem(where(component), f"route {route.path!r} is no path", fix)
    if not STRIP.fullmatch(route.strip):
        fix = "begin it with a slash, and use lower-case letters, digits and dashes: it names an Ingress"
        yield Problem(where(component), f"route strips {route.strip!r}", fix)
    elif route.path != route.strip and not route.path.startswith(f"{route.strip}/"):
        what = f"route {route.path} does not begin with {route.strip}"
        yield Problem(where(component), what, "strip a leading part of the path")
    if "http" not in {port.name for port in component.ports}:
        yield Problem(where(component), "it has a route, but no port http", "name the port that it leads to http")


def _shared_routes(catalogue: Catalogue) -> Iterator[Problem]:
    """Routes that are one to the controller, whose expressions ignore case; rewrites that are one Ingress's."""
    routed = [(component, component.route) for component in catalogue.components if component.route]
    paths: dict[str, list[str]] = defaultdict(list)
    strips: dict[str, list[tuple[Component, Route]]] = defaultdict(list)
    for component, route in routed:
        paths[route.path.lower()].append(component.name)
        strips[route.strip.replace("/", "-")].append((component, route))
    for path, names in paths.items():
        if len(names) > 1:
            what = f"route {path} leads to {' and '.join(sorted(names))}"
            yield Problem(places.COMPONENTS, what, "give each a path of its own")
    for group in strips.values():
        for component, route in group:
            if len(group) > 1 and (route.path == route.strip or {r.strip for _, r in group} != {route.strip}):
                others = ", ".join(sorted(other.name for other, _ in group if other is not component))
                what = f"route {route.path} strips {route.strip}, in one Ingress with {others}"
                yield Problem(where(component), what, "an Ingress has one rewrite: strip another part of the path")


def _externals(catalogue: Catalogue) -> Iterator[Problem]:
    """External nodes that the generator itself looks up."""
    known = {external.name for external in catalogue.externals}
    wanted = {DNS} | {type_of(component).external for component in catalogue.components} - {""}
    for name in sorted(wanted - known):
        yield Problem(places.EXTERNALS, f"there is no external node {name}", "the policies name it: put it back")
    if any(external.name == DNS and external.namespace is None for external in catalogue.externals):
        yield Problem(places.EXTERNALS, f"external node {DNS} has no namespace", "the policies select its pods: add it")
