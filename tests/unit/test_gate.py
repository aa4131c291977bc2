"""The gate, run under gopher-lua (Argo CD's own Lua engine) with the libraries that argocd-cm opens for it.

One table says what the gate answers to each state of a child Application. The mutations say which rows of the table
hold which rule: with a rule taken out of the gate, exactly those rows must change.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.repository import ROOT
from tests.unit.health_script import GLUA, Answer, run_script, without_libraries

GATE = ROOT / "argocd/install/gate.lua"
ENGINE = b"github.com/yuin/gopher-lua\tv1.1.2"
"""The engine that Argo CD 3.6.1 names in its go.mod, as the Go linker records it in a binary."""

NOW = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)


def ago(seconds: int) -> str:
    """Write the time that many seconds before NOW as Kubernetes does."""
    return (NOW - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


LONG_AGO = ago(86_400)
SOURCE = {"repoURL": "https://git.example/chatdb.git", "path": "overlays/minikube/core", "targetRevision": "1" * 40}
DESTINATION = {"server": "https://kubernetes.default.svc", "namespace": "chatdb-services"}
IGNORED = [{"kind": "Secret", "jsonPointers": ["/data"]}]
HEALTHY: dict[str, Any] = {
    "metadata": {"name": "core", "creationTimestamp": LONG_AGO},
    "spec": {"source": SOURCE, "destination": DESTINATION, "ignoreDifferences": IGNORED},
    "status": {
        "sync": {
            "status": "Synced",
            "comparedTo": {"source": SOURCE, "destination": DESTINATION, "ignoreDifferences": IGNORED},
        },
        "health": {"status": "Healthy", "lastTransitionTime": LONG_AGO},
        "operationState": {"phase": "Succeeded", "startedAt": LONG_AGO},
    },
}
"""A child that has been Synced and Healthy for a day; every row of the table says how it differs from this one."""

CONDITIONS = "status.conditions"
COMPARED = "status.sync.comparedTo"
HEALTH = "status.health.status"
PHASE = "status.operationState.phase"
SINCE = "status.health.lastTransitionTime"
STARTED = "status.operationState.startedAt"
SYNC = "status.sync.status"


def child(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Copy the healthy child and set values at dotted paths; None removes what is there."""
    # Not deepcopy: it would keep spec.source and comparedTo.source one object.
    application: dict[str, Any] = json.loads(json.dumps(HEALTHY))
    for path, value in changes.items():
        *parents, last = path.split(".")
        node = application
        for parent in parents:
            node = node.setdefault(parent, {})
        node[last] = value
    return application


def condition(type_: str, seconds: int, message: str) -> list[dict[str, str]]:
    """Make a list of one condition, set that many seconds ago."""
    return [{"type": type_, "lastTransitionTime": ago(seconds), "message": message}]


class Case(NamedTuple):
    """A row of the table: how the child differs from a healthy one, and what the gate says of it."""

    id: str
    changes: Mapping[str, Any]
    status: str
    message: str


OLDER = "status is about an older spec"
UNKNOWN_HOST = "Failed to load target state: unknown host"
NOT_PERMITTED = "application repo is not permitted in project 'chatdb'"
TWO_SOURCES = [SOURCE, {**SOURCE, "path": "overlays/minikube/edge"}]
LATE = "held for over 60 s: "
FINE = "its resources are Healthy"
ROLLING = "its resources are Progressing"
UNCOMPARED = "not compared with the repository yet"

