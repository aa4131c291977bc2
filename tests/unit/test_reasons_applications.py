"""What an Application says becomes why it is not Synced and Healthy."""

from datetime import UTC, datetime
from typing import Any

import pytest

from chatdb.deploy.reasons.applications import reasons_of_application

NOW = datetime(2026, 11, 29, 10, tzinfo=UTC)
BEGAN = "2026-11-29T09:00:00Z"
COMMIT = "c" * 40
PREFIX = "Failed to load target state: failed to generate manifest for source 1 of 1: rpc error: code = Unknown desc = "


def application(sync: str = "Synced", **status: Any) -> dict[str, Any]:
    """One that is well, but for what is given."""
    source = {"repoURL": "https://git.example/a.git", "path": "overlays/minikube/core", "targetRevision": "main"}
    return {
        "metadata": {"name": "chatdb-core", "creationTimestamp": BEGAN},
        "spec": {"project": "one", "source": source, "syncPolicy": {"automated": {}}},
        "status": {
            "sync": {"status": sync},
            "health": {"status": "Healthy"},
            "operationState": {"phase": "Succeeded"},
            **status,
        },
    }


def kinds(manifest: dict[str, Any], project: dict[str, Any] | None = None) -> list[tuple[str, str]]:
    """Kind of each reason, and what holds."""
    return [(one.kind, one.held_by) for one in reasons_of_application(manifest, project, NOW)]


def test_nothing_of_one_that_is_well() -> None:
    """Also where an older operation has failed, and its failure is overtaken."""
    assert kinds(application()) == []
    assert kinds(application(operationState={"phase": "Failed", "message": "once"})) == []


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (f"{PREFIX}failed to list refs: repository not found", "repository"),
        (
            f"{PREFIX}failed to list refs: dial tcp: lookup git.example: no such host",
            "repository",
        ),
        (f"{PREFIX}authentication required", "repository"),
        (f"{PREFIX}unable to resolve 'gone' to a commit SHA", "revision"),
        (f"{PREFIX}failed to fetch: fatal: remote error: upload-pack: not our ref {COMMIT}", "revision"),
        (f"{PREFIX}overlays/minikube/core: app path does not exist", "path"),
        (f"{PREFIX}`kustomize build <path>` failed exit status 1: Error: no such file", "ComparisonError"),
    ],
)
def test_comparison_errors(words: str, kind: str) -> None:
    """By what is behind them, since when they are there."""
    condition = {"type": "ComparisonError", "message": words, "lastTransitionTime": BEGAN}
    (reason,) = reasons_of_application(application("Unknown", conditions=[condition]), None, NOW)
    assert (reason.kind, reason.since) == (kind, BEGAN)
    assert "rpc error" not in reason.message
    by = "Application argocd/chatdb-core" if kind == "ComparisonError" else "repository https://git.example/a.git"
    assert reason.held_by == by


def test_dry_run_names_its_object() -> None:
    """Argo CD compares by dry runs: what the API server refuses is an error of comparing, and the object is named."""
    words = (
        "Failed to compare desired state to live state: serverSideDiff error: error running server side apply in dryrun"
        ' mode for resource Job/topics-1: Job.batch "topics-1" is invalid: spec.template: Invalid value: {"labels":'
        f"{{}} {'x' * 5000}}}: field is immutable"
    )
    condition = {"type": "ComparisonError", "message": words, "lastTransitionTime": BEGAN}
    resources = [{"kind": "Job", "namespace": "chatdb-system", "name": "topics-1"}]
    (reason,) = reasons_of_application(application("Unknown", conditions=[condition], resources=resources), None, NOW)
    assert (reason.kind, reason.held_by) == ("immutable", "Job chatdb-system/topics-1")
    assert reason.message.endswith("has a field that can't be changed: spec.template: field is immutable")


def test_failed_sync_names_each_object() -> None:
    """Also while it is tried again; what only waits for another object is no reason."""
    results = [
        {"kind": "Service", "namespace": "a", "name": "b", "status": "SyncFailed", "message": "the server is on fire"},
        {
            "kind": "Job",
            "namespace": "a",
            "name": "c",
            "status": "Synced",
            "hookType": "PreSync",
            "hookPhase": "Failed",
        },
        {"kind": "Job", "namespace": "a", "name": "d", "status": "Synced", "hookPhase": "Running"},
    ]
    operation = {"phase": "Running", "retryCount": 1, "message": "retrying", "syncResult": {"resources": results}}
    assert kinds(application("OutOfSync", operationState=operation)) == [("sync", "Service a/b"), ("hook", "Job a/c")]
    waits = {"phase": "Failed", "message": "one or more synchronization tasks completed unsuccessfully"}
    assert kinds(application("OutOfSync", operationState=waits)) == []
    again = {"phase": "Succeeded", "retryCount": 3, "message": "successfully synced"}
    assert kinds(application("OutOfSync", operationState=again)) == []
    other = {"phase": "Error", "message": "nobody knows why"}
    assert kinds(application("OutOfSync", operationState=other)) == [("sync", "Application argocd/chatdb-core")]


def test_why_a_difference_is_not_synced() -> None:
    """Automated sync is off, or a window of the project forbids it; a Synced one needs neither."""
    window = {"kind": "deny", "schedule": "* * * * *", "duration": "1h", "applications": ["*"]}
    project = {"spec": {"syncWindows": [window]}}
    assert kinds(application("OutOfSync"), project) == [("window", "AppProject argocd/one")]
    assert kinds(application(), project) == []
    for policy in ({}, {"automated": None}, {"automated": {"enabled": False}}):
        manual = application("OutOfSync")
        manual["spec"]["syncPolicy"] = policy
        assert kinds(manual) == [("manual", "Application argocd/chatdb-core")]


@pytest.mark.parametrize(("path", "environment"), [("a/argocd/live/apps", "live"), ("overlays/live/core", "live")])
def test_environment_is_named(path: str, environment: str) -> None:
    """The fix is a command to paste."""
    manual = application("OutOfSync")
    manual["spec"] |= {"syncPolicy": {}, "source": {"path": path}}
    (reason,) = reasons_of_application(manual, None, NOW)
    assert f"`kubectl apply -f argocd/{environment}/root.yaml`" in reason.fix


def test_what_is_not_reconciled() -> None:
    """Argo CD is told to leave it alone, deletes it, or has never looked at it."""
    manifest = application()
    manifest["metadata"]["annotations"] = {"argocd.argoproj.io/skip-reconcile": "true"}
    manifest["metadata"]["deletionTimestamp"] = BEGAN
    assert [kind for kind, _ in kinds(manifest)] == ["deleted", "skipped"]
    assert [kind for kind, _ in kinds(application(""))] == ["not-compared"]
