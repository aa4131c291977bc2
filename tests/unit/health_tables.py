"""The health of operators' resources: a table for each script of argocd/install/health.

The states are those of the operators' own constants, at the versions that the scripts name.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

PHASES = {
    "Healthy": ("Cluster in healthy state",),
    "Progressing": (
        "Setting up primary",
        "Creating a new replica",
        "Waiting for the instances to become active",
        "Applying configuration",
        "Primary instance is being restarted in-place",
        "Primary instance is being restarted without a switchover",
        "Switchover in progress",
        "Failing over",
        "Promoting to primary cluster",
        "Upgrading cluster",
        "Online upgrade in progress",
        "Upgrading Postgres major version",
        "Cluster upgrade delayed",
    ),
    "Suspended": ("Waiting for user action",),
    "Degraded": (
        "Invalid cluster definition",
        "Unable to create required cluster objects",
        "Cluster has incomplete or invalid image catalog",
        "Cluster cannot proceed to reconciliation due to an unknown plugin being required",
        "Cluster cannot proceed to reconciliation due to an error while interacting with plugins",
        "Cluster cannot execute instance online upgrade due to missing architecture binary",
        "Cluster is unrecoverable and needs manual intervention",
        "Not enough disk space",
        "Instance Status Extraction Error: HTTP communication issue",
    ),
}
"""All phases of a Cluster in the source of CloudNativePG 1.30.1, by what they mean for those who need the database."""
FINAL = {state: phases for state, phases in PHASES.items() if state != "Progressing"}


class Case(NamedTuple):
    """A row: an object's parts, and what the script says of it."""

    id: str
    status: str
    message: str
    object: Mapping[str, Any]


def condition(type_: str, status: str, message: str = "", **more: object) -> dict[str, object]:
    """One of status.conditions."""
    return {"type": type_, "status": status, "message": message, **more}


IMAGE = "registry.example/postgresql:17"
READY = {"phase": "Cluster in healthy state", "image": IMAGE, "instances": 3, "readyInstances": 3}


def cluster(changes: Mapping[str, Any] | None = None, /, **annotations: str) -> dict[str, Any]:
    """A Cluster of three instances; the changes are laid over a healthy status."""
    named = {f"cnpg.io/{name}": value for name, value in annotations.items()}
    status = {**READY, **(changes or {})}
    return {"metadata": {"annotations": named}, "spec": {"instances": 3, "imageName": IMAGE}, "status": status}


def hibernation(status: str, message: str) -> dict[str, Any]:
    """A status with the operator's condition."""
    return {"conditions": [condition("cnpg.io/hibernation", status, message)]}


def archiving(status: str, message: str = "") -> dict[str, Any]:
    """A status that tells whether WAL is archived."""
    return {"conditions": [condition("ContinuousArchiving", status, message)]}


CLUSTER = [
    *(
        Case(phase, state, f"{phase}: because", cluster({"phase": phase, "phaseReason": "because"}))
        for state, phases in PHASES.items()
        for phase in phases
        if state != "Healthy"
    ),
    Case("healthy", "Healthy", "3 of 3 instances ready", cluster()),
    Case("defaults", "Healthy", "1 of 1 instances ready", {"spec": {}, "status": {**READY, "readyInstances": 1}}),
    Case("no-reason", "Progressing", "Failing over", cluster({"phase": "Failing over"})),
    Case(
        "unknown-phase", "Progressing", "Rewinding: because", cluster({"phase": "Rewinding", "phaseReason": "because"})
    ),
    Case("new", "Progressing", "not reconciled yet", {"spec": {"instances": 3}}),
    Case("no-phase", "Progressing", "not reconciled yet", cluster({"phase": ""})),
    Case(
        "older-image",
        "Progressing",
        f"image not applied yet: {IMAGE}",
        cluster({"image": "registry.example/postgresql:16"}),
    ),
    Case("instance-not-ready", "Progressing", "2 of 3 instances ready", cluster({"readyInstances": 2})),
    Case("no-instance-ready", "Progressing", "0 of 3 instances ready", cluster({"readyInstances": None})),
    Case("instances-to-remove", "Progressing", "4 of 3 instances ready", cluster({"readyInstances": 4})),
    Case("archiving", "Healthy", "3 of 3 instances ready", cluster(archiving("True"))),
    Case("not-archiving", "Healthy", "serves, but WAL is not archived: denied", cluster(archiving("False", "denied"))),
    Case(
        "not-reconciled",
        "Suspended",
        "the annotation cnpg.io/reconciliationLoop disables reconciliation",
        cluster({"phase": "Not enough disk space"}, reconciliationLoop="disabled"),
    ),
    Case("hibernated", "Suspended", "asleep", cluster(hibernation("True", "asleep"), hibernation="on")),
    Case("going-to-sleep", "Progressing", "deleting", cluster(hibernation("False", "deleting"), hibernation="on")),
    Case("to-hibernate", "Progressing", "hibernation requested", cluster(hibernation="on")),
    Case("not-to-hibernate", "Healthy", "3 of 3 instances ready", cluster(hibernation="off")),
    Case("waking", "Progressing", "waking from hibernation", cluster(hibernation("True", "asleep"), hibernation="off")),
    Case("waking-unset", "Progressing", "waking from hibernation", cluster(hibernation("True", "asleep"))),
]


