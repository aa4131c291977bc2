"""A stop loses nothing."""

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from repository import ROOT

from constructs_lib.catalogue.components import CATALOGUE
from constructs_lib.local.parts import Part
from constructs_lib.local.platform import Platform
from constructs_lib.local.processes import Server, scratch_folder, wait_for
from constructs_lib.local.site import make_site

LONG, SHORT = 30, 1


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder for logs."""
    with scratch_folder() as made:
        yield made


def test_stop_gives_the_grace_period(folder: Path) -> None:
    """A service has as long to end as its pod has, and no longer: the one says a last word, the other is killed."""
    scripts = {LONG: "trap 'sleep 2; echo bye; exit' TERM; echo up", SHORT: "trap '' TERM; echo up"}
    parts = {}
    for seconds, script in scripts.items():
        component = replace(CATALOGUE.component("ml-engine"), name=f"grace-{seconds}", grace_period=seconds)
        command = ["sh", "-c", f"{script}; while :; do sleep 0.05; done"]
        server = Server(component.name, command, folder / component.name, {"PATH": os.defpath})
        parts[component.name] = Part(component=component, server=server, ready=lambda: True)
    site = make_site(CATALOGUE, ROOT, folder, ())
    found = Platform(site=site, parts=parts)
    for name, part in parts.items():
        found.start(name)
        wait_for(f"{name} is up", LONG, lambda part=part: part.server.last_lines(1) == "up")
    begin = time.monotonic()
    found.stop()
    assert SHORT < time.monotonic() - begin < LONG / 2
    assert [part.server.last_lines(2) for part in parts.values()] == ["up\nbye", "up"]
