"""What is public: requests through the Ingresses and through the trait's HTTPRoutes, by a table and by the standard."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from catalogue.components import CATALOGUE
from constructs_lib.checks.model import Inputs, Rendered
from constructs_lib.checks.public_paths import Entrance, entrances, operations_are_private, reached
from constructs_lib.routes import operational
from tests.public_paths import REQUESTS, UNANSWERED
from tests.repository import ROOT, manifests

GATEWAY = tuple(Rendered("edge", manifest) for manifest in manifests(ROOT / "dist/traits/gateway-api"))


@pytest.fixture(params=["Ingress", "HTTPRoute"])
def ways(request: pytest.FixtureRequest, rendered: Inputs) -> list[Entrance]:
    """The entrances of minikube, and those of the trait gateway-api."""
    found = entrances(GATEWAY if request.param == "HTTPRoute" else rendered.rendered)
    assert found
    return found


def test_what_users_need_is_public(ways: Sequence[Entrance]) -> None:
    """Each path of the table arrives where it says."""
    arrivals = {path: reached(ways, path) for path, _, _ in REQUESTS}
    found = [(path, way[0].service, way[1]) for path, way in arrivals.items() if way]
    assert found == REQUESTS


def test_nothing_else_is_public(ways: Sequence[Entrance]) -> None:
    """Nobody answers: what is for operations, other services' documentation, and names that only begin alike."""
    assert [path for path in UNANSWERED if reached(ways, path)] == []


def test_what_is_for_operations() -> None:
    """The rule looks at these; the page of test-service is what its liveness probe asks for."""
    expected = {"/metrics", "/ready", "/health"}
    assert {name: operational(CATALOGUE.component(name)) for name in ("ml-engine", "test-service")} == {
        "ml-engine": expected,
        "test-service": expected - {"/health"},
    }


def ingress(path: str, path_type: str = "ImplementationSpecific", **annotations: str) -> Rendered:
    """An Ingress of one path."""
    backend = {"service": {"name": "s", "port": {"number": 1}}}
    rule = {"http": {"paths": [{"path": path, "pathType": path_type, "backend": backend}]}}
    prefixed = {f"nginx.ingress.kubernetes.io/{key.replace('_', '-')}": text for key, text in annotations.items()}
    return Rendered(
        "edge", {"kind": "Ingress", "metadata": {"name": "i", "annotations": prefixed}, "spec": {"rules": [rule]}}
    )


def http_route(match: dict[str, str], rewrite: dict[str, str] | None = None) -> Rendered:
    """An HTTPRoute of one match."""
    filters = [{"type": "URLRewrite", "urlRewrite": {"path": rewrite}}] if rewrite else []
    rule = {"matches": [{"path": match}], "filters": filters, "backendRefs": [{"name": "s", "port": 1}]}
    return Rendered("edge", {"kind": "HTTPRoute", "metadata": {"name": "r"}, "spec": {"rules": [rule]}})


FULL = {"type": "ReplaceFullPath", "replaceFullPath": "/x"}


@pytest.mark.parametrize(
    ("item", "path", "inside"),
    [
        (ingress("/a", "Prefix"), "/a/b", "/a/b"),
        (ingress("/a", "Prefix"), "/ab", None),
        (ingress("/a/", "Prefix"), "/a", "/a"),
        (ingress("/a", "Exact"), "/a/", None),
        (ingress("/a(/|$)(.*)", rewrite_target="/$2"), "/A/metrics", "/metrics"),
        (ingress("/a(/x)?", rewrite_target="/$1$4"), "/a", "/"),
        (ingress("/a.*", use_regex="true"), "/ab", "/ab"),
        (http_route({"type": "PathPrefix", "value": "/"}), "/metrics", "/metrics"),
        (http_route({}), "/metrics", "/metrics"),
        (http_route({"type": "Exact", "value": "/a"}, FULL), "/a", "/x"),
        (http_route({"type": "Exact", "value": "/a"}, FULL), "/a/b", None),
        (http_route({"type": "PathPrefix", "value": "/a"}, FULL), "/a/b", "/x"),
        (
            http_route({"value": "/a"}, {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}),
            "/a/b",
            "/b",
        ),
        (http_route({"value": "/a/"}, {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/x/"}), "/a", "/x"),
        (http_route({"value": "/a"}, {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}), "/a", "/"),
        (http_route({"type": "RegularExpression", "value": "/a[0-9]"}), "/a1", "/a1"),
        (http_route({"type": "RegularExpression", "value": "/a[0-9]"}), "/a12", None),
    ],
)
def test_one_entrance(item: Rendered, path: str, inside: str | None) -> None:
    """Matching and rewriting, as the documentation of ingress-nginx and of the Gateway API has them."""
    arrival = reached(entrances([item]), path)
    assert (arrival and arrival[1]) == inside


@pytest.mark.parametrize(
    ("item", "says"),
    [
        (http_route({"value": "/x"}, {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}), "/x/metrics leads to"),
        (http_route({"type": "RegularExpression", "value": "/m.*s"}), "/metrics leads to /metrics of"),
        (http_route({"type": "Exact", "value": "/test/ready"}, {**FULL, "replaceFullPath": "/ready"}), "/test/ready"),
        (http_route({"type": "RegularExpression", "value": "/m("}), "path (?:/m()$ is not a regular expression"),
    ],
)
def test_gateway_that_publishes_operations(rendered: Inputs, item: Rendered, says: str) -> None:
    """The rule evaluates HTTPRoutes, too: a prefix, an expression, a single path."""
    item.manifest["metadata"]["namespace"] = "chatdb-services"
    item.manifest["spec"]["rules"][0]["backendRefs"][0]["name"] = "ml-engine"
    problems = [str(one) for one in operations_are_private(replace(rendered, rendered=(*GATEWAY, item)))]
    assert any(says in problem for problem in problems), problems


def test_precedence() -> None:
    """The longer path first, and an exact one before all."""
    items = [ingress("/a", "Prefix"), ingress("/a/b", "Prefix"), ingress("/a", "Exact")]
    ways = entrances(items)
    assert [one.rank for one in ways] == [(True, 2), (False, 4), (False, 2)]
