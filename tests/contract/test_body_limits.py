"""What the entry point lets through is what the services take: their limits, read from their sources."""

import ast
from pathlib import Path

import pytest

from catalogue.components import CATALOGUE
from constructs_lib.model import BODY_LIMIT
from tests.contract.sources import number, numbers
from tests.repository import ROOT, manifests

SERVICES = [one for one in CATALOGUE.components if one.type == "microservice" and one.route]
SHARED = ROOT / "services/common/chatdb_common/service.py"
KEY = "nginx.ingress.kubernetes.io/proxy-body-size"


def entry_points(name: str) -> Path:
    """Where the service says what it takes."""
    return ROOT / "services" / name / name.replace("-", "_") / "entrypoints.py"


def limits(path: Path) -> list[int]:
    """The limits that the service hands over: of all bodies, and of uploads."""
    names = numbers(path)
    (call,) = [
        node
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Service"
    ]
    arguments = {keyword.arg: keyword.value for keyword in call.keywords}
    values = [arguments["body_limit"]] if "body_limit" in arguments else []
    match arguments.get("uploads"):
        case ast.Dict(values=uploads):
            values += uploads
    return [number(value, names) for value in values]


def test_default() -> None:
    """A service without a limit of its own, and a route without one."""
    own = numbers(SHARED)["MEBIBYTE"]
    assert "body_limit: int = MEBIBYTE" in SHARED.read_text(encoding="utf-8")
    assert own == BODY_LIMIT, f"{SHARED.name} has {own}, constructs_lib/model.py has BODY_LIMIT = {BODY_LIMIT}"


@pytest.mark.parametrize("name", [one.name for one in SERVICES])
def test_route_has_the_services_largest_limit(name: str) -> None:
    """A smaller one would refuse what the service documents, with a page of the controller's."""
    route = CATALOGUE.component(name).route
    path = entry_points(name)
    own = max((BODY_LIMIT, *limits(path)))
    assert route
    assert route.body_limit == own, f"{path} takes {own} bytes, the route in components.py has {route.body_limit}"


def test_ingresses_let_it_through() -> None:
    """The limit is an annotation of a whole Ingress: the largest of its services."""
    wanted: dict[str, int] = {}
    for one in SERVICES:
        assert one.route
        wanted[one.name] = one.route.body_limit
    seen = set()
    for ingress in (one for one in manifests(ROOT / "dist/edge") if one["kind"] == "Ingress"):
        (rule,) = ingress["spec"]["rules"]
        behind = {path["backend"]["service"]["name"] for path in rule["http"]["paths"]}
        largest = max(wanted[name] for name in behind)
        annotations = ingress["metadata"]["annotations"]
        assert int(annotations[KEY]) == largest
        # What is written to the controller's disk first would fill it.
        assert (annotations.get("nginx.ingress.kubernetes.io/proxy-request-buffering") == "off") is (
            largest > BODY_LIMIT
        )
        seen |= behind
    assert seen == set(wanted)


def test_gateway_does_not_end_uploads() -> None:
    """The standard has no limit of bodies; a controller's timeout of whole requests would be one for large ones."""
    routes = [one for one in manifests(ROOT / "dist/traits/gateway-api") if one["kind"] == "HTTPRoute"]
    unbounded = {
        route["metadata"]["name"]
        for route in routes
        for rule in route["spec"]["rules"]
        if rule.get("timeouts") == {"request": "0s"}
    }
    assert unbounded == {one.name for one in SERVICES if one.route and one.route.body_limit > BODY_LIMIT}
