"""A service starts from what its image would hold: the files that its Dockerfile copies, and its locked packages."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from repository import PLATFORM
from sandbox import (
    ROOT,
    assembled,
    check_refuses,
    check_restricted,
    check_stops,
    dockerfile,
    need_sandbox,
    started,
    system,
)

SERVICES = [one.name for one in PLATFORM.components if one.type == "microservice"]
JOBS = [one.name for one in PLATFORM.components if one.image == one.name and not one.ports]
SMALLEST = "test-service"
"""Its packages are installed from its own lock; the others get the environment of all services' locks."""
INSTALL_SECONDS = 300


def test_the_smallest_with_its_own_packages(tmp_path: Path) -> None:
    """The Dockerfile's own line installs them, by hash and without building any; then the service runs and ends."""
    need_sandbox()
    root = assembled(SMALLEST, tmp_path)
    (line,) = re.findall(r"^RUN (python -m venv.*)$", dockerfile(SMALLEST), re.MULTILINE)
    line = re.sub(r" (/venv|/tmp)", rf" {root}\1", line)
    # Whatever else is set tells pip where this machine finds packages.
    env_vars = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    subprocess.run(["sh", "-euc", line], stdout=subprocess.DEVNULL, env=env_vars, timeout=INSTALL_SECONDS, check=True)
    (tmp_path / "run").mkdir()
    with started(SMALLEST, root, system(), tmp_path / "run") as (server, _):
        check_restricted(server)
        check_stops(server)


@pytest.mark.parametrize("name", JOBS)
def test_jobs(name: str, tmp_path: Path) -> None:
    """A Job's image runs from what is copied; what it does on a platform is tested in tests/local."""
    need_sandbox()
    check_refuses(name, assembled(name, tmp_path), system() | {"/venv": (ROOT / ".tools/services").resolve()})


@pytest.mark.parametrize("name", [name for name in SERVICES if name != SMALLEST])
def test_the_others(name: str, tmp_path: Path) -> None:
    """Nothing of the repository is there but what is copied; another test finds each import in the lock."""
    need_sandbox()
    root = assembled(name, tmp_path)
    mounts = system() | {"/venv": (ROOT / ".tools/services").resolve()}
    (tmp_path / "run").mkdir()
    with started(name, root, mounts, tmp_path / "run") as (server, _):
        check_restricted(server)
        check_stops(server)