def role(**status: object) -> dict[str, Any]:
    """A DatabaseRole of the second generation."""
    return {"metadata": {"generation": 2}, "status": status}


ROLE = [
    Case("new", "Progressing", "not applied yet", {"metadata": {"generation": 1}}),
    Case("applied", "Healthy", "applied", role(observedGeneration=2, applied=True)),
    Case("refused", "Degraded", "denied", role(observedGeneration=2, applied=False, message="denied")),
    Case("older-spec-applied", "Progressing", "not applied yet", role(observedGeneration=1, applied=True)),
    Case("not-applied-yet", "Progressing", "denied", role(observedGeneration=1, applied=False, message="denied")),
    Case("first-failed", "Progressing", "no cluster", role(applied=False, message="no cluster")),
    Case("unknown", "Progressing", "a replica", role(observedGeneration=2, message="a replica")),
]


def pooler(**status: object) -> dict[str, Any]:
    """A Pooler of two pods."""
    return {"spec": {"instances": 2}, "status": status}


POOLER = [
    Case("new", "Progressing", "not reconciled yet", {"spec": {}}),
    Case("active", "Healthy", "2 of 2 pods exist", pooler(phase="active", instances=2)),
    Case("defaults", "Healthy", "1 of 1 pods exist", {"status": {"phase": "active", "instances": 1}}),
    Case("growing", "Progressing", "1 of 2 pods exist", pooler(phase="active", instances=1)),
    Case("none", "Progressing", "0 of 2 pods exist", pooler(phase="active")),
    Case("paused", "Suspended", "paused: asked", pooler(phase="paused", phaseReason="asked", instances=2)),
    Case("inactive", "Progressing", "inactive: no cluster", pooler(phase="inactive", phaseReason="no cluster")),
    Case("failed", "Degraded", "failed", pooler(phase="failed")),
    Case("invalid", "Degraded", "spec.type", pooler(phase="active", instances=2, error="spec.type")),
    Case("unknown-phase", "Progressing", "draining", pooler(phase="draining", instances=2)),
]

SCHEDULED = [
    Case("new", "Progressing", "not scheduled yet", {"spec": {}}),
    Case("waiting", "Healthy", "no backup was due yet", {"status": {"lastCheckTime": "12:00"}}),
    Case(
        "ran",
        "Healthy",
        "last backup started at 12:00",
        {"status": {"lastCheckTime": "12:00", "lastScheduleTime": "12:00"}},
    ),
    Case("suspended", "Suspended", "suspended", {"spec": {"suspend": True}}),
    Case("invalid", "Degraded", "spec.schedule", {"spec": {"suspend": True}, "status": {"error": "spec.schedule"}}),
]

ABLE = condition("AbleToScale", "True", reason="ReadyForNewScale")
NO_METRICS = "the server could not find the requested resource (get pods.metrics.k8s.io)"


def scaler(*conditions: object, observed: int | None = 2, version: str = "v2") -> dict[str, Any]:
    """A HorizontalPodAutoscaler of the second generation, which has three replicas."""
    status = {"conditions": list(conditions), "currentReplicas": 3, "observedGeneration": observed}
    return {"apiVersion": f"autoscaling/{version}", "metadata": {"generation": 2}, "status": status}


