"""`chatdb status` with a stand-in for kubectl: what is said of a cluster, to people and to programs."""

from pathlib import Path
from typing import Any

import pytest

from chatdb.status.commits import Commits
from tests.cli.status_cluster import HEAD, MADE, StatusCluster
from tests.cli.test_json import validator

MISSING = {
    "state": {
        "waiting": {"reason": "CreateContainerConfigError", "message": 'secret "ml-engine-credentials" not found'}
    }
}
CRASHING = {"state": {"waiting": {"reason": "CrashLoopBackOff"}}, "restartCount": 3}


@pytest.fixture
def cluster(tmp_path: Path) -> StatusCluster:
    """One on which all of the platform is ready."""
    return StatusCluster(tmp_path)


def states(report: dict[str, Any]) -> dict[str, str]:
    """The state of each tier."""
    return {tier["name"]: tier["state"] for tier in report["tiers"]}


def test_all_is_well(cluster: StatusCluster) -> None:
    """Exit code 0, and a line for each component."""
    done = cluster.run()
    assert done.exit_code == 0, done.output
    first, *lines = done.output.splitlines()
    assert first == "minikube on minikube, deployed by `chatdb deploy`: all is as it should be"
    assert any(line.split() == ["4", "processing", "ml-engine", "ready"] for line in lines)
    report = cluster.report()
    validator("status").validate(report)
    assert (report["engine"], report["causes"], set(states(report).values())) == ("plain", [], {"ready"})


def test_nothing_is_deployed(cluster: StatusCluster) -> None:
    """The first wave is to be deployed; the others wait for it."""
    cluster.objects = []
    report = cluster.report()
    (cause,) = report["causes"]
    assert (report["engine"], cause["kind"], cause["fix"]) == ("none", "not-deployed", "`chatdb deploy -e minikube`")
    assert states(report)["platform"] == "rolling out"
    assert states(report)["foundation"] == "waiting"


def test_cause_is_first_and_then_what_follows(cluster: StatusCluster) -> None:
    """A Secret is missing, so its component is not ready, one that needs it crashes, and later tiers are not begun."""
    cluster.unready("ml-engine", **MISSING)
    cluster.unready("test-service", **CRASHING)
    cluster.remove("testing")
    done = cluster.run()
    assert done.exit_code == 1
    _, *lines = done.output.splitlines()
    assert lines[0] == "cause processing/ml-engine: Secret ml-engine-credentials is missing"
    assert lines[1].startswith("  held by Secret chatdb-services/ml-engine-credentials, since 2026-11-29T10:00:00Z (")
    assert lines[2].startswith("  fix: the Job credentials makes Secrets: ")
    assert lines[3] == "  then: edge/test-service is not ready: it depends on processing/ml-engine"
    assert lines[4] == "  then: tier testing waits for an earlier wave"
    assert not [line for line in lines[5:] if line.startswith(("cause", "also"))]


def test_commits_of_argo_cd(cluster: StatusCluster) -> None:
    """What runs is what was synced last; what should is what Argo CD has seen of the branch."""
    cluster.follow()
    assert cluster.report()["tiers"][0]["revision"] == {
        "runs": HEAD,
        "target": "main",
        "should_run": HEAD,
        "committed": "",
        "pushed": "",
    }
    status = cluster.application("core")["status"]
    status["sync"] = {"status": "OutOfSync", "revision": "b" * 40}
    status["history"] = [{"revision": HEAD}]
    done = cluster.run()
    assert "chatdb-core            rolling out  at aaaaaaa, should be at bbbbbbb" in done.output


