"""Ways of being stuck that Kubernetes itself knows: pods, their nodes and volumes, and what the API server refuses."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

from tests.e2e.api import Manifest
from tests.e2e.cluster import VOLUMES, volume
from tests.e2e.deploying import FAILS
from tests.e2e.deployment import Deployment
from tests.e2e.faults import failing, never_ready, new_pods
from tests.e2e.stuck import (
    Case,
    Cause,
    Made,
    applied,
    as_printed,
    delete,
    grant,
    job_of,
    kubectl,
    path,
    refuses_pods,
    remake,
    until,
)

SYSTEM, SERVICES, TESTING = "chatdb-system", "chatdb-services", "chatdb-testing"
POD = f"Pod {SYSTEM}/minio-"
CUSTOM = {"seLinuxOptions": {"type": "custom_t"}}


def fails(how: str) -> Made:
    """The pods of minio fail like that, and their successors are well: what made them fail is corrected."""
    return lambda platform: failing(platform, "minio", how)


@contextmanager
def new_pod(platform: Deployment, at: str, value: Mapping[str, object]) -> Iterator[None]:
    """New pods of minio have that value at that path, and there is a new one."""
    with new_pods(platform, "minio", at, value):
        remake(platform, "minio")
        yield


def insecure(platform: Deployment) -> AbstractContextManager[None]:
    """New pods ask for what Pod Security forbids."""
    return new_pod(platform, "/spec/securityContext", CUSTOM)


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
def quota(platform: Deployment) -> Iterator[None]:
    """A quota of somebody else's leaves no room for a pod."""
    head = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "tight", "namespace": SYSTEM}}
    tight = head | {"spec": {"hard": {"pods": "0"}}}
    with applied(platform, tight):
        until(lambda: platform.api.request("GET", platform.api.of(tight)).get("status", {}).get("hard"))
        remake(platform, "minio")
        yield


@contextmanager
def silent_webhook(platform: Deployment) -> Iterator[None]:
    """A webhook for pods is not there any more, and its configuration is."""
    hook = {
        "name": "gone.test.invalid",
        "clientConfig": {"url": "https://127.0.0.1:1/"},
        "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}],
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": SYSTEM}},
        "failurePolicy": "Fail",
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
    }
    version, kind = "admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration"
    with applied(platform, {"apiVersion": version, "kind": kind, "metadata": {"name": "gone"}, "webhooks": [hook]}):
        until(lambda: refuses_pods(platform, SYSTEM, "minio"))
        remake(platform, "minio")
        yield


@contextmanager
def policy(platform: Deployment) -> Iterator[None]:
    """An admission policy refuses pods of minio."""
    version = "admissionregistration.k8s.io/v1"
    rules = [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}]
    spec = {
        "matchConstraints": {"resourceRules": rules},
        "matchConditions": [{"name": "minio", "expression": "object.metadata.?labels.app.orValue('') == 'minio'"}],
        "validations": [{"expression": "false", "message": "no pods today"}],
    }
    rule = {
        "apiVersion": version,
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": "no-pods"},
        "spec": spec,
    }
    bound = {
        "apiVersion": version,
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": "no-pods"},
        "spec": {"policyName": "no-pods", "validationActions": ["Deny"]},
    }
    with applied(platform, rule, bound):
        until(lambda: refuses_pods(platform, SYSTEM, "minio"))
        remake(platform, "minio")
        yield


@contextmanager
def failed_job(platform: Deployment) -> Iterator[None]:
    """A Job runs again, and fails for good."""
    with new_pods(platform, "kafka-topics", "/metadata/annotations", {FAILS: "job"}):
        job = job_of(platform, "kafka-topics")["metadata"]
        delete(platform, "batch/v1", "Job", job["namespace"], job["name"])
        yield


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


def _held(kind: str, namespace: str, name: str) -> Manifest:
    metadata = {"name": name, "namespace": namespace, "finalizers": ["test.invalid/hold"]}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata}