def inactive(reason: str) -> dict[str, Any]:
    """One that does not scale, for a reason of Kubernetes 1.37."""
    return scaler(ABLE, condition("ScalingActive", "False", NO_METRICS, reason=reason))


METRIC_REASONS = (
    "FailedGetResourceMetric",
    "FailedGetContainerResourceMetric",
    "FailedGetPodsMetric",
    "FailedGetObjectMetric",
    "FailedGetExternalMetric",
    "ScalingDisabled",
)
MISTAKES = ("InvalidSelector", "AmbiguousSelector", "InvalidMetricSourceType")

SCALER = [
    Case("new", "Progressing", "not looked at yet", {"apiVersion": "autoscaling/v2"}),
    Case("active", "Healthy", "3 replicas", scaler(ABLE, condition("ScalingActive", "True"))),
    Case("at-a-limit", "Healthy", "3 replicas", scaler(ABLE, condition("ScalingLimited", "True"))),
    *(Case(reason, "Healthy", f"stays at 3 replicas: {NO_METRICS}", inactive(reason)) for reason in METRIC_REASONS),
    *(Case(reason, "Degraded", NO_METRICS, inactive(reason)) for reason in MISTAKES),
    Case("no-target", "Degraded", "not found", scaler(condition("AbleToScale", "False", "not found"))),
    Case(
        "no-target-and-no-metrics",
        "Degraded",
        "not found",
        scaler(
            condition("AbleToScale", "False", "not found"),
            condition("ScalingActive", "False", NO_METRICS, reason="FailedGetResourceMetric"),
        ),
    ),
    Case("older-spec", "Progressing", "status is about an older spec", scaler(ABLE, observed=1)),
    Case("no-generation", "Healthy", "3 replicas", scaler(ABLE, observed=None)),
    Case("older-version", "nil", "", scaler(ABLE, version="v1")),
]


def gateway(*conditions: object, listener: Sequence[object] = ()) -> dict[str, Any]:
    """A Gateway of the second generation."""
    status = {"conditions": list(conditions), "listeners": [{"name": "http", "conditions": list(listener)}]}
    return {"metadata": {"generation": 2}, "status": status}


def now(type_: str, status: str, message: str = "") -> dict[str, object]:
    """A condition of the spec as it is now."""
    return condition(type_, status, message, observedGeneration=2)


ACCEPTED, PROGRAMMED = now("Accepted", "True"), now("Programmed", "True")
DEFAULTS = [condition(name, "Unknown", "Waiting for controller") for name in ("Accepted", "Programmed")]

GATEWAY = [
    Case("new", "Progressing", "no controller has looked at it yet", {"metadata": {"generation": 1}}),
    Case("defaults", "Progressing", "Waiting for controller", gateway(*DEFAULTS)),
    Case("programmed", "Healthy", "programmed", gateway(ACCEPTED, PROGRAMMED, listener=[PROGRAMMED])),
    Case("not-needed", "Healthy", "programmed", gateway(ACCEPTED, PROGRAMMED, listener=[now("Conflicted", "False")])),
    Case("refused", "Degraded", "no class", gateway(now("Accepted", "False", "no class"), now("Programmed", "False"))),
    Case("references", "Degraded", "no Secret", gateway(ACCEPTED, now("ResolvedRefs", "False", "no Secret"))),
    Case("no-address", "Progressing", "no address", gateway(ACCEPTED, now("Programmed", "False", "no address"))),
    Case("no-message", "Progressing", "Programmed", gateway(ACCEPTED, now("Programmed", "False"))),
    Case(
        "older-spec",
        "Progressing",
        "status is about an older spec",
        gateway(ACCEPTED, condition("Programmed", "True", observedGeneration=1)),
    ),
    Case(
        "fix-not-seen-yet",
        "Progressing",
        "status is about an older spec",
        gateway(condition("Accepted", "False", "no class", observedGeneration=1)),
    ),
    Case(
        "listener",
        "Degraded",
        "listener http: no Secret",
        gateway(ACCEPTED, PROGRAMMED, listener=[now("ResolvedRefs", "False", "no Secret")]),
    ),
]

SCRIPTS = {
    "cluster": CLUSTER,
    "database-role": ROLE,
    "pooler": POOLER,
    "scheduled-backup": SCHEDULED,
    "horizontal-pod-autoscaler": SCALER,
    "gateway": GATEWAY,
}
