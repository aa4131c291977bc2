"""argocd/install on the upstream manifests of the Go module: the remote base is the same files at the same tag."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalogue.machines import MACHINES
from constructs_lib.footprint import Footprint, pod
from constructs_lib.pods import pod_spec
from tests.argo_cd_install import SEEN_SECONDS, UPSTREAM, built_install
from tests.e2e.argo_cd import FROM_CONFIG
from tests.repository import ROOT


@pytest.fixture(scope="module")
def install(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What the install gives, with the remote base taken from the module."""
    return built_install(tmp_path_factory.mktemp("argo-cd"), ROOT / ".tools/argo-cd")


def test_one_version_of_argo_cd() -> None:
    """The install, its definitions, and what the tests of the order run are the same."""
    installed = re.search(re.escape(UPSTREAM) + r"(\S+)", (ROOT / "argocd/install/kustomization.yaml").read_text())
    assert installed
    for module in ("schemas", "cluster"):
        match = re.search(r"argo-cd/v3 (v\S+)", (ROOT / f"tools/go/{module}/go.mod").read_text())
        assert match
        assert match[1] == installed[1], module


def test_gate_is_configured(install: list[dict[str, Any]]) -> None:
    """argocd-cm holds the file's text, and opens the libraries that it uses."""
    (config,) = [m["data"] for m in install if m["metadata"]["name"] == "argocd-cm"]
    gate = (ROOT / "argocd/install/gate.lua").read_text()
    assert config["resource.customizations.health.argoproj.io_Application"] == gate
    assert config["resource.customizations.useOpenLibs.argoproj.io_Application"] == "true"


def test_push_is_seen_within_what_is_documented(install: list[dict[str, Any]]) -> None:
    """Upstream's times add up to five minutes; the parts take ours, and the page has their sum."""
    (config,) = [m["data"] for m in install if m["metadata"]["name"] == "argocd-cm"]
    assert config.keys() >= set(FROM_CONFIG.values())
    for name, keys in (("argocd-application-controller", FROM_CONFIG), ("argocd-repo-server", [*FROM_CONFIG][:1])):
        (workload,) = [m for m in install if m["metadata"]["name"] == name and pod_spec(m)]
        (container,) = (pod_spec(workload) or {})["containers"]
        taken = {one["name"]: one.get("valueFrom", {}).get("configMapKeyRef") for one in container["env"]}
        for key in keys:
            assert taken[key] == {"name": "argocd-cm", "key": FROM_CONFIG[key], "optional": True}
    assert SEEN_SECONDS <= 90
    assert f"within {SEEN_SECONDS} s" in (ROOT / "docs/reliability.md").read_text()


def test_requests_are_those_of_the_capacity_check(install: list[dict[str, Any]]) -> None:
    """What the ledger says of Argo CD is what its pods ask for; every container has limits."""
    workloads = [m for m in install if pod_spec(m)]
    total = sum((pod(m).times(m["spec"].get("replicas", 1)) for m in workloads), Footprint())
    (share,) = [s for s in MACHINES["minikube"].system if s.name == "Argo CD"]
    assert (total.cpu, total.memory) == (share.cpu, share.memory)
    for workload in workloads:
        spec = pod_spec(workload) or {}
        for container in [*spec.get("initContainers", []), *spec["containers"]]:
            assert container["resources"]["limits"].keys() == {"cpu", "memory"}, container["name"]


def test_everything_is_in_its_namespace(install: list[dict[str, Any]]) -> None:
    """Nothing lands in default."""
    cluster = {"ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition", "Namespace"}
    assert {m["metadata"].get("namespace") for m in install if m["kind"] not in cluster} == {"argocd"}


def test_remote_base_is_the_only_one() -> None:
    """No other kustomization of the repository needs a network."""
    files: list[Path] = [*ROOT.glob("overlays/**/kustomization.yaml"), *ROOT.glob("dist/**/kustomization.yaml")]
    assert files
    read = {path: yaml.safe_load(path.read_text(encoding="utf-8")) for path in files}
    lists = ("resources", "components")
    listed = [name for content in read.values() for key in lists for name in content.get(key) or []]
    assert [name for name in listed if "://" in name] == []
