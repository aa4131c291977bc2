"""Which request from outside reaches which path of which Service: Ingresses and HTTPRoutes, evaluated."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from constructs_lib.checks.model import Inputs, Rendered
from constructs_lib.problem import Problem
from constructs_lib.routes import operational

NGINX = "nginx.ingress.kubernetes.io/"
LITERAL = re.compile(r"[A-Za-z0-9/._~-]*")
"""What of a regular expression stands for itself; a dot does, among others."""
Inside = Callable[[str], str | None]
"""From a requested path to the one that the Service gets; None where the request is for another entrance."""


@dataclass(frozen=True, slots=True)
class Entrance:
    """One path of an Ingress, or one match of an HTTPRoute, and the Service behind it.

    `text` is the path, or its regular expression, as it is written; `rank` is larger for what takes precedence.
    """

    where: str
    namespace: str
    service: str
    text: str
    rank: tuple[int, int]
    inside: Inside


def entrances(rendered: Iterable[Rendered]) -> list[Entrance]:
    """All of them, the one that takes precedence first. Hosts, headers and methods are not looked at.

    ValueError for a regular expression that can't be read.
    """
    every = [one for item in rendered for one in (*_of_ingress(item), *_of_http_route(item))]
    return sorted(every, key=lambda one: one.rank, reverse=True)


def reached(ways: Sequence[Entrance], path: str) -> tuple[Entrance, str] | None:
    """Where a request for the path goes, and the path that arrives there; None where nobody answers."""
    for entrance in ways:
        if (inside := entrance.inside(path)) is not None:
            return entrance, inside
    return None


def operations_are_private(inputs: Inputs) -> Iterator[Problem]:
    """What Prometheus and the kubelet ask for is not reached from outside, whatever precedes it in the address."""
    ways: list[Entrance] = []
    for item in inputs.of("Ingress", "HTTPRoute"):
        try:
            ways += entrances([item])
        except ValueError as error:
            yield Problem(item.where, str(error), "write an expression that Python's re reads, too")
    ways.sort(key=lambda one: one.rank, reverse=True)
    heads = sorted({head for entrance in ways for head in _heads(entrance.text)})
    for component in inputs.platform.components:
        for private in sorted(operational(component)) if component.route else ():
            for public in (head + private for head in heads):
                match reached(ways, public):
                    case entrance, inside if (entrance.namespace, entrance.service, inside) == (
                        component.namespace,
                        component.name,
                        private,
                    ):
                        what = f"{public} leads to {private} of {component.name}"
                        yield Problem(entrance.where, what, "publish the paths that users need, and no more")


def _heads(text: str) -> Iterator[str]:
    """The beginnings of paths that fit, without a final slash."""
    literal = LITERAL.match(text.removeprefix("^").replace("\\", ""))
    parts = literal[0].rstrip("/").split("/") if literal else []
    return accumulate(parts, "{}/{}".format)


def _of_ingress(item: Rendered) -> Iterator[Entrance]:
    """As ingress-nginx reads it: with a rewrite all paths are regular expressions without case, the longest first."""
    rules = item.spec.get("rules") or [] if item.kind == "Ingress" else []
    target = item.annotations.get(f"{NGINX}rewrite-target")
    regex = target is not None or item.annotations.get(f"{NGINX}use-regex") == "true"
    for path in (path for rule in rules for path in (rule.get("http") or {}).get("paths") or []):
        text, kind = path.get("path") or "/", "RegularExpression" if regex else path["pathType"]
        if service := (path.get("backend") or {}).get("service"):
            inside = _by_expression(text, re.IGNORECASE, target) if regex else _by_text(kind, text)
            yield Entrance(item.where, item.namespace, service["name"], text, (kind == "Exact", len(text)), inside)


def _of_http_route(item: Rendered) -> Iterator[Entrance]:
    """By the standard: an exact path before the longest prefix; a regular expression is up to the controller."""
    rules = item.spec.get("rules") or [] if item.kind == "HTTPRoute" else []
    for rule in rules:
        for path in (match.get("path") or {} for match in rule.get("matches") or [{}]):
            kind, text = path.get("type") or "PathPrefix", path.get("value") or "/"
            fits = _by_expression(f"(?:{text})$", re.NOFLAG) if kind == "RegularExpression" else _by_text(kind, text)
            inside = _rewriting(fits, text, rule.get("filters") or [])
            for backend in rule.get("backendRefs") or []:
                namespace = backend.get("namespace") or item.namespace
                yield Entrance(item.where, namespace, backend["name"], text, (kind == "Exact", len(text)), inside)


def _by_expression(expression: str, flags: re.RegexFlag, target: str | None = None) -> Inside:
    """A path that the expression fits from its beginning, rewritten to the target where there is one."""
    try:
        compiled = re.compile(expression, flags)
    except re.error as error:
        raise ValueError(f"path {expression} is not a regular expression: {error}") from None

    def inside(path: str) -> str | None:
        match = compiled.match(path)
        if match is None or target is None:
            return match and path
        return re.sub(r"\$(\d)", lambda group: _group(match, int(group[1])), target)

    return inside


def _group(match: re.Match[str], number: int) -> str:
    """A group that is not there is empty to nginx."""
    return match[number] or "" if number <= match.re.groups else ""


def _by_text(kind: str, text: str) -> Inside:
    """The path itself, and what continues it after a slash unless the path is exact."""

    def inside(path: str) -> str | None:
        below = kind != "Exact" and f"{path}/".startswith(f"{text.rstrip('/')}/")
        return path if path == text or below else None

    return inside


def _rewriting(fits: Inside, text: str, filters: Sequence[Mapping[str, Any]]) -> Inside:
    """With the rewrite of an HTTPRoute's filters, if there is one."""
    rewrite = next((path for one in filters if (path := (one.get("urlRewrite") or {}).get("path"))), None)

    def inside(path: str) -> str | None:
        if fits(path) is None or rewrite is None:
            return fits(path)
        if rewrite["type"] == "ReplaceFullPath":
            return str(rewrite.get("replaceFullPath") or "/")
        rest = path[len(text.rstrip("/")) :]
        return (rewrite.get("replacePrefixMatch") or "").rstrip("/") + rest or "/"

    return inside
