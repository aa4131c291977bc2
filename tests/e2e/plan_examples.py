"""Objects that leave out, or write out as empty, what the rendered ones do not: each default of a plan is in one."""

from typing import Any

from constructs_lib.rendered import Manifest

IMAGE = "example.com/example:1"
LABELS = {"app": "example"}
SELECTOR = {"matchLabels": LABELS}
EMPTY_POD = {
    "hostIPC": False, "hostNetwork": False, "hostPID": False, "hostname": "", "nodeName": "", "nodeSelector": {},
    "priorityClassName": "", "subdomain": "", "tolerations": [],
}  # fmt: skip
EMPTY_CONTAINER = {
    "args": [], "stdin": False, "stdinOnce": False, "tty": False, "workingDir": "",
    "env": [{"name": "EMPTY", "value": ""}],
    "ports": [{"containerPort": 1, "hostIP": "", "hostPort": 0}],
    "livenessProbe": {"grpc": {"port": 1}, "initialDelaySeconds": 0},
    "volumeMounts": [{"name": "empty", "mountPath": "/empty", "readOnly": False, "subPath": "", "subPathExpr": ""}],
}  # fmt: skip
SPARSE_CONTAINER = {
    "name": "sparse",
    "image": "example.com/example",
    "env": [
        {"name": "FIELD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "AMOUNT", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}},
    ],
    "ports": [{"containerPort": 2}],
    **{probe: {"httpGet": {"port": 2}} for probe in ("livenessProbe", "readinessProbe", "startupProbe")},
    "lifecycle": {moment: {"httpGet": {"port": 2}} for moment in ("postStart", "preStop")},
    "resources": {"limits": {"cpu": "0.5", "memory": "1024Mi"}, "requests": {"cpu": 0.25}},
}
INITIAL_CONTAINER = {**SPARSE_CONTAINER, "name": "first", "restartPolicy": "Always", "ports": [{"containerPort": 3}]}
LABEL_FIELD = {"items": [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}]}
VOLUMES: list[dict[str, Any]] = [
    {"name": "empty", "emptyDir": {"medium": "", "sizeLimit": "1024Ki"}},
    {"name": "map", "configMap": {"name": "example"}},
    {"name": "secret", "secret": {"secretName": "example"}},
    {"name": "labels", "downwardAPI": LABEL_FIELD},
    {
        "name": "several",
        "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}, {"downwardAPI": LABEL_FIELD}]},
    },
]
SPARSE_POD = {
    "serviceAccountName": "example",
    "initContainers": [INITIAL_CONTAINER],
    "containers": [SPARSE_CONTAINER, {"name": "empty", "image": "example.com/example:latest", **EMPTY_CONTAINER}],
    "volumes": VOLUMES,
}
GRPC = {probe: {"grpc": {"port": 1}} for probe in ("readinessProbe", "startupProbe")}
TEMPLATE = {"metadata": {"labels": LABELS}, "spec": {**EMPTY_POD, **SPARSE_POD}}
PLAIN_TEMPLATE: dict[str, dict[str, Any]] = {
    "metadata": {"labels": LABELS, "annotations": {}},
    "spec": {
        "containers": [
            {"name": "plain", "image": IMAGE, "env": [], "resources": {"limits": {}, "requests": {}}, **GRPC}
        ],
        "serviceAccountName": "",
    },
}
JOB = {"metadata": {"labels": LABELS}, "spec": {**PLAIN_TEMPLATE["spec"], "restartPolicy": "Never"}}
METRIC = {
    "type": "Resource",
    "resource": {"name": "memory", "target": {"type": "AverageValue", "averageValue": "1024Mi"}},
}
TARGET = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "example"}


def _one(api_version: str, kind: str, name: str, **fields: Any) -> Manifest:
    place = {} if kind.startswith("Cluster") else {"namespace": "example"}
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "labels": LABELS, **place}, **fields}


EXAMPLES: tuple[Manifest, ...] = (
    _one("apps/v1", "Deployment", "sparse", spec={
        "selector": SELECTOR, "template": TEMPLATE, "minReadySeconds": 0, "paused": False,
    }),
    _one("apps/v1", "Deployment", "plain", spec={"selector": SELECTOR, "template": PLAIN_TEMPLATE}),
    _one("apps/v1", "DaemonSet", "sparse", spec={"selector": SELECTOR, "template": PLAIN_TEMPLATE}),
    _one("apps/v1", "StatefulSet", "sparse", spec={
        "selector": SELECTOR, "template": PLAIN_TEMPLATE, "serviceName": "example", "volumeClaimTemplates": [
            {"metadata": {"name": "data"}, "spec": {
                "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1024Mi"}},
            }},
        ],
    }),
    _one("batch/v1", "Job", "sparse", spec={"template": JOB}),
    _one("batch/v1", "Job", "parallel", spec={"template": JOB, "parallelism": 2}),
    _one("batch/v1", "CronJob", "sparse", spec={"schedule": "0 3 * * *", "jobTemplate": {"spec": {"template": JOB}}}),
    _one("v1", "LimitRange", "units", spec={
        "limits": [{"type": "Container", "default": {"cpu": "0.5"}, "defaultRequest": {"cpu": "0.25"}}],
    }),
    _one("v1", "ResourceQuota", "units", spec={"hard": {"limits.cpu": "1000m", "pods": 3}}),
    {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "plain", "namespace": "example", "labels": {}}},
    _one("v1", "ConfigMap", "empty", data={}, binaryData={}),
    _one("v1", "Secret", "empty", stringData={}),
    _one("v1", "PersistentVolumeClaim", "sparse", spec={
        "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1024Mi"}},
    }),
    _one("v1", "Service", "outside", spec={"type": "ExternalName", "externalName": "example.com"}),
    _one("v1", "Service", "sparse", spec={
        "ports": [{"port": 1, "nodePort": 0}], "clusterIP": "", "externalName": "", "publishNotReadyAddresses": False,
    }),
    _one("v1", "Service", "of-nodes", spec={"type": "NodePort", "ports": [{"port": 1, "nodePort": 30123}]}),
    _one("networking.k8s.io/v1", "NetworkPolicy", "sparse", spec={
        "podSelector": {"matchLabels": {}}, "ingress": [{"ports": [{"port": 1}]}], "egress": [{"ports": [{"port": 1}]}],
    }),
    _one("networking.k8s.io/v1", "NetworkPolicy", "closed", spec={"podSelector": {}, "egress": []}),
    _one("rbac.authorization.k8s.io/v1", "RoleBinding", "sparse", roleRef={"kind": "Role", "name": "example"}),
    _one("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "sparse", roleRef={"kind": "ClusterRole", "name": "a"}),
    _one("autoscaling/v2", "HorizontalPodAutoscaler", "sparse", spec={
        "maxReplicas": 2, "scaleTargetRef": TARGET, "metrics": [METRIC], "behavior": {"scaleUp": {}},
    }),
)  # fmt: skip