@contextmanager
def ending_namespace(platform: Deployment) -> Iterator[None]:
    """Somebody has deleted a namespace, and an object in it has a finalizer that nobody takes away."""
    platform.api.apply(_held("ConfigMap", TESTING, "held"))
    platform.api.delete(f"/api/v1/namespaces/{TESTING}")
    yield


def take_finalizer(platform: Deployment, _cause: Cause) -> None:
    """Take the finalizer away from what is left, which the message names."""
    platform.api.patch(path(platform, "v1", "ConfigMap", TESTING, "held"), {"metadata": {"finalizers": None}})
    until(lambda: kubectl(platform, f"kubectl create namespace {TESTING}").returncode == 0 or _active(platform))
    # The Role by which the namespace was read is gone with it.
    grant(platform)


def _active(platform: Deployment) -> bool:
    phase: str = platform.api.read("v1", "Namespace", None, TESTING)["status"]["phase"]
    return phase == "Active"


@contextmanager
def held_deployment(platform: Deployment) -> Iterator[None]:
    """Somebody has deleted a Deployment that has a finalizer."""
    place = path(platform, "apps/v1", "Deployment", SYSTEM, "minio")
    platform.api.patch(place, {"metadata": {"finalizers": ["test.invalid/hold"]}})
    delete(platform, "apps/v1", "Deployment", SYSTEM, "minio")
    yield


@contextmanager
def autoscaler(platform: Deployment) -> Iterator[None]:
    """An autoscaler in a cluster without metrics-server."""
    target = {"type": "Utilization", "averageUtilization": 70}
    spec = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "ml-engine"},
        "minReplicas": 1,
        "maxReplicas": 1,
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
    }
    head = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler"}
    with applied(platform, head | {"metadata": {"name": "ml-engine", "namespace": SERVICES}, "spec": spec}):
        yield


WORKLOADS: dict[str, Case] = {
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
    "quota": Case(
        made=quota,
        kind="quota",
        held_by=f"ResourceQuota {SYSTEM}/tight",
        message="is used up",
        advice="free what else",
    ),
    "security": Case(
        made=insecure,
        kind="security",
        held_by=f"Namespace {SYSTEM}",
        message="seLinuxOptions",
        advice="chatdb check",
    ),
    "silent-webhook": Case(
        made=silent_webhook,
        kind="webhook-silent",
        held_by="webhook gone.test.invalid",
        message="does not answer",
        advice="delete its configuration",
    ),
    "policy": Case(
        made=policy,
        kind="policy",
        held_by="ValidatingAdmissionPolicy no-pods",
        message="no pods today",
        advice="kubectl describe validatingadmissionpolicy no-pods",
    ),
    "job": Case(
        made=failed_job,
        kind="job",
        held_by=f"Job {SYSTEM}/kafka-topics-",
        message="the Job has failed",
        advice="kubectl delete job",
        after=as_printed,
    ),
    "volume": Case(
        made=no_volume,
        kind="volume",
        held_by=f"PersistentVolumeClaim {SYSTEM}/data-postgres-0",
        message="it has no volume yet",
        advice="storage-provisioner",
        fix=add_volumes,
    ),
    "namespace": Case(
        made=ending_namespace,
        kind="namespace",
        held_by=f"Namespace {TESTING}",
        message="finalizers remaining: test.invalid/hold",
        advice="finalizers",
        fix=take_finalizer,
    ),
    "finalizer": Case(
        made=held_deployment,
        kind="finalizer",
        held_by=f"Deployment {SYSTEM}/minio",
        message="finalizer test.invalid/hold holds it",
        advice="kubectl patch deployment",
        fix=as_printed,
    ),
    "autoscaler": Case(
        made=autoscaler,
        kind="metrics",
        held_by=f"HorizontalPodAutoscaler {SERVICES}/ml-engine",
        message="does not scale",
        advice="metrics-server",
    ),
}
