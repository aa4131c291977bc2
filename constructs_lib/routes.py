"""How a public path becomes one of a service."""

import re

from constructs_lib.model import Route


def rule(route: Route) -> tuple[str, str]:
    """(path, rewrite-target) of the nginx controller's regular expressions: all after `strip` reaches the service."""
    kept = route.path.removeprefix(route.strip)
    if not kept:
        return f"{re.escape(route.strip)}(/|$)(.*)", "/$2"
    return f"{re.escape(route.strip)}/({re.escape(kept.removeprefix('/'))}(/.*)?)$", "/$1"


def rewritten(route: Route, path: str) -> str | None:
    """The path as the service gets it, by the same rule; None where the route is another's."""
    pattern, target = rule(route)
    match = re.match(pattern, path, re.IGNORECASE)
    return match and re.sub(r"\$(\d)", lambda group: match[int(group[1])] or "", target)
