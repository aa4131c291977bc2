"""CONTRIBUTING.md: the route of one dependency names code that exists, and files that have its results."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.repository import ROOT, manifests

SECTION = (
    (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("\n## How one dependency")[2].partition("\n## ")[0]
)
ROWS = [line for line in SECTION.splitlines() if line.startswith("| ")][1:]
NAMED = re.findall(r"`([\w/.]+\.py)::([\w.]+)`", SECTION)
PROCESSING = ROOT / "dist/processing"
POLICIES = {("chatdb-services", "ml-engine-to-model-registry"), ("chatdb-services", "model-registry-from-ml-engine")}


def names(path: Path) -> Iterator[str]:
    """What a module defines at its top, and the methods of its classes as <class>.<method>."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        if isinstance(node, ast.ClassDef):
            yield from (f"{node.name}.{part.name}" for part in node.body if isinstance(part, ast.FunctionDef))
        if isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))


def the(folder: Path, kind: str, name: str) -> dict[str, Any]:
    """The one object of that kind and name below the folder."""
    (manifest,) = (one for one in manifests(folder) if (one["kind"], one["metadata"]["name"]) == (kind, name))
    return manifest


def test_route_has_ten_steps() -> None:
    """Each names a file and a function."""
    assert len(ROWS) == 10
    assert [row for row in ROWS if not re.search(r"`[\w/.]+\.py::", row)] == []


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_named_code_exists(file: str, name: str) -> None:
    """A function that is moved or renamed takes its line along."""
    assert name in names(ROOT / file)


def test_named_results_exist() -> None:
    """Every file of the last column."""
    paths = re.findall(r"`((?:dist|overlays|argocd)/[\w/.-]+)`", SECTION)
    assert len(set(paths)) >= 5
    assert [path for path in paths if not (ROOT / path).is_file()] == []


def test_results_are_as_written() -> None:
    """The variable, both policies, the scrape targets and the matrix are in the files of their rows."""
    config = the(PROCESSING, "ConfigMap", "ml-engine-config")
    assert config["data"]["MODEL_REGISTRY_URL"] == "http://model-registry.chatdb-services.svc.cluster.local:8004"
    policies = [one for one in manifests(PROCESSING) if one["kind"] == "NetworkPolicy"]
    owned = [one["metadata"] for one in policies if one["metadata"]["labels"].get("chatdb.io/owner") == "ml-engine"]
    assert {(one["namespace"], one["name"]) for one in owned} >= POLICIES
    scraped = the(ROOT / "dist/monitoring", "ConfigMap", "prometheus-config")["data"]["prometheus.yml"]
    assert re.search(r"- model-registry\.chatdb-services:8004\n", scraped)
    assert re.search(r"- ml-engine\.chatdb-services:8003\n", scraped)
    tests = the(ROOT / "overlays/minikube/testing/generated", "ConfigMap", "integration-tests-matrix")
    matrix = json.loads(tests["data"]["matrix.json"])
    assert "model-registry" in matrix["services"]["ml-engine"]["needs"]
