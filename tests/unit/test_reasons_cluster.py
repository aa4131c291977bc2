"""Why workloads are not ready where the cause is another object: a node, a claim, a namespace, a finalizer."""

from typing import Any

import pytest

from chatdb.deploy.objects import Manifest, key
from chatdb.deploy.reasons import Reason, reasons
from chatdb.deploy.reasons.workloads import reasons_of_autoscaler
from chatdb.deploy.snapshot import Snapshot

BEGAN = "2026-11-29T09:00:00Z"
LABELS = {"app": "one"}


def workload(**metadata: Any) -> Manifest:
    """A Deployment with one pod, which is not ready."""
    return {
        "kind": "Deployment",
        "metadata": {"name": "one", "namespace": "space", "uid": "1", "creationTimestamp": BEGAN, **metadata},
        "spec": {"replicas": 1, "selector": {"matchLabels": LABELS}},
        "status": {"replicas": 1},
    }


def pod(*, words: str = "", node: str = "", **spec: Any) -> Manifest:
    """Its pod: on a node, or with the words of the scheduler."""
    unplaced = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": words}
    return {
        "kind": "Pod",
        "metadata": {"name": "one-1", "namespace": "space", "labels": LABELS, "creationTimestamp": BEGAN},
        "spec": {"nodeName": node, **spec} if node else spec,
        "status": {"conditions": [] if node else [unplaced | {"lastTransitionTime": BEGAN}]},
    }


def found(one: Manifest, *others: Manifest, pods: tuple[Manifest, ...] = (), **warned: str) -> list[Reason]:
    """The reasons for which it is not ready, in a cluster with these other objects and warnings about claims."""
    warnings = {
        ("PersistentVolumeClaim", "space", "data"): [{"reason": name, "message": text} for name, text in warned.items()]
    }
    seen = Snapshot(objects={key(other): other for other in others}, pods=pods, warnings=warnings)
    return list(reasons(one, seen))


def condition(type_: str, status: str, message: str = "") -> dict[str, Any]:
    """A status with one condition."""
    return {"conditions": [{"type": type_, "status": status, "message": message, "lastTransitionTime": BEGAN}]}


def node(status: str = "True", **spec: Any) -> Manifest:
    """A node."""
    return {"kind": "Node", "metadata": {"name": "first"}, "spec": spec, "status": condition("Ready", status, "gone")}


def test_node_that_is_not_ready() -> None:
    """It holds what runs on it; one that is ready holds nothing."""
    (reason,) = found(workload(), node("Unknown"), pods=(pod(node="first"),))
    assert (reason.kind, reason.held_by, reason.since) == ("node", "Node first", BEGAN)
    assert reason.message == "node first is not Ready: gone"
    assert found(workload(), node(), pods=(pod(node="first"),)) == []


def test_cordoned_node() -> None:
    """The fix names it."""
    words = "0/1 nodes are available: 1 node(s) were unschedulable."
    (reason,) = found(workload(), node(unschedulable=True), pods=(pod(words=words),))
    assert (reason.kind, reason.held_by, reason.fix) == ("cordoned", "Node first", "`kubectl uncordon first`")


@pytest.mark.parametrize(
    ("words", "kind", "message"),
    [
        ("0/1 nodes are available: 1 Insufficient cpu.", "room", "too little CPU is free"),
        ("0/1 nodes are available: 1 Insufficient memory.", "room", "too little memory is free"),
        ("0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.", "room", "no node takes it"),
    ],
)
def test_pod_without_a_node(words: str, kind: str, message: str) -> None:
    """By the scheduler's words, since it said so."""
    (reason,) = found(workload(), pods=(pod(words=words),))
    assert (reason.kind, reason.held_by, reason.since) == (kind, "Pod space/one-1", BEGAN)
    assert message in reason.message


def test_claim_without_a_volume() -> None:
    """The claim holds the pod, in the words of what should provide the volume."""
    words = "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims."
    claim = {
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data", "namespace": "space", "creationTimestamp": BEGAN},
        "spec": {"storageClassName": "fast"},
        "status": {"phase": "Pending"},
    }
    own = pod(words=words, volumes=[{"emptyDir": {}}, {"persistentVolumeClaim": {"claimName": "data"}}])
    (reason,) = found(workload(), claim, pods=(own,), ProvisioningFailed='storageclass "fast" not found')
    assert (reason.kind, reason.held_by) == ("volume", "PersistentVolumeClaim space/data")
    assert 'claim data: storageclass "fast" not found' in reason.message
    (reason,) = found(workload(), pods=(own,))
    assert reason.held_by == "Pod space/one-1"


def test_finalizer_that_holds() -> None:
    """The one of Kubernetes' own goes by itself."""
    held = workload(deletionTimestamp=BEGAN, finalizers=["a.example/b", "foregroundDeletion"])
    (reason,) = found(held)
    assert reason.message == "Deployment space/one is deleted, and finalizer a.example/b holds it"
    assert "`kubectl patch deployment -n space one --type=merge" in reason.fix
    assert found(workload(deletionTimestamp=BEGAN, finalizers=["foregroundDeletion"])) == []
    assert found(workload(finalizers=["a.example/b"])) == []


def test_namespace_that_ends() -> None:
    """What holds it, in Kubernetes' own words."""
    words = "Some content in the namespace has finalizers remaining: a.example/b in 1 resource instances"
    namespace = {
        "kind": "Namespace",
        "metadata": {"name": "space", "deletionTimestamp": BEGAN},
        "status": condition("NamespaceFinalizersRemaining", "True", words),
    }
    (reason,) = found(workload(), namespace)
    assert (reason.kind, reason.held_by, reason.since) == ("namespace", "Namespace space", BEGAN)
    assert reason.message == f"namespace space is being deleted: {words}"


@pytest.mark.parametrize(
    ("words", "held_by", "message"),
    [
        ('configmap "settings" not found', "ConfigMap space/settings", "ConfigMap settings is missing"),
        ("couldn't find key url in Secret space/keys", "Secret space/keys", "Secret keys has no key url"),
    ],
)
def test_missing_configuration(words: str, held_by: str, message: str) -> None:
    """What is missing holds the pod."""
    waiting = {"reason": "CreateContainerConfigError", "message": words}
    own = pod(node="first")
    own["status"]["containerStatuses"] = [{"name": "one", "image": "any", "state": {"waiting": waiting}}]
    (reason,) = found(workload(), pods=(own,))
    assert (reason.held_by, reason.message) == (held_by, message)


def test_autoscaler() -> None:
    """Without metrics it does not scale; one that is turned off is meant so."""
    manifest: Manifest = {"kind": "HorizontalPodAutoscaler", "metadata": {"name": "one", "namespace": "space"}}
    failed = {"type": "ScalingActive", "status": "False", "reason": "FailedGetResourceMetric", "message": "no metrics"}
    (reason,) = reasons_of_autoscaler(manifest | {"status": {"conditions": [failed]}})
    assert (reason.kind, "metrics-server" in reason.fix) == ("metrics", True)
    for well in (failed | {"reason": "ScalingDisabled"}, failed | {"status": "True"}):
        assert list(reasons_of_autoscaler(manifest | {"status": {"conditions": [well]}})) == []
