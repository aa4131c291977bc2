"""What an environment has proven, by the answers of a cluster: a commit, or each reason why there is none."""

import json
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from catalogue.components import CATALOGUE
from chatdb.deploy.kubectl import Kubectl, KubectlError, Manifest
from chatdb.deploy.proven import pinned, proven
from constructs_lib.problem import InvalidInput
from constructs_lib.settings import read_settings
from tests.repository import ROOT

COMMIT, OTHER = "ab" * 20, "cd" * 20
SETTINGS = replace(read_settings(ROOT, CATALOGUE, "minikube"), environment="staging", tiers=("core", "edge"))
RELEASE = "run `chatdb release -e staging`, push it, and wait until it is Healthy"


def application(name: str, revision: str) -> Manifest:
    """An Application that is Synced and Healthy, with nothing under way."""
    status = {
        "sync": {"status": "Synced", "revision": revision},
        "health": {"status": "Healthy"},
        "operationState": {"phase": "Succeeded"},
    }
    return {"metadata": {"name": name}, "spec": {"source": {"repoURL": SETTINGS.repository}}, "status": status}


@dataclass(frozen=True)
class Cluster(Kubectl):
    """A cluster that has a ConfigMap and Applications; the root is at another commit than the tiers."""

    data: dict[str, str] | None = field(default_factory=lambda: dict.fromkeys(SETTINGS.tiers, COMMIT))
    applications: dict[str, Manifest] = field(
        default_factory=lambda: {
            "chatdb": application("chatdb", OTHER),
            **{f"chatdb-{tier}": application(f"chatdb-{tier}", COMMIT) for tier in SETTINGS.tiers},
        }
    )

    def run(self, *arguments: str, **_options: object) -> str:
        """What kubectl prints for the ConfigMap, which is nothing where there is none, and for Applications."""
        if arguments[1] == "configmap":
            assert arguments[2:4] == ("chatdb-released", "--namespace=argocd")
            return "" if self.data is None else json.dumps({"kind": "ConfigMap", "data": self.data})
        return json.dumps({"items": [*self.applications.values()]})


def refusal(cluster: Kubectl) -> str:
    """Why there is no commit."""
    with pytest.raises(InvalidInput) as refused:
        proven(cluster, SETTINGS)
    return str(refused.value)


def test_all_run_it() -> None:
    """The commit of the ConfigMap, which the root is not at."""
    assert proven(Cluster(), SETTINGS) == COMMIT


STATES: dict[str, tuple[dict[str, Any], str]] = {
    "moving": ({"sync": {"revision": OTHER}}, f"Synced and Healthy at {OTHER[:12]}, not at {COMMIT[:12]}"),
    "degraded": ({"health": {"status": "Degraded"}}, "Synced and Degraded"),
    "out-of-sync": ({"sync": {"status": "OutOfSync"}}, "OutOfSync and Healthy"),
    "unknown": ({"sync": {"status": ""}}, "not compared with the repository yet"),
    "under-way": ({"operationState": {"phase": "Running"}}, "Synced and Healthy; an operation is under way"),
    "failed": ({"operationState": {"phase": "Failed", "message": "no right"}}, "Synced and Healthy; no right"),
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("name", ["chatdb", "chatdb-core"])
def test_state_of_an_application(name: str, state: str) -> None:
    """It is named with what it is; the root's own commit does not count."""
    cluster, (status, words) = Cluster(), STATES[state]
    for key, values in status.items():
        cluster.applications[name]["status"][key].update(values)
    if (name, state) == ("chatdb", "moving"):
        assert proven(cluster, SETTINGS) == COMMIT
        return
    fix = f"wait until it is Healthy on {COMMIT[:12]}; see `kubectl describe application -n argocd {name}`"
    assert refusal(cluster) == f"Application {name}: {words}; {fix}"


def test_all_applications_are_named() -> None:
    """Those that are missing, that are another's, and that have no source at all."""
    cluster = Cluster()
    del cluster.applications["chatdb-core"]
    cluster.applications["chatdb"]["spec"]["source"]["repoURL"] = "https://git.example/other.git"
    cluster.applications["chatdb-edge"]["spec"] = {}
    root, core, edge = refusal(cluster).splitlines()
    assert f"it is deployed from https://git.example/other.git, not from {SETTINGS.repository}" in root
    assert core.startswith("Application chatdb-core: there is no such Application; ")
    assert edge.startswith("Application chatdb-edge: it is deployed from None")


def test_config_map() -> None:
    """It is missing, has other tiers or none, names a branch, or several commits."""
    where = "ConfigMap chatdb-released"
    fix = "name the cluster that Argo CD runs in with --context, or wait until the first rollout has ended"
    assert refusal(Cluster("mine", None)) == f"{where}: is not in namespace argocd of context mine; {fix}"
    answers = {
        "has the tiers none, not core, edge": {},
        "has the tiers core, not core, edge": {"core": COMMIT},
        "has the tiers core, edge, testing, not core, edge": dict.fromkeys(("core", "edge", "testing"), COMMIT),
        "edge of staging is pinned to no commit: it was never released": {"core": COMMIT, "edge": "main"},
        f"the tiers are pinned to different commits: core {COMMIT[:12]}, edge {OTHER[:12]}": {
            "core": COMMIT,
            "edge": OTHER,
        },
    }
    for words, data in answers.items():
        assert refusal(Cluster("mine", data)) == f"{where}: {words}; {RELEASE}"


def test_pins() -> None:
    """The same of the file, without a cluster."""
    pins = tuple(dict.fromkeys(("core", "edge", "testing"), COMMIT).items())
    assert pinned(replace(SETTINGS, pins=pins)) == COMMIT
    with pytest.raises(InvalidInput, match=r"pins/staging.yaml: edge of staging is pinned to no commit"):
        pinned(replace(SETTINGS, pins=pins[:1]))


class Silent(Kubectl):
    """A cluster that does not answer."""

    def run(self, *arguments: str, **_options: object) -> str:
        """Kubectl's words."""
        raise KubectlError(arguments[0], "Unable to connect to the server")


class Chatty(Kubectl):
    """A kubectl that prints something else."""

    def run(self, *_arguments: str, **_options: object) -> str:
        """What a wrapper of kubectl says before it."""
        return "logged in\n{}"


def test_no_answer() -> None:
    """In kubectl's words, or what it has printed."""
    assert refusal(Silent()).startswith("kubectl get: Unable to connect to the server; ")
    assert refusal(Chatty()).startswith("kubectl get: its output is not JSON: logged in {}; ")
