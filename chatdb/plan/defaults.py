"""What the API server fills in where a manifest says nothing, as data.

A path leads to mappings: `[]` stands for every item of a list, `+` for a mapping that is made where it is missing.
Source: Kubernetes' API reference, and the definitions of the custom resources. `tests/e2e/test_plan.py` applies every
rendered object to an API server and compares.
"""

from collections.abc import Mapping
from typing import Any

Defaults = Mapping[str, Mapping[str, Any]]
"""Path -> fields with their values."""

RBAC = "rbac.authorization.k8s.io"
GATEWAY = "gateway.networking.k8s.io"
MODE = {"defaultMode": 0o644}
FIELD = {"apiVersion": "v1"}
TCP = {"protocol": "TCP"}
HTTP = {"path": "/", "scheme": "HTTP"}
TEMPLATE = "spec.template.spec"
PODS: Mapping[tuple[str, str], str] = {
    ("apps", "Deployment"): TEMPLATE,
    ("apps", "StatefulSet"): TEMPLATE,
    ("apps", "DaemonSet"): TEMPLATE,
    ("batch", "Job"): TEMPLATE,
    ("batch", "CronJob"): "spec.jobTemplate.spec.template.spec",
}
"""Where the pod is."""
PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
CONTAINER: Defaults = {
    "": {"terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"},
    "resources+": {},
    "ports[]": TCP,
    "env[].valueFrom.fieldRef": FIELD,
    "env[].valueFrom.resourceFieldRef": {"divisor": "0"},
    **{
        probe: {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}
        for probe in PROBES
    },
    **{f"{probe}.httpGet": HTTP for probe in PROBES},
    **{f"lifecycle.{moment}.httpGet": HTTP for moment in ("postStart", "preStop")},
}
SOURCES = "volumes[].projected.sources[]"
POD: Defaults = {
    "": {
        "restartPolicy": "Always", "dnsPolicy": "ClusterFirst", "schedulerName": "default-scheduler",
        "terminationGracePeriodSeconds": 30,
    },
    "securityContext+": {},
    **{f"volumes[].{source}": MODE for source in ("configMap", "secret", "projected", "downwardAPI")},
    "volumes[].downwardAPI.items[].fieldRef": FIELD,
    f"{SOURCES}.downwardAPI.items[].fieldRef": FIELD,
    f"{SOURCES}.serviceAccountToken": {"expirationSeconds": 3600},
    **{f"containers[].{probe}.grpc": {"service": ""} for probe in PROBES},
    **{f"containers[].{path}".removesuffix("."): values for path, values in CONTAINER.items()},
    **{f"initContainers[].{path}".removesuffix("."): values for path, values in CONTAINER.items()},
}  # fmt: skip
KINDS: Mapping[tuple[str, str], Defaults] = {
    ("", "PersistentVolumeClaim"): {"spec": {"volumeMode": "Filesystem"}},
    ("", "Secret"): {"": {"type": "Opaque"}},
    ("", "Service"): {"spec": {"type": "ClusterIP", "sessionAffinity": "None"}, "spec.ports[]": TCP},
    ("apps", "DaemonSet"): {
        "spec": {"revisionHistoryLimit": 10},
        "spec.updateStrategy+": {"type": "RollingUpdate"},
    },
    ("apps", "Deployment"): {
        "spec": {"replicas": 1, "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600},
        "spec.strategy+": {"type": "RollingUpdate"},
    },
    ("apps", "StatefulSet"): {
        "spec": {"replicas": 1, "revisionHistoryLimit": 10, "podManagementPolicy": "OrderedReady"},
        "spec.updateStrategy+": {"type": "RollingUpdate"},
        "spec.persistentVolumeClaimRetentionPolicy+": {"whenDeleted": "Retain", "whenScaled": "Retain"},
        "spec.volumeClaimTemplates[].spec": {"volumeMode": "Filesystem"},
        "spec.volumeClaimTemplates[]": {"apiVersion": "v1", "kind": "PersistentVolumeClaim"},
    },
    ("autoscaling", "HorizontalPodAutoscaler"): {
        "spec": {"minReplicas": 1},
        "spec.behavior.scaleUp+": {
            "stabilizationWindowSeconds": 0,
            "selectPolicy": "Max",
            "policies": [
                {"type": "Pods", "value": 4, "periodSeconds": 15},
                {"type": "Percent", "value": 100, "periodSeconds": 15},
            ],
        },
        "spec.behavior.scaleDown+": {
            "selectPolicy": "Max",
            "policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}],
        },
    },
    ("batch", "CronJob"): {
        "spec": {
            "concurrencyPolicy": "Allow", "suspend": False, "successfulJobsHistoryLimit": 3,
            "failedJobsHistoryLimit": 1,
        },
        "spec.jobTemplate.metadata+": {},
    },
    ("batch", "Job"): {
        "spec": {
            "backoffLimit": 6, "suspend": False, "completionMode": "NonIndexed", "manualSelector": False,
        },
    },
    ("networking.k8s.io", "NetworkPolicy"): {
        f"spec.{direction}[].ports[]": TCP for direction in ("ingress", "egress")
    },
    (RBAC, "RoleBinding"): {"roleRef": {"apiGroup": RBAC}},
    (RBAC, "ClusterRoleBinding"): {"roleRef": {"apiGroup": RBAC}},
    (GATEWAY, "Gateway"): {"spec.listeners[].allowedRoutes+.namespaces+": {"from": "Same"}},
    (GATEWAY, "HTTPRoute"): {
        "spec.parentRefs[]": {"group": GATEWAY, "kind": "Gateway"},
        "spec.rules[].backendRefs[]": {"group": "", "kind": "Service", "weight": 1},
    },
    ("postgresql.cnpg.io", "Cluster"): {
        "spec": {
            "enablePDB": True, "failoverDelay": 0, "logLevel": "info", "maxSyncReplicas": 0, "minSyncReplicas": 0,
            "primaryUpdateMethod": "restart", "primaryUpdateStrategy": "unsupervised", "startDelay": 3600,
        },
        "spec.replicationSlots+": {"updateInterval": 30},
        "spec.replicationSlots+.highAvailability+": {"enabled": True, "slotPrefix": "_cnpg_"},
        "spec.storage": {"resizeInUseVolumes": True},
    },
}  # fmt: skip
"""(API group, kind) -> what is filled in, but for its pod."""
BUILT_IN = frozenset({
    "", "apps", "autoscaling", "batch", "policy", "apiextensions.k8s.io", "networking.k8s.io", "storage.k8s.io",
    "scheduling.k8s.io", "admissionregistration.k8s.io", RBAC,
})  # fmt: skip
"""Groups whose objects the server writes anew: without nulls and empty fields, and with quantities in one form."""
AMOUNTS = frozenset({"requests", "limits", "hard", "default", "defaultRequest"})
"""Mappings to quantities."""
SIZES = frozenset({"sizeLimit", "averageValue"})
"""Fields that are quantities."""
MAPS = frozenset({
    "labels", "annotations", "data", "binaryData", "stringData", "nodeSelector", "matchLabels", "requests", "limits"
})  # fmt: skip
"""Mappings that the server leaves out where they are empty."""
PLAIN = frozenset({
    "clusterIP", "externalName", "hostIP", "hostIPC", "hostNetwork", "hostPID", "hostPort", "hostname",
    "initialDelaySeconds", "medium", "minReadySeconds", "nodeName", "nodePort", "paused", "priorityClassName",
    "publishNotReadyAddresses", "readOnly", "serviceAccountName", "stdin", "stdinOnce", "subPath", "subPathExpr",
    "subdomain", "tty", "value", "workingDir",
})  # fmt: skip
"""Fields that the server leaves out where they are empty, 0 or false."""