CASES = [
    Case("healthy", {}, "Healthy", FINE),
    Case("healthy-after-a-failed-sync", {PHASE: "Failed"}, "Healthy", FINE),
    # The beginning
    Case("no-status-new", {"status": None, "metadata.creationTimestamp": ago(5)}, "Progressing", UNCOMPARED),
    Case("no-status-old", {"status": None}, "Degraded", LATE + UNCOMPARED),
    Case(
        "empty-status-new",
        {"status": {"sync": {"status": ""}, "health": {}}, "metadata.creationTimestamp": ago(5)},
        "Progressing",
        UNCOMPARED,
    ),
    Case("no-health-yet", {HEALTH: "", STARTED: ago(5)}, "Progressing", "health not known yet"),
    # A spec that the status does not know yet; never late
    Case("pin-moved", {"spec.source.targetRevision": "2" * 40}, "Progressing", OLDER),
    Case("pin-removed", {"spec.source.targetRevision": None}, "Progressing", OLDER),
    Case(
        "pin-moved-to-fix-a-broken-child",
        {"spec.source.targetRevision": "2" * 40, HEALTH: "Degraded"},
        "Progressing",
        OLDER,
    ),
    Case("path-changed", {"spec.source.path": "overlays/minikube/edge"}, "Progressing", OLDER),
    Case("repository-changed", {"spec.source.repoURL": "https://git.example/fork.git"}, "Progressing", OLDER),
    Case("source-option-added", {"spec.source.kustomize": {"images": ["chatdb/core:2"]}}, "Progressing", OLDER),
    Case("destination-changed", {"spec.destination.namespace": "chatdb-system"}, "Progressing", OLDER),
    Case(
        "ignored-differences-changed",
        {"spec.ignoreDifferences": [{**IGNORED[0], "kind": "ConfigMap"}]},
        "Progressing",
        OLDER,
    ),
    Case("empty-fields-are-no-change", {"spec.source.directory": {"recurse": False}}, "Healthy", FINE),
    Case(
        "sources-compared",
        {"spec.sources": TWO_SOURCES, f"{COMPARED}.sources": TWO_SOURCES, f"{COMPARED}.source": {"repoURL": ""}},
        "Healthy",
        FINE,
    ),
    Case(
        "source-added-to-sources",
        {"spec.sources": TWO_SOURCES, f"{COMPARED}.sources": TWO_SOURCES[:1]},
        "Progressing",
        OLDER,
    ),
    # A sync under way
    Case("sync-requested", {"operation": {"sync": {}}}, "Progressing", "sync requested"),
    Case(
        "sync-running",
        {
            PHASE: "Running",
            STARTED: ago(10),
            "status.operationState.message": "waiting for healthy state of apps/Deployment/core",
        },
        "Progressing",
        "sync running: waiting for healthy state of apps/Deployment/core",
    ),
    Case(
        "sync-running-on-a-broken-child",
        {PHASE: "Running", STARTED: ago(10), HEALTH: "Degraded"},
        "Progressing",
        "sync running",
    ),
    Case("sync-retried-for-long", {PHASE: "Running", STARTED: ago(90)}, "Degraded", LATE + "sync running"),
    Case("sync-terminating", {PHASE: "Terminating", STARTED: ago(10)}, "Progressing", "sync running"),
    # Not Synced
    Case("resource-missing", {SYNC: "OutOfSync", STARTED: ago(5)}, "Progressing", "not synced (OutOfSync)"),
    Case("resource-missing-for-long", {SYNC: "OutOfSync"}, "Degraded", LATE + "not synced (OutOfSync)"),
    Case(
        "sync-failed",
        {SYNC: "OutOfSync", PHASE: "Failed", STARTED: ago(5), "status.operationState.message": "quota exceeded"},
        "Progressing",
        "not synced (OutOfSync): quota exceeded",
    ),
    Case(
        "sync-in-error",
        {SYNC: "OutOfSync", PHASE: "Error", STARTED: ago(5), "status.operationState.message": "project not found"},
        "Progressing",
        "not synced (OutOfSync): project not found",
    ),
    Case(
        "repository-unreachable",
        {SYNC: "Unknown", CONDITIONS: condition("ComparisonError", 10, UNKNOWN_HOST)},
        "Progressing",
        f"not synced (Unknown): {UNKNOWN_HOST}",
    ),
    Case(
        "repository-unreachable-for-long",
        {SYNC: "Unknown", CONDITIONS: condition("ComparisonError", 90, UNKNOWN_HOST)},
        "Degraded",
        f"{LATE}not synced (Unknown): {UNKNOWN_HOST}",
    ),
    Case(
        "spec-refused-for-long",
        {
            "spec.source.repoURL": "https://git.example/fork.git",
            SYNC: "Unknown",
            HEALTH: "Unknown",
            CONDITIONS: condition("InvalidSpecError", 90, NOT_PERMITTED),
        },
        "Degraded",
        f"{LATE}not synced (Unknown): {NOT_PERMITTED}",
    ),
    # Synced: the child's own health
    Case("rolling-out", {HEALTH: "Progressing", SINCE: ago(20)}, "Progressing", ROLLING),
    Case("rolling-out-at-the-bound", {HEALTH: "Progressing", SINCE: ago(60)}, "Progressing", ROLLING),
    Case("rolling-out-past-the-bound", {HEALTH: "Progressing", SINCE: ago(61)}, "Degraded", LATE + ROLLING),
    Case(
        "rolling-out-for-long-with-a-new-warning",
        {HEALTH: "Progressing", CONDITIONS: condition("OrphanedResourceWarning", 1, "1 orphaned resource")},
        "Degraded",
        LATE + ROLLING,
    ),
    Case(
        "degraded",
        {HEALTH: "Degraded", "status.health.message": "Caused by apps/Deployment:core"},
        "Degraded",
        "its resources are Degraded: Caused by apps/Deployment:core",
    ),
    Case("missing", {HEALTH: "Missing", SINCE: ago(5)}, "Missing", "its resources are Missing"),
    Case("missing-for-long", {HEALTH: "Missing"}, "Degraded", LATE + "its resources are Missing"),
    Case("suspended", {HEALTH: "Suspended", SINCE: ago(5)}, "Suspended", "its resources are Suspended"),
    Case("suspended-for-long", {HEALTH: "Suspended"}, "Degraded", LATE + "its resources are Suspended"),
    Case("unknown", {HEALTH: "Unknown", SINCE: ago(5)}, "Unknown", "its resources are Unknown"),
    Case("unknown-for-long", {HEALTH: "Unknown"}, "Degraded", LATE + "its resources are Unknown"),
    # The end
    Case("being-deleted", {"metadata.deletionTimestamp": ago(5)}, "Progressing", "being deleted"),
    Case("being-deleted-for-long", {"metadata.deletionTimestamp": ago(90)}, "Degraded", LATE + "being deleted"),
]


