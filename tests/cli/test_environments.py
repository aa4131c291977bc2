"""A repository with two environments: what each command does without `-e`, and with it."""

from pathlib import Path

import pytest
import yaml

from tests.command import invoke
from tests.repository import texts

TWO = ("minikube", "staging")
CHECKED = ("check", "--rule", "overlays", "--rule", "project", "--rule", "order")


@pytest.fixture
def two(repository: Path) -> Path:
    """The second one is on a cluster of its own, and has no machine."""
    overlay = repository / "overlays/staging"
    for path in sorted((repository / "overlays/minikube").glob("*/*.yaml")):
        (overlay / path.parent.name).mkdir(parents=True, exist_ok=True)
        (overlay / path.parent.name / path.name).write_bytes(path.read_bytes())
    settings = yaml.safe_load((repository / "chatdb.yaml").read_text())
    settings["environments"]["staging"] = {"revision": "next", "cluster": "https://staging.example:6443"}
    (repository / "chatdb.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))
    invoke("synth")
    return repository


def test_all_are_generated(two: Path) -> None:
    """Each has Applications of its own names, and a project that allows its own cluster alone; minikube keeps its."""
    for environment, name in zip(TWO, ("chatdb", "chatdb-staging"), strict=True):
        projects = list(yaml.safe_load_all((two / f"argocd/{environment}/projects.yaml").read_text()))
        assert [one["metadata"]["name"] for one in projects] == [f"{name}-root", f"{name}-platform"]
        core = yaml.safe_load((two / f"argocd/{environment}/apps/core.yaml").read_text())
        assert (core["metadata"]["name"], core["spec"]["project"]) == (f"{name}-core", f"{name}-platform")
        (server,) = {one["server"] for one in projects[1]["spec"]["destinations"]}
        assert core["spec"]["destination"]["server"] == server
        assert projects[0]["spec"]["destinations"][0]["server"] == "https://kubernetes.default.svc"
        released = yaml.safe_load((two / f"argocd/{environment}/apps/released.yaml").read_text())
        assert released["metadata"]["name"] == f"{name}-released"
    assert server == "https://staging.example:6443"
    assert invoke("check").endswith(" 0 findings\n")


def test_synth_of_one(two: Path) -> None:
    """Only its files are written; the next run without a name writes the others."""
    for environment in TWO:
        (two / f"argocd/{environment}/root.yaml").write_text("stale")
    minikube = texts(two / "argocd/minikube")
    assert invoke("synth", "--check", "-e", "staging", code=1).startswith("argocd/staging/root.yaml: not what")
    assert invoke("synth", "-e", "staging") == "changed: argocd/staging\n"
    assert texts(two / "argocd/minikube") == minikube
    assert invoke("synth") == "changed: argocd/minikube\n"


def test_check_says_where(two: Path) -> None:
    """A finding of one environment names it; -e looks at one alone."""
    (two / "overlays/staging/core/lost.yaml").write_text("a: 1\n")
    finding = "[overlays] overlays/staging/core/lost.yaml: its kustomization does not list it"
    assert f"staging: {finding}" in invoke(*CHECKED, code=1)
    assert invoke(*CHECKED, "-e", "staging", code=1).startswith(finding)
    invoke(*CHECKED, "-e", "minikube")


@pytest.mark.parametrize("command", ["capacity", "cleanup", "deploy", "health", "release", "rollback"])
def test_one_has_to_be_named(two: Path, command: str) -> None:
    """What works on one environment lists them where none is named, and where there is no such one."""
    assert "there are 2 environments; choose one of them with -e: minikube, staging" in invoke(command, code=2)
    assert "unknown environment 'nope'. Use one of: minikube, staging" in invoke(command, "-e", "nope", code=2)


def test_unknown_environment(two: Path) -> None:
    """Commands that work on all say so, too."""
    for command in ("synth", "check"):
        assert "unknown environment 'nope'" in invoke(command, "-e", "nope", code=2)


def test_cluster_commands_use_its_names(two: Path) -> None:
    """Nothing of another environment is deleted or applied: they may be in one Argo CD."""
    lines = invoke("cleanup", "--dry-run", "-e", "staging").splitlines()
    in_argo_cd = [line for line in lines if "--namespace=argocd" in line]
    assert len(in_argo_cd) == 3
    assert "chatdb-staging-platform" in in_argo_cd[2]
    assert all(word.startswith("chatdb-staging") for line in in_argo_cd for word in line.split() if "chatdb" in word)
    assert "argoproj.io chatdb --namespace" in invoke("cleanup", "--dry-run", "-e", "minikube").splitlines()[0]
    deploy = invoke("deploy", "--argocd", "--dry-run", "-e", "staging")
    assert "cat argocd/staging/projects.yaml argocd/staging/root.yaml" in deploy
    assert "overlays/staging/core" in invoke("deploy", "--dry-run", "-e", "staging")
