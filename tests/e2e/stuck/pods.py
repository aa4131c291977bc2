"""Pods that are not ready: what a kubelet and the scheduler report, their nodes, their volumes, and Jobs."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.e2e.cluster import VOLUMES, volume
from tests.e2e.deploying import FAILS
from tests.e2e.deployment import Deployment
from tests.e2e.faults import failing, never_ready, new_pods
from tests.e2e.stuck.case import (
    Case,
    Cause,
    Made,
    as_printed,
    delete,
    job_of,
    path,
    remake,
)

SYSTEM = "chatdb-system"
POD = f"Pod {SYSTEM}/minio-"


def fails(how: str) -> Made:
    """The pods of minio fail like that, and their successors are well: what made them fail is corrected."""
    return lambda platform: failing(platform, "minio", how)


@contextmanager
def no_node(platform: Deployment) -> Iterator[None]:
    """New pods ask for a label that no node has."""
    with never_ready(platform, "minio"):
        remake(platform, "minio")
        yield


@contextmanager
def full_node(platform: Deployment) -> Iterator[None]:
    """The node has less CPU than its pods request."""
    status = f"/api/v1/nodes/{platform.cluster.nodes[0]}/status"
    node = platform.api.request("GET", status)
    for room in ("500m", node["status"]["allocatable"]["cpu"]):
        platform.api.patch(status, {"status": {"allocatable": {"cpu": room}}})
        if room == "500m":
            remake(platform, "minio")
            yield


@contextmanager
def cordoned(platform: Deployment) -> Iterator[None]:
    """Somebody has cordoned the node, and a pod ends."""
    platform.api.patch(f"/api/v1/nodes/{platform.cluster.nodes[0]}", {"spec": {"unschedulable": True}})
    remake(platform, "minio")
    yield


@contextmanager
def lost_node(platform: Deployment) -> Iterator[None]:
    """There is a node whose kubelet says that it is not ready."""
    state = {"type": "Ready", "status": "False", "reason": "KubeletNotReady", "message": "PLEG is not healthy"}
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "second"}, "status": {"conditions": [state]}}
    platform.api.request("POST", "/api/v1/nodes", node)
    yield
    platform.api.delete("/api/v1/nodes/second")


@contextmanager
def no_volume(platform: Deployment) -> Iterator[None]:
    """No volume is left for a claim that is made anew."""
    for free in platform.api.list("v1", "PersistentVolume"):
        if free.get("status", {}).get("phase") == "Available":
            platform.api.delete(platform.api.of(free))
    platform.api.delete(path(platform, "v1", "PersistentVolumeClaim", SYSTEM, "data-postgres-0"))
    remake(platform, "postgres")
    yield


def add_volumes(platform: Deployment, _cause: Cause) -> None:
    """Give the cluster more volumes, as its administrator or a provisioner does."""
    for number in range(VOLUMES, VOLUMES + 3):
        platform.api.apply(volume(platform.cluster.folder, number))


@contextmanager
def failed_job(platform: Deployment) -> Iterator[None]:
    """A Job runs again, and fails for good."""
    with new_pods(platform, "kafka-topics", "/metadata/annotations", {FAILS: "job"}):
        job = job_of(platform, "kafka-topics")["metadata"]
        delete(platform, "batch/v1", "Job", job["namespace"], job["name"])
        yield


PODS: dict[str, Case] = {
    "image": Case(
        made=fails("image"),
        kind="image",
        held_by=POD,
        message="can't be pulled (ImagePullBackOff",
        advice="look at its tag",
    ),
    "crash": Case(
        made=fails("crash"),
        kind="crash",
        held_by=POD,
        message="4 restarts, the last with exit code 3",
        advice="--previous",
    ),
    "memory": Case(
        made=fails("memory"),
        kind="memory",
        held_by=POD,
        message="more memory than its limit",
        advice="raise the limit",
    ),
    "secret": Case(
        made=fails("secret"),
        kind="secret",
        held_by=f"Secret {SYSTEM}/minio-credentials",
        message="Secret minio-credentials is missing",
        advice="kubectl delete job -n chatdb-system -l app=credentials",
        after=as_printed,
    ),
    "config": Case(
        made=fails("config"),
        kind="configmap",
        held_by=f"ConfigMap {SYSTEM}/minio-config",
        message="ConfigMap minio-config is missing",
        advice="chatdb synth",
    ),
    "probe": Case(
        made=fails("probe"),
        kind="probe",
        held_by=POD,
        message="its probe fails: Readiness probe",
        advice="kubectl logs",
    ),
    "no-node": Case(made=no_node, kind="room", held_by=POD, message="no node takes it", advice="kubectl describe pod"),
    "full-node": Case(
        made=full_node,
        kind="room",
        held_by=POD,
        message="too little CPU is free",
        advice="chatdb capacity",
    ),
    "cordoned": Case(
        made=cordoned,
        kind="cordoned",
        held_by="Node minikube",
        message="its node takes no new pods",
        advice="kubectl uncordon minikube",
        fix=as_printed,
    ),
    "node": Case(
        made=lost_node,
        kind="node",
        held_by="Node second",
        message="PLEG is not healthy",
        advice="kubectl describe node",
    ),
    "volume": Case(
        made=no_volume,
        kind="volume",
        held_by=f"PersistentVolumeClaim {SYSTEM}/data-postgres-0",
        message="it has no volume yet",
        advice="storage-provisioner",
        fix=add_volumes,
    ),
    "job": Case(
        made=failed_job,
        kind="job",
        held_by=f"Job {SYSTEM}/kafka-topics-",
        message="the Job has failed",
        advice="kubectl delete job",
        after=as_printed,
    ),
}
