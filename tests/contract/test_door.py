"""Files that name the platform's host and the prefix of its API name the catalogue's."""

import re

import pytest
from repository import ROOT
from sources import assigned

from constructs_lib.catalogue.components import CATALOGUE
from constructs_lib.catalogue.model import Component
from constructs_lib.catalogue.routes import API_PREFIX, HOST, rewritten

LOCUSTFILE = "constructs_lib/components/files/locust/locustfile.py"
REQUEST = "constructs_lib/new_service/request.py"


def test_host() -> None:
    """The load test sends the host of the Ingress."""
    own = assigned(LOCUSTFILE, "HOST_NAME")
    assert own == HOST, f"{LOCUSTFILE} has host {own!r}, the catalogue's routes.py has {HOST!r}"


def test_prefix_of_new_services() -> None:
    """A new service gets the prefix of the others."""
    own = assigned(REQUEST, "PREFIX")
    assert own == API_PREFIX, f"{REQUEST} has prefix {own!r}, the catalogue's routes.py has {API_PREFIX!r}"


@pytest.mark.parametrize("component", [one for one in CATALOGUE.components if one.route], ids=lambda one: one.name)
def test_routes(component: Component) -> None:
    """A route below the API's prefix strips all of it."""
    route = component.route
    if route and route.path.startswith("/api/"):
        said = f"the catalogue's entry {component.name} strips {route.strip!r}"
        assert route.strip == API_PREFIX, f"{said}, routes.py has the prefix {API_PREFIX!r}"


def test_paths_of_the_load_test() -> None:
    """Each path that the load test asks for is routed to a service."""
    paths = re.findall(r'self\.client\.\w+\(\s*"(/[^"]*)"', (ROOT / LOCUSTFILE).read_text())
    routes = [one.route for one in CATALOGUE.components if one.route]
    assert paths
    lost = [path for path in paths if not any(rewritten(route, path) for route in routes)]
    assert lost == [], f"{LOCUSTFILE} asks for {lost}, which no route of the catalogue's entries leads to"
