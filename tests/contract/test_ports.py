"""A service's own port, its image's and the catalogue's are the same."""

import re

import pytest

from catalogue.components import CATALOGUE
from tests.contract.sources import assigned
from tests.repository import ROOT

SETTINGS = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "services").glob("*/*_*/settings.py"))
SERVICES = {path: path.split("/")[1] for path in SETTINGS if path.split("/")[1] != "common"}


@pytest.mark.parametrize("path", SERVICES)
def test_port(path: str) -> None:
    """The default of settings.py and EXPOSE of the Dockerfile are the port of the component's entry."""
    name = SERVICES[path]
    dockerfile = f"services/{name}/Dockerfile"
    catalogue = [port.number for port in CATALOGUE.component(name).ports]
    own = assigned(path, "port")
    exposed = [int(port) for port in re.findall(r"^EXPOSE (\d+)$", (ROOT / dockerfile).read_text(), re.MULTILINE)]
    assert [own] == catalogue, f"{path} has port {own}, the catalogue's entry {name} has {catalogue}"
    assert exposed == catalogue, f"{dockerfile} exposes {exposed}, the catalogue's entry {name} has {catalogue}"


def test_every_service_is_compared() -> None:
    """Every component whose image is built from a service's settings."""
    built = {path.parent.name for path in (ROOT / "services").glob("*/Dockerfile")}
    assert set(SERVICES.values()) == {name for name in built if CATALOGUE.component(name).ports}