def test_commit_that_argo_cd_has_not_seen(cluster: StatusCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """What this clone has pushed should run: until Argo CD has seen it, not all is as it should be."""
    cluster.follow()
    monkeypatch.setattr(Commits, "tip", "d" * 40)
    monkeypatch.setattr(Commits, "contains", lambda _self, tip, commit: commit == HEAD)
    report = cluster.report()
    assert report["tiers"][0]["revision"]["should_run"] == "d" * 40
    first, *others = report["causes"]
    assert (first["kind"], first["places"], others) == ("unseen", ["platform"], [])
    assert "refresh=normal" in first["fix"]


def test_missing_kinds_are_named(cluster: StatusCluster) -> None:
    """Argo CD's own words become what is wrong and the fix."""
    cluster.follow()
    words = "The Kubernetes API could not find gateway.networking.k8s.io/Gateway for requested resource"
    failed = {
        "kind": "Gateway",
        "name": "one",
        "namespace": "chatdb-services",
        "status": "SyncFailed",
        "message": words,
    }
    operation = {"phase": "Running", "retryCount": 2, "message": "retrying", "syncResult": {"resources": [failed]}}
    status = cluster.application("edge")["status"]
    status |= {"sync": {"status": "OutOfSync", "revision": HEAD}, "operationState": operation}
    (cause,) = cluster.report()["causes"]
    assert cause["held_by"] == "CustomResourceDefinition of gateway.networking.k8s.io/Gateway"
    assert cause["places"] == ["edge"]


def test_missing_definitions_are_named_before_anything_is_deployed(cluster: StatusCluster) -> None:
    """Production needs kinds of operators: which definitions are missing, and where to get them."""
    report = cluster.report("production")
    kinds = {cause["held_by"] for cause in report["causes"] if cause["kind"] == "kind"}
    assert "CustomResourceDefinition of postgresql.cnpg.io/Cluster" in kinds
    assert "CustomResourceDefinition of gateway.networking.k8s.io/Gateway" in kinds


def test_account_that_may_not_read_is_told(cluster: StatusCluster) -> None:
    """The shipped file has the rights that are missing."""
    words = 'Error from server (Forbidden): pods is forbidden: User "x" cannot list resource "pods" in namespace "y"'
    cluster.refused["pods"] = words
    done = cluster.run("--json")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "kubectl apply -f argocd/minikube/status-access.yaml" in done.stderr


def test_namespace_that_is_being_deleted_is_the_cause(cluster: StatusCluster) -> None:
    """The Role by which it was read is gone already; all else can be read."""
    cluster.refused["pods of chatdb-testing"] = "Error from server (Forbidden): pods is forbidden"
    (namespace,) = [one for one in cluster.objects if one["metadata"]["name"] == "chatdb-testing"]
    namespace["metadata"]["deletionTimestamp"] = MADE
    namespace["status"] = {"phase": "Terminating"}
    first = cluster.report()["causes"][0]
    assert (first["kind"], first["held_by"], first["since"]) == ("namespace", "Namespace chatdb-testing", MADE)
    assert "tier testing is not in place" in first["consequences"]


def test_watch_ends_with_the_last_state(cluster: StatusCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """Changes are lines where nobody looks; Ctrl-C ends it with the exit code of what was seen last."""
    pod = cluster.unready("ml-engine", **MISSING)
    looks = 0

    def pause(_seconds: float) -> None:
        nonlocal looks
        looks += 1
        if looks == 2:
            raise KeyboardInterrupt
        cluster.objects.remove(pod)
        cluster.of("ml-engine")["status"] = dict.fromkeys(("replicas", "updatedReplicas", "readyReplicas"), 1)
        cluster.write()

    monkeypatch.setattr("chatdb.cli.status.sleep", pause)
    done = cluster.run("--watch")
    assert done.exit_code == 0, done.output
    said = [line.partition(" s  ")[2] for line in done.output.splitlines()]
    assert "cause processing/ml-engine: Secret ml-engine-credentials is missing" in said
    assert said[-1] == "4 processing/ml-engine ready"
    assert said[-2] == "minikube on minikube, deployed by `chatdb deploy`: all is as it should be"
    assert len([line for line in said if "core/model-registry ready" in line]) == 1


def test_watch_is_not_for_programs(cluster: StatusCluster) -> None:
    """Wrong usage."""
    assert cluster.run("--watch", "--json").exit_code == 2
