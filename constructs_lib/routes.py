"""Which paths of a component are public, and how a public path becomes one of the component."""

import re

from constructs_lib.model import Component, Route
from constructs_lib.resolved import METRICS, ResolvedComponent

ROOT = "/"
REWRITE = "/$1"
"""The rewrite-target of each path's regular expression."""
PREFIX_HEADER = "X-Forwarded-Prefix"
"""Tells a component what was stripped, as its `/` is reached with a final slash and without one."""


def published(name: str, route: Route) -> tuple[str, ...]:
    """The public paths of a component as it sees them: its route, what is `also` public, and its API's documentation.

    What is below a path is public, too, but not what is below `/`.
    """
    return route.path.removeprefix(route.strip) or ROOT, *route.also, f"/docs/{name}"


def operational(component: Component | ResolvedComponent) -> frozenset[str]:
    """The paths that Prometheus and the kubelet ask for; a probe of `/` asks for what users see."""
    scraped = component.metrics if isinstance(component, Component) else component.scrape
    probes = component.probes
    asked = {probe.path for probe in (probes.liveness, probes.readiness, probes.startup)} if probes else set()
    return frozenset(path for path in (METRICS if scraped else None, *asked) if path and path != ROOT)


def pattern(route: Route, path: str) -> str:
    """The nginx controller's regular expression for one of the published paths; its first group is what is kept."""
    # Of what a public path may have, this alone is special to a regular expression.
    strip, kept = route.strip.replace(".", r"\."), path.removeprefix(ROOT).replace(".", r"\.")
    return f"{strip}/({kept}(/.*)?)$" if kept else f"{strip}/?()$"


def rewritten(component: Component | ResolvedComponent, public: str) -> str | None:
    """The path as the component gets it, by the same rule; None where the public path does not lead to it."""
    if component.route is None:
        return None
    for path in published(component.name, component.route):
        if match := re.match(pattern(component.route, path), public, re.IGNORECASE):
            return REWRITE.replace("$1", match[1])
    return None
