"""Changes that the API server refuses: fields that it never changes in an object that exists.

Source: the validation of updates in Kubernetes, as its error messages state it; the end-to-end tests try each.
"""

from collections.abc import Mapping
from typing import Any

from chatdb.plan.applied import applied
from chatdb.plan.changes import Change
from chatdb.plan.fields import brief, within
from chatdb.plan.notes.model import Difference, Effect, Finder, Found, Rule
from chatdb.plan.notes.reading import size
from constructs_lib.rendered import Manifest

MUTABLE = (
    "replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy", "minReadySeconds",
)  # fmt: skip
"""Fields of a StatefulSet's spec that can change."""
ROLLING = "RollingUpdate"
RESIZED = ("spec.resources.requests", "spec.volumeAttributesClassName")
JOB = ("selector", "completions", "completionMode", "podFailurePolicy", "backoffLimitPerIndex", "successPolicy")
"""Fields of a Job's spec, beside its template, that cannot."""


def _spec(manifest: Manifest) -> Mapping[str, Any]:
    spec: Mapping[str, Any] = manifest.get("spec") or {}
    return spec


def _below(change: Change, *fields: str) -> list[str]:
    """The paths of the change that are one of these fields, or lie in it."""
    return [one.path for one in change.fields if not one.rewritten and any(within(one.path, field) for field in fields)]


def _refused(change: Change, paths: list[str]) -> str:
    """Which fields cannot change, with their values where they are short."""
    words = (f"{one.path} ({brief(one.before)} -> {brief(one.after)})" for one in change.fields if one.path in paths)
    return f"the API server refuses it: {', '.join(words)} cannot change"


def stateful_set_fields(difference: Difference) -> Found:
    """A field outside of those that a StatefulSet can change, but for the size of its volumes."""
    for _, after, change in difference.changed("StatefulSet"):
        mutable = _below(change, *(f"spec.{field}" for field in MUTABLE))
        if fixed := [path for path in _below(change, "spec") if path not in mutable]:
            yield after, _refused(change, fixed)


def selectors(difference: Difference) -> Found:
    """A selector of a Deployment or DaemonSet."""
    for _, after, change in difference.changed("Deployment", "DaemonSet"):
        if fixed := _below(change, "spec.selector"):
            yield after, _refused(change, fixed)


def job_templates(difference: Difference) -> Found:
    """What a Job runs, under the same name."""
    fixed = ("spec.template", *(f"spec.{field}" for field in JOB))
    for _, after, change in difference.changed("Job"):
        if paths := _below(change, *fixed):
            yield after, _refused(change, paths)


def claim_fields(difference: Difference) -> Found:
    """A field of a claim beside its size."""
    for before, after, change in difference.changed("PersistentVolumeClaim"):
        paths = _below(change, "spec")
        fixed = [path for path in paths if path not in _below(change, *RESIZED)]
        if fixed or size(after) < size(before):
            yield after, _refused(change, fixed or paths)


def cluster_ips(difference: Difference) -> Found:
    """A Service that gets an address, or becomes headless: the address that it has stays."""
    for before, after, change in difference.changed("Service"):
        types = {_spec(service).get("type") for service in (before, after)}
        if "ExternalName" not in types and (fixed := _below(change, "spec.clusterIP")):
            yield after, _refused(change, fixed)


def update_strategies(difference: Difference) -> Found:
    """A strategy that takes no figures for a rolling update, where the server has filled some in."""
    for before, after, _ in difference.changed("Deployment", "StatefulSet", "DaemonSet"):
        field = "strategy" if after["kind"] == "Deployment" else "updateStrategy"
        strategy = _spec(applied(before, after)).get(field) or {}
        if strategy.get("type") != ROLLING and strategy.get("rollingUpdate"):
            left = f"spec.{field}.rollingUpdate, which it has filled in, stays beside type {strategy.get('type')}"
            yield after, f"the API server refuses it: {left}"


def role_references(difference: Difference) -> Found:
    """A binding to another role."""
    for _, after, change in difference.changed("RoleBinding", "ClusterRoleBinding"):
        if fixed := _below(change, "roleRef"):
            yield after, _refused(change, fixed)


def sealed_data(difference: Difference) -> Found:
    """Data of a ConfigMap or Secret that is immutable, and the type of a Secret."""
    for before, after, change in difference.changed("ConfigMap", "Secret"):
        fixed = _below(change, "data", "binaryData", "stringData", "immutable") if before.get("immutable") else []
        if fixed := [*fixed, *_below(change, "type")]:
            yield after, _refused(change, fixed)


def _refusal(id_: str, find: Finder, steps: str) -> Rule:
    return Rule(id=id_, effect=Effect.REFUSED, find=find, steps=steps, blocking=True)


RULES = (
    _refusal(
        "statefulset-field",
        stateful_set_fields,
        "revert it; or, where the new form is meant: `kubectl delete statefulset -n {namespace} {name}"
        " --cascade=orphan`, and sync. Pods and claims stay; an existing claim keeps its size",
    ),
    _refusal(
        "selector",
        selectors,
        "revert it; or `kubectl delete {kind} -n {namespace} {name}`, and sync: no pod runs meanwhile",
    ),
    _refusal(
        "job-template",
        job_templates,
        "give the Job another name, or `kubectl delete job -n {namespace} {name}`, and sync",
    ),
    _refusal(
        "claim-field",
        claim_fields,
        "revert it; or make another claim, copy the data with both mounted, and then mount the new one",
    ),
    _refusal(
        "cluster-ip",
        cluster_ips,
        "revert it; or `kubectl delete service -n {namespace} {name}`, and sync: its address is gone meanwhile",
    ),
    _refusal(
        "update-strategy",
        update_strategies,
        "write every field of `rollingUpdate` out and sync; then this change removes them",
    ),
    _refusal(
        "role-ref",
        role_references,
        "give the binding another name, so that the old one is deleted after the new one is there",
    ),
    _refusal(
        "immutable-data",
        sealed_data,
        "give it another name, and use that in what reads it",
    ),
)
