"""Names that no Python package of a service can have."""

import sys
from collections.abc import Iterator
from importlib.util import find_spec
from keyword import iskeyword
from pathlib import Path

from chatdb.repository import ROOT
from constructs_lib.problem import Problem
from constructs_lib.resolve.problems.names import NAME

SERVICES = ROOT / "services"


def problems(name: str) -> Iterator[Problem]:
    """Why services/<name> cannot have a package of the same name."""
    package = name.replace("-", "_")
    where, fix = f"NAME {name}", "choose another name: the service's Python package is called like it"
    if iskeyword(package):
        yield Problem(where, f"{package} is a keyword of Python", fix)
    elif package in sys.stdlib_module_names:
        yield Problem(where, f"{package} is a module of Python's standard library", fix)
    elif NAME.fullmatch(name) and (_installed(package) or package in _packages(SERVICES)):
        yield Problem(where, f"{package} is a package that is there already", fix)


def _installed(package: str) -> bool:
    """Whether Python finds it, here or among what is installed; a folder without modules does not count."""
    spec = find_spec(package)
    return spec is not None and spec.origin is not None


def _packages(services: Path) -> set[str]:
    """Those of the services, and of what their requirements install."""
    own = {path.parent.name for path in services.glob("*/*/__init__.py")}
    locked = {
        line.partition("==")[0].partition("[")[0].strip().lower().replace("-", "_")
        for path in services.glob("*/requirements.lock")
        for line in path.read_text(encoding="utf-8").splitlines()
        if "==" in line and not line.startswith((" ", "#"))
    }
    return own | locked
