"""What `chatdb deploy --argocd` shows while Argo CD starts, and before it has compared anything."""

import json
from dataclasses import dataclass, field, replace
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from catalogue.components import CATALOGUE
from catalogue.operators import CLOUDNATIVE_PG
from chatdb.deploy import argo_cd
from chatdb.deploy.argo_cd import Following, state
from chatdb.deploy.grace import Limits
from chatdb.deploy.kubectl import Kubectl, Manifest
from chatdb.deploy.plan import Step
from chatdb.deploy.snapshot import CLUSTER_KINDS
from chatdb.deploy.view import view
from constructs_lib.model import Operator
from constructs_lib.problem import InvalidInput
from constructs_lib.settings import read_settings
from tests.repository import ROOT

CORE = Step(tier="core", overlay="overlays/any/core", manifests=())


def workload(name: str, ready: int) -> Manifest:
    """A Deployment of Argo CD with one pod."""
    status = {"replicas": 1, "updatedReplicas": 1, "readyReplicas": ready}
    metadata = {"name": name, "namespace": "argocd"}
    return {"kind": "Deployment", "metadata": metadata, "spec": {"replicas": 1}, "status": status}


def application(name: str, sync: str = "", health: str = "", phase: str = "") -> Manifest:
    """An Application; what Argo CD does not know yet is an empty text."""
    status = {"sync": {"status": sync, "revision": "0123456789"}, "health": {"status": health}}
    spec: Manifest = {"syncPolicy": {"automated": {}}}
    return {"metadata": {"name": name}, "spec": spec, "status": status | {"operationState": {"phase": phase}}}


def namespace(name: str) -> Manifest:
    """One that exists."""
    return {"kind": "Namespace", "metadata": {"name": name}, "status": {"phase": "Active"}}


@dataclass(frozen=True)
class Cluster(Kubectl):
    """Takes all that is applied, and answers one state after the other; the last one stays."""

    workloads: list[list[Manifest]] = field(default_factory=lambda: [[]])
    applications: list[list[Manifest]] = field(default_factory=lambda: [[]])

    def run(self, *arguments: str, **_options: object) -> str:
        """The next state of the kinds that are requested; nothing of all others."""
        kinds = {
            CLUSTER_KINDS: [[namespace("argocd")]],
            argo_cd.KINDS: self.workloads,
            argo_cd.DEFINITIONS[0]: self.applications,
        }
        states = kinds.get(arguments[1], [[]])
        return json.dumps({"items": states.pop(0) if len(states) > 1 else states[0]})


def following(cluster: Cluster, text: StringIO, operators: tuple[Operator, ...] = ()) -> Following:
    """What is shown where the output is no terminal goes into the text."""
    settings, limits = read_settings(ROOT, CATALOGUE, "minikube"), Limits(wave=60, grace=60)
    with view(Console(file=text)) as tell:
        return Following(
            kubectl=cluster, settings=settings, plan=((CORE,),), operators=operators, limits=limits, tell=tell
        )


def shown(text: StringIO) -> list[str]:
    """The lines without their seconds."""
    return [line.split(" s  ")[1] for line in text.getvalue().splitlines()]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pause between two looks, and no Kustomize."""
    monkeypatch.setattr(argo_cd, "POLL", 0)
    monkeypatch.setattr(argo_cd, "_built", lambda _root, _folder: [])


def test_start_of_argo_cd_is_shown(tmp_path: Path) -> None:
    """Each workload of Argo CD: how far it is, and that it is ready."""
    steps = [[workload("repo", 0), workload("redis", 0)], [workload("repo", 0), workload("redis", 1)]]
    cluster, text = Cluster(workloads=[*steps, [workload("repo", 1), workload("redis", 1)]]), StringIO()
    following(cluster, text).install(tmp_path, tmp_path)
    assert shown(text) == [
        "argocd/repo rolling out: 0 of 1 ready",
        "argocd/redis rolling out: 0 of 1 ready",
        "argocd/redis ready",
        "argocd/repo ready",
    ]


def test_waves_are_shown_with_the_root() -> None:
    """The root is a line of its own: what keeps it from making the others is seen at once."""
    done = [application(name, "Synced", "Healthy", "Succeeded") for name in ("chatdb", "chatdb-core")]
    cluster, text = (
        Cluster(applications=[[application("chatdb")], [done[0], application("chatdb-core")], done]),
        StringIO(),
    )
    following(cluster, text).follow()
    assert shown(text) == [
        "argocd/chatdb rolling out: not compared with the repository yet",
        "argocd/chatdb ready: at 0123456",
        "core/chatdb-core rolling out: not compared with the repository yet",
        "core/chatdb-core ready: at 0123456",
    ]


def test_operators_come_first() -> None:
    """An operator's Application is shown, and the first wave waits for it: what hangs there is named."""
    tiers = [application(name, "Synced", "Healthy", "Succeeded") for name in ("chatdb", "chatdb-core")]
    operator = application("chatdb-operator-cloudnative-pg", "Synced", "Progressing", "Succeeded")
    text = StringIO()
    waiting = following(Cluster(applications=[[*tiers, operator]]), text, (CLOUDNATIVE_PG,))
    with pytest.raises(InvalidInput) as raised:
        replace(waiting, limits=Limits(wave=-1, grace=60)).follow()
    assert [problem.where for problem in raised.value.problems] == ["Application chatdb-operator-cloudnative-pg"]
    assert "argocd/chatdb-operator-cloudnative-pg rolling out: Synced and Progressing" in shown(text)


@pytest.mark.parametrize(
    ("compared", "words"),
    [
        ({}, "not compared with the repository yet"),
        (application("any"), "not compared with the repository yet"),
        (application("any", "OutOfSync"), "OutOfSync and Unknown"),
        (application("any", "Synced", "Progressing"), "Synced and Progressing"),
    ],
)
def test_no_word_is_empty(compared: Manifest, words: str) -> None:
    """A status that Argo CD has not filled is never shown as it is."""
    assert state(compared) == words


def test_late_wave_says_what_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    """That an Application is Progressing leads nobody to the component that it waits for."""
    waiting = workload("model-registry", 0)
    monkeypatch.setattr(argo_cd, "_pending", lambda _step, _seen: [waiting])
    cluster = Cluster(applications=[[application("chatdb-core", "Synced", "Progressing", "Succeeded")]])
    late = replace(following(cluster, StringIO()), limits=Limits(wave=-1, grace=60))
    with pytest.raises(InvalidInput) as raised:
        late.follow()
    (first, _) = raised.value.problems
    assert first.what == "Synced and Progressing; model-registry: 0 of 1 ready"


def test_late_wave_says_why_argo_cd_does_not_sync() -> None:
    """Its own words become what is wrong and the fix."""
    words = "Failed to load target state: rpc error: code = Unknown desc = failed to list refs: repository not found"
    broken = application("chatdb-core", "Unknown", "Healthy")
    broken["status"]["conditions"] = [{"type": "ComparisonError", "message": words}]
    late = replace(following(Cluster(applications=[[broken]]), StringIO()), limits=Limits(wave=-1, grace=60))
    with pytest.raises(InvalidInput) as raised:
        late.follow()
    first = raised.value.problems[0]
    assert (first.where, "failed to list refs: repository not found" in first.what) == ("Application chatdb-core", True)
    assert first.fix.startswith("check the address")
