"""The Dockerfiles and the locks: one shape for all services, and nothing that is imported is missing in an image."""

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from catalogue.images import IMAGES

SERVICES = Path(__file__).resolve().parents[2]
DOCKERFILES = sorted(SERVICES.glob("*/Dockerfile"))
PACKAGES = sorted(path.parent for path in SERVICES.glob("*/*_*/__main__.py"))


def ids(paths: list[Path]) -> list[str]:
    """Names for the report."""
    return [path.parent.name for path in paths]


def test_every_image_has_a_dockerfile() -> None:
    """Each folder with locked requirements is one of the catalogue's images that are built here, and no other is."""
    folders = {f"services/{path.parent.name}" for path in SERVICES.glob("*/requirements.lock")}
    assert {f"services/{path.parent.name}" for path in DOCKERFILES} == folders
    assert {image.source for image in IMAGES.values() if image.source} == folders


def test_dockerfiles_differ_in_names_and_ports_only() -> None:
    """What is fixed in one is fixed in all; a Job has no port, and need not have what services share."""
    shapes = set()
    for path in DOCKERFILES:
        name = path.parent.name
        text = path.read_text().replace(name, "NAME").replace(name.replace("-", "_"), "PACKAGE")
        shapes.add(re.sub(r"^(EXPOSE \d+|COPY services/common/.*)\n", "", text, flags=re.MULTILINE))
    assert len(shapes) == 1


@pytest.mark.parametrize("path", DOCKERFILES, ids=ids(DOCKERFILES))
def test_base_is_the_catalogues(path: Path) -> None:
    """The base image is the catalogue's pinned one, and the process is the catalogue's user."""
    text = path.read_text()
    assert f"ARG PYTHON={IMAGES['python'].reference}\n" in text
    assert re.findall("^FROM .*", text, re.MULTILINE) == ["FROM ${PYTHON} AS build", "FROM ${PYTHON}"]
    assert "USER 10001:10001" in text
    assert "HEALTHCHECK" not in text


@pytest.mark.parametrize("package", PACKAGES, ids=ids(PACKAGES))
def test_what_is_shared_is_copied_where_it_is_imported(package: Path) -> None:
    """An image has it if a module of its package asks for it."""
    asks = any(module.startswith("chatdb_common") for path in package.rglob("*.py") for module in imported(path))
    assert ("COPY services/common/chatdb_common " in (package.parent / "Dockerfile").read_text()) is asks


@pytest.mark.parametrize("package", PACKAGES, ids=ids(PACKAGES))
def test_lock_has_all_that_is_imported(package: Path) -> None:
    """Whatever a service's modules import, by way of the shared ones too, is in its own lock."""
    locked = {_normal(name) for name in re.findall(r"^([A-Za-z0-9._-]+)==", _lock(package), re.MULTILINE)}
    missing = {name for name in third_party(package) if not locked & set(_distributions().get(name, ()))}
    assert missing == set()


def third_party(package: Path) -> set[str]:
    """Names of the top-level modules that the package needs from elsewhere."""
    modules: set[str] = set()
    waiting, seen = sorted(package.rglob("*.py")), set[Path]()
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        for module in imported(path):
            top, _, rest = module.partition(".")
            if top == "chatdb_common":
                waiting += _shared(rest)
            elif module.startswith("opentelemetry.instrumentation."):
                # A namespace of many distributions.
                modules.add(".".join(module.split(".")[:3]))
            elif top != package.name and top not in sys.stdlib_module_names:
                modules.add(top)
    return modules


def imported(path: Path) -> Iterator[str]:
    """Modules that a file imports when it runs; of `from a import b` both a and a.b, as b may be a module."""
    tree = ast.parse(path.read_text())
    branches = [
        node for node in ast.walk(tree) if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    unseen = {inner for branch in branches for inner in ast.walk(branch)}
    for node in ast.walk(tree):
        if node in unseen:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _shared(name: str) -> list[Path]:
    path = SERVICES / "common" / "chatdb_common" / f"{name.split('.', maxsplit=1)[0]}.py"
    return [path] if path.exists() else []


def _lock(package: Path) -> str:
    return (package.parent / "requirements.lock").read_text()


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@cache
def _distributions() -> dict[str, set[str]]:
    by_module = {module: {_normal(name) for name in names} for module, names in packages_distributions().items()}
    instrumentations = [
        name for name in by_module["opentelemetry"] if name.startswith("opentelemetry-instrumentation-")
    ]
    return by_module | {name.replace("-", "."): {name} for name in instrumentations}
