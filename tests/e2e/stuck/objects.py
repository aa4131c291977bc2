"""Objects that the API server refuses or keeps, and autoscalers."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

from tests.e2e.api import Manifest
from tests.e2e.deployment import Deployment
from tests.e2e.faults import new_pods
from tests.e2e.stuck.case import (
    Case,
    Cause,
    applied,
    as_printed,
    delete,
    grant,
    kubectl,
    path,
    refuses_pods,
    remake,
    until,
)

SYSTEM, SERVICES, TESTING = "chatdb-system", "chatdb-services", "chatdb-testing"
CUSTOM = {"seLinuxOptions": {"type": "custom_t"}}


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


OBJECTS: dict[str, Case] = {
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
