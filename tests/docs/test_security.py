"""The security page: what it names exists, and what it claims of the manifests is so."""

import re
from typing import Any

import pytest

from constructs_lib.checks.model import Inputs
from constructs_lib.checks.rules import RULES
from tests.repository import ROOT, manifests
from tools import scores

TEXT = (ROOT / scores.PAGE).read_text(encoding="utf-8")
CONTROLS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in TEXT.splitlines()
    if re.match(r"\| C-\d{4} ", line)
]
NUMBERS = (2, 5, 12, 13, 16, 17, 30, 34, 35, 38, 41, 44, 46, 54, 55, 57, 58, 59, 66, 67, 68, 69, 70, 270, 271)


def test_every_control_is_there_once() -> None:
    """The guidance's 25, in its order, each held or the cluster's, and counted right."""
    assert [row[0] for row in CONTROLS] == [f"C-{number:04}" for number in NUMBERS]
    states = [row[2] for row in CONTROLS]
    assert set(states) == {"held", "cluster"}
    counts = f"{states.count('held')} are held and {states.count('cluster')} are the cluster's"
    assert f"Of {len(NUMBERS)} controls, {counts}" in TEXT


def test_every_rule_exists() -> None:
    """A rule that is renamed would leave a promise behind."""
    named = set(re.findall(r"\[`([^`]+)`\]\(rules\.md\)", TEXT))
    assert len(named) > 5
    assert named - {rule.id for rule in RULES} == set()


def test_every_path_exists() -> None:
    """Files and folders, but for those that the set-up makes."""
    named = {path for path in re.findall(r"`([a-z_]+/[a-zA-Z0-9_./-]+)`", TEXT) if path != "pods/exec"}
    assert len(named) > 5
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("row", [row for row in CONTROLS if row[2] == "held"], ids=lambda row: row[0])
def test_what_is_held_names_its_holder(row: list[str]) -> None:
    """A rule of ours, or the file that writes it."""
    assert re.search(r"\(rules\.md\)|`constructs_lib/", row[3])


def test_versions_of_the_scanners_are_the_locked_ones() -> None:
    """The figures are those of these versions."""
    assert re.search(r"zegl/kube-score v1\.20\.0\b", (ROOT / "tools/go/kube-score/go.mod").read_text())
    assert re.search(r"^checkov==3\.3\.30 ", (ROOT / "requirements/scan.lock").read_text(), re.MULTILINE)
    assert "kube-score 1.20.0 and checkov 3.3.30" in TEXT


def test_no_role_lets_anybody_in(rendered: Inputs) -> None:
    """C-0002 and C-0035: no commands in containers, no wildcard, nothing of cluster scope."""
    roles = list(rendered.of("Role"))
    assert roles
    for role in roles:
        for rule in role.manifest["rules"]:
            words = {word for words in rule.values() for word in words}
            assert not words & {"*", "pods/exec", "pods/attach", "escalate", "bind", "impersonate"}, role.where
    assert list(rendered.of("ClusterRole", "ClusterRoleBinding")) == []


def mounts(workload: Any) -> list[dict[str, Any]]:
    """The mounts of all containers of an object."""
    return [mount for container in workload.containers for mount in container.get("volumeMounts", [])]


def test_no_sub_path(rendered: Inputs) -> None:
    """C-0058: a link inside the volume cannot lead out of it."""
    all_mounts = [mount for workload in rendered.workloads() for mount in mounts(workload)]
    assert all_mounts
    assert [mount for mount in all_mounts if {"subPath", "subPathExpr"} & set(mount)] == []


def test_no_snippets() -> None:
    """C-0059: no annotation carries configuration for nginx."""
    ingresses = [m for m in manifests() if m["kind"] == "Ingress"]
    assert ingresses
    assert [key for m in ingresses for key in m["metadata"]["annotations"] if "snippet" in key] == []


def test_namespaces_enforce_pod_security(rendered: Inputs) -> None:
    """C-0068: the API server refuses what the rule would have found."""
    label_sets = [namespace.manifest["metadata"]["labels"] for namespace in rendered.of("Namespace")]
    assert label_sets
    assert {labels.get("pod-security.kubernetes.io/enforce") for labels in label_sets} == {"restricted"}
