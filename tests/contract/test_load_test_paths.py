"""The load test asks for the host and the paths of the catalogue."""

import re

from catalogue.components import CATALOGUE, HOST
from constructs_lib.routes import rewritten
from tests.contract.sources import assigned
from tests.repository import ROOT

LOCUSTFILE = "catalogue/files/locust-master/locustfile.py"


def test_host() -> None:
    """The load test sends the host of the Ingress."""
    own = assigned(LOCUSTFILE, "HOST_NAME")
    assert own == HOST, f"{LOCUSTFILE} has host {own!r}, catalogue/components.py has {HOST!r}"


def test_paths_of_the_load_test() -> None:
    """Each path that the load test asks for is routed to a service."""
    paths = re.findall(r'self\.client\.\w+\(\s*"(/[^"]*)"', (ROOT / LOCUSTFILE).read_text())
    assert paths
    lost = [path for path in paths if not any(rewritten(component, path) for component in CATALOGUE.components)]
    assert lost == [], f"{LOCUSTFILE} asks for {lost}, which no route of the catalogue's entries leads to"