def expected(case: Case) -> Answer:
    """Tell the answer that the row asks for: the message twice, if the child is being deleted."""
    return Answer(case.status, case.message, case.message if "metadata.deletionTimestamp" in case.changes else "")


def run_gate(folder: Path, gate: str, cases: Sequence[Case], **environment: str) -> list[Answer]:
    """Run a text of the gate on every case, at the time NOW."""
    objects = [child(case.changes) for case in cases]
    return run_script(folder, gate, objects, now=int(NOW.timestamp()), **environment)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_answer(case: Case, tmp_path: Path) -> None:
    """The gate gives the status and the message that the table asks for."""
    assert run_gate(tmp_path, GATE.read_text(), [case]) == [expected(case)]


def test_bound_does_not_depend_on_the_time_zone(tmp_path: Path) -> None:
    """Far from Greenwich the gate says the same."""
    answers = run_gate(tmp_path, GATE.read_text(), CASES, TZ="Pacific/Kiritimati")
    assert answers == [expected(case) for case in CASES]


def test_engine_is_the_one_of_argo_cd() -> None:
    """The Lua of these tests is the version that the installed Argo CD is built with."""
    assert GLUA.is_file(), f"{GLUA.relative_to(ROOT)} is missing: run make tools"
    assert ENGINE in GLUA.read_bytes()


def test_without_open_libraries_the_bound_fails(tmp_path: Path) -> None:
    """Without useOpenLibs the script has no clock: what is held becomes an error, and Argo CD waits for ever."""
    rolling_out = next(case for case in CASES if case.id == "rolling-out")
    [answer] = run_gate(tmp_path, without_libraries(GATE.read_text()), [rolling_out])
    assert answer.status == "Lua error"


class Mutation(NamedTuple):
    """A rule taken out of the gate: the text replaced, and the rows of the table that hold the rule."""

    id: str
    old: str
    new: str
    caught_by: set[str]


def saying(text: str) -> set[str]:
    """Name the rows whose message has this text."""
    return {case.id for case in CASES if text in case.message}


HEALTHY_ROWS = {case.id for case in CASES if case.status == "Healthy"}

