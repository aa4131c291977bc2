"""A service starts from what its image would hold: the files that its Dockerfile copies, and its locked packages."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from sandbox import ROOT, check_restricted, check_stops, dockerfile, need_sandbox, started

from constructs_lib.catalogue.components import CATALOGUE
from constructs_lib.catalogue.model import Kind
from constructs_lib.images.content import contents, copy

SERVICES = [one.name for one in CATALOGUE.components if one.kind is Kind.MICROSERVICE]
SMALLEST = "test-service"
"""Its packages are installed from its own lock; the others get the environment of all services' locks."""
SYSTEM = ("/usr", "/bin", "/lib", "/lib64", "/etc")
INSTALL_SECONDS = 300


def system() -> dict[str, Path]:
    """Stands in for the base image: this machine's programs and its Python."""
    found = {name: Path(name).resolve() for name in SYSTEM if Path(name).exists()}
    python = Path(sys.base_prefix).resolve()
    return found if python.is_relative_to("/usr") else found | {str(python): python}


def assembled(name: str, folder: Path) -> Path:
    """A root with what the Dockerfile copies, where it copies it to."""
    files = copy(contents(ROOT, f"services/{name}"), folder / "context")
    root = folder / "root"
    for source, target in re.findall(r"^COPY (services/\S+) (/\S+)$", dockerfile(name), re.MULTILINE):
        for path in (path for path in files if f"{path}/".startswith(f"{source}/")):
            place = root / f"{target}{path.removeprefix(source)}".lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(files[path].read_bytes())
    return root


def test_the_smallest_with_its_own_packages(tmp_path: Path) -> None:
    """The Dockerfile's own line installs them, by hash and without building any; then the service runs and ends."""
    need_sandbox()
    root = assembled(SMALLEST, tmp_path)
    (line,) = re.findall(r"^RUN (python -m venv.*)$", dockerfile(SMALLEST), re.MULTILINE)
    line = re.sub(r" (/venv|/tmp)", rf" {root}\1", line)
    # Whatever else is set tells pip where this machine finds packages.
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    subprocess.run(
        ["sh", "-euc", line], stdout=subprocess.DEVNULL, env=environment, timeout=INSTALL_SECONDS, check=True
    )
    (tmp_path / "run").mkdir()
    with started(SMALLEST, root, system(), tmp_path / "run") as (server, _):
        check_restricted(server)
        check_stops(server)


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
