"""Services and manifests mean the same names, ports and paths: each side is read where it is, and then tried."""

import json
import subprocess
import urllib.request
from collections.abc import Iterator, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest

from chatdb.local.parts import package
from chatdb.local.platform import Platform, local_components
from chatdb.local.processes import Server, free_ports, wait_for
from tests.repository import PLATFORM, ROOT, manifests

SERVICES = [one.name for one in local_components(PLATFORM, ROOT) if one.type == "microservice"]
OWN = {"HOST", "PORT"}
"""What a service may be told besides: where it listens; it has defaults that fit its image."""
SECONDS = 120
# Prints what the service's settings read: names, whether they must be there, and the port that they choose themselves.
READ = """
import importlib, json, sys
settings = importlib.import_module(sys.argv[1] + ".settings").Settings
print(json.dumps({"names": settings.variables(), "port": settings.model_fields["port"].default}))
"""


@cache
def rendered(name: str) -> tuple[dict[str, Any], dict[str, str], set[str]]:
    """The service's container, its ConfigMap and the keys of its Secret, all as in dist/."""
    objects = {(m["kind"], m["metadata"]["name"]): m for m in manifests()}
    (container,) = objects["Deployment", name]["spec"]["template"]["spec"]["containers"]
    secret = {one["name"] for one in container.get("env", ()) if "secretKeyRef" in one.get("valueFrom", {})}
    configs = [objects["ConfigMap", one["configMapRef"]["name"]]["data"] for one in container.get("envFrom", ())]
    return container, {key: value for config in configs for key, value in config.items()}, secret


@cache
def read_by(name: str) -> Mapping[str, Any]:
    """What the service's settings read, as it says itself."""
    line = [str(ROOT / ".tools/services/bin/python"), "-c", READ, package(PLATFORM.component(name))]
    return dict(json.loads(subprocess.run(line, capture_output=True, text=True, timeout=SECONDS, check=True).stdout))


@pytest.mark.parametrize("name", SERVICES)
def test_names(running: Platform, name: str) -> None:
    """The service reads all that dist/ gives, and asks for nothing else."""
    container, config, secret = rendered(name)
    given = {*config, *secret}
    assert {one["name"] for one in container.get("env", ())} == secret
    assert set(read_by(name)["names"]) == given | OWN
    assert not any(read_by(name)["names"][own] for own in OWN)


@pytest.fixture(scope="module", params=SERVICES)
def alone(request: pytest.FixtureRequest, running: Platform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One more process of the service, with what dist/ gives and nothing else; where it answers."""
    folder = tmp_path_factory.mktemp(request.param)
    server, address = started(running, request.param, folder)
    try:
        yield address
    finally:
        server.stop()


def started(running: Platform, name: str, folder: Path) -> tuple[Server, str]:
    """The process and its address, once it answers at all."""
    _, config, secret = rendered(name)
    told = running.site.told(PLATFORM.component(name))
    own, nobody = free_ports(2)
    # Nothing listens where the telemetry goes, as in a platform without its tier.
    given = {key: told.get(key, f"http://127.0.0.1:{nobody}") for key in {*config, *secret}}
    env_vars = given | {"HOST": "127.0.0.1", "PORT": str(own), "PATH": "/usr/bin:/bin", "TMPDIR": str(folder)}
    command = [str(ROOT / ".tools/services/bin/python"), "-m", package(PLATFORM.component(name))]
    server = Server(name, command, folder / "log", env_vars)
    server.start()
    address = f"http://127.0.0.1:{own}"
    try:
        wait_for(f"{name} answers", SECONDS, lambda: answer(address, "/health") or server.status() is not None)
    except TimeoutError:
        server.stop()
        raise
    return server, address


def answer(address: str, path: str) -> str | None:
    """What the service says there; None where that is an error, or nothing."""
    try:
        with urllib.request.urlopen(address + path, timeout=10) as response:
            return str(response.read().decode())
    except OSError:
        return None


def answers(address: str, path: str) -> bool:
    """Whether there is an answer, even an empty one."""
    return answer(address, path) is not None


def test_paths(alone: str, request: pytest.FixtureRequest) -> None:
    """Each probe of dist/ is answered, and Prometheus finds metrics where the annotation says."""
    name = request.node.callspec.params["alone"]
    container, _, _ = rendered(name)
    for probe in ("livenessProbe", "startupProbe", "readinessProbe"):
        path = container[probe]["httpGet"]["path"]
        wait_for(f"{name} answers {path}", SECONDS, partial(answers, alone, path))
    metrics = answer(alone, annotations(name)["prometheus.io/path"])
    assert metrics and "# TYPE " in metrics
    assert "<html" in (answer(alone, "/docs") or "").lower()


@pytest.mark.parametrize("name", SERVICES)
def test_port(running: Platform, name: str) -> None:
    """The port that the service chooses itself is the one of its container, of its probes and of the scrape."""
    container, _, _ = rendered(name)
    port = read_by(name)["port"]
    assert [one["containerPort"] for one in container["ports"]] == [port]
    assert {container[probe]["httpGet"]["port"] for probe in ("livenessProbe", "readinessProbe")} == {port}
    assert annotations(name)["prometheus.io/port"] == str(port)


def annotations(name: str) -> dict[str, str]:
    """The annotations of the service's pods."""
    objects = {(m["kind"], m["metadata"]["name"]): m for m in manifests()}
    return dict(objects["Deployment", name]["spec"]["template"]["metadata"]["annotations"])