MUTATIONS = [
    # Healthy is said only of the spec as it is now
    Mutation("older-spec-passes", "not compared_with_spec()", "false", saying(OLDER)),
    Mutation("older-spec-is-late", f'"{OLDER}", false', f'"{OLDER}", true', saying(OLDER)),
    Mutation("sources-ignored", '"sources" or', '"source" or', {"sources-compared", "source-added-to-sources"}),
    Mutation("destination-ignored", 'source, "destination"', "source", {"destination-changed"}),
    Mutation("differences-ignored", ', "ignoreDifferences"', "", {"ignored-differences-changed"}),
    Mutation("removals-ignored", "in pairs(b)", "in pairs({})", {"pin-removed"}),
    Mutation("additions-ignored", "in pairs(a)", "in pairs({})", {"source-option-added", "source-added-to-sources"}),
    Mutation("empty-is-a-value", '(a or "") == (b or "")', "a == b", {"empty-fields-are-no-change"}),
    Mutation("refused-spec-waits", 'sync.status ~= "Unknown" and', "", {"spec-refused-for-long"}),
    Mutation("uncompared-passes", "blank(sync.status)", "false", saying(UNCOMPARED)),
    # No sync runs or is requested
    Mutation("running-passes", 'operation.phase == "Running" or', "", saying("sync running") - {"sync-terminating"}),
    Mutation("terminating-passes", ' or operation.phase == "Terminating"', "", {"sync-terminating"}),
    Mutation("requested-passes", "elseif obj.operation", "elseif false", {"sync-requested"}),
    Mutation("requested-is-late", '"sync requested", false', '"sync requested", true', {"sync-requested"}),
    # Synced, and the reason when it is not
    Mutation("not-synced-passes", 'sync.status ~= "Synced"', "false", saying("not synced")),
    Mutation("conditions-untold", "if first then", "if false then", saying("(Unknown)")),
    Mutation("failure-untold", 'operation.phase == "Failed"', "false", {"sync-failed"}),
    Mutation("error-untold", ' or operation.phase == "Error"', "", {"sync-in-error"}),
    Mutation("no-health-passes", "blank(health.status)", "false", {"no-health-yet"}),
    # Held for BOUND seconds
    Mutation("no-bound", "bounded and overdue()", "false", saying(LATE)),
    Mutation("bound-shorter", "os.time() - BOUND", "os.time() - BOUND + 1", {"rolling-out-at-the-bound"}),
    Mutation("bound-longer", "os.time() - BOUND", "os.time() - BOUND - 1", {"rolling-out-past-the-bound"}),
    Mutation("healthy-is-late", 'state ~= "Healthy" and', "", HEALTHY_ROWS),
    Mutation("degraded-is-late", 'state ~= "Degraded" and', "", {"degraded"}),
    Mutation(
        "only-progressing-is-late",
        'state ~= "Healthy" and state ~= "Degraded"',
        'state == "Progressing"',
        {"missing-for-long", "suspended-for-long", "unknown-for-long"},
    ),
    # The newest time counts
    Mutation("creation-is-no-time", 'metadata.creationTimestamp or ""', '""', {"no-status-new", "empty-status-new"}),
    Mutation("deletion-is-no-time", 'metadata.deletionTimestamp or ""', '""', {"being-deleted"}),
    Mutation(
        "health-is-no-time",
        'health.lastTransitionTime or ""',
        '""',
        {"rolling-out", "rolling-out-at-the-bound", "missing", "suspended", "unknown"},
    ),
    Mutation(
        "sync-is-no-time",
        'operation.startedAt or ""',
        '""',
        {
            "no-health-yet",
            "sync-running",
            "sync-running-on-a-broken-child",
            "sync-terminating",
            "resource-missing",
            "sync-failed",
            "sync-in-error",
        },
    ),
    Mutation("errors-are-no-time", 'condition.lastTransitionTime or ""', '""', {"repository-unreachable"}),
    Mutation(
        "warnings-are-times", 'condition.type:match("Error$")', "true", {"rolling-out-for-long-with-a-new-warning"}
    ),
    # A child that is being deleted
    Mutation("deletion-passes", "if metadata.deletionTimestamp", "if false", saying("being deleted")),
    Mutation("deletion-untold", "metadata.deletionTimestamp and message", "nil", saying("being deleted")),
]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.id)
def test_every_rule_is_held_by_its_rows(mutation: Mutation, tmp_path: Path) -> None:
    """With the rule taken out of the gate, the rows that hold it change, and no others."""
    gate = GATE.read_text()
    assert gate.count(mutation.old) == 1
    answers = run_gate(tmp_path, gate.replace(mutation.old, mutation.new), CASES)
    changed = {case.id for case, answer in zip(CASES, answers, strict=True) if answer != expected(case)}
    assert changed == mutation.caught_by
