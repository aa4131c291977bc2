"""One form for all manifests that mean the same to the API server: defaults filled in, quantities canonical.

The defaults are those of Kubernetes' API reference for the kinds and fields that the generator renders; a test applies
every rendered object to a real API server and compares.
"""

from collections.abc import Callable, Mapping
from typing import Any

from constructs_lib.pods import api_group
from constructs_lib.quantity import canonical
from constructs_lib.rendered import Manifest

Tree = dict[str, Any]

PROBE = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}
CONTAINER = {"terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"}
POD: Mapping[str, Any] = {
    "restartPolicy": "Always", "dnsPolicy": "ClusterFirst", "schedulerName": "default-scheduler",
    "terminationGracePeriodSeconds": 30,
}  # fmt: skip
SPECS: Mapping[tuple[str, str], Mapping[str, Any]] = {
    ("apps", "Deployment"): {"replicas": 1, "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600},
    ("apps", "StatefulSet"): {"replicas": 1, "revisionHistoryLimit": 10, "podManagementPolicy": "OrderedReady"},
    ("apps", "DaemonSet"): {"revisionHistoryLimit": 10},
    ("batch", "Job"): {"backoffLimit": 6, "suspend": False},
    ("batch", "CronJob"): {
        "concurrencyPolicy": "Allow", "suspend": False, "successfulJobsHistoryLimit": 3, "failedJobsHistoryLimit": 1
    },
    ("", "Service"): {"type": "ClusterIP", "sessionAffinity": "None"},
    ("", "PersistentVolumeClaim"): {"volumeMode": "Filesystem"},
    ("autoscaling", "HorizontalPodAutoscaler"): {"minReplicas": 1},
}  # fmt: skip
"""Fields of `spec` that the server sets where they are missing."""
PLAIN: Mapping[str, Mapping[str, Any]] = {
    "livenessProbe": PROBE,
    "readinessProbe": PROBE,
    "startupProbe": PROBE,
    "httpGet": {"scheme": "HTTP"},
    "fieldRef": {"apiVersion": "v1"},
    "configMap": {"defaultMode": 0o644},
    "secret": {"defaultMode": 0o644},
    "projected": {"defaultMode": 0o644},
}
"""Fields of a pod's parts, wherever they stand in it."""
AMOUNTS = ("requests", "limits", "hard", "min", "max", "default", "defaultRequest", "maxLimitRequestRatio", "capacity")
SIZES = ("sizeLimit", "averageValue")
EMPTY = ("labels", "annotations", "data", "binaryData", "stringData", "nodeSelector", "matchLabels", *AMOUNTS)
"""Mappings that the server leaves out where they are empty."""


def normal(manifest: Manifest) -> Manifest:
    """The manifest as the API server would complete it; one of a custom resource as it is."""
    if not _built_in(manifest):
        return manifest
    made: Manifest = cleaned(manifest)
    spec = made.get("spec")
    if isinstance(spec, dict):
        for name, value in SPECS.get((api_group(made), made["kind"]), {}).items():
            spec.setdefault(name, value)
        complete = KINDS.get(made["kind"])
        if complete:
            complete(spec)
    return made


def _built_in(manifest: Manifest) -> bool:
    group = api_group(manifest)
    return "." not in group or group.endswith(".k8s.io")


def cleaned(node: Any, name: str = "") -> Any:
    """Without nulls and empty lists, with every quantity in its canonical form."""
    if isinstance(node, dict):
        if name in AMOUNTS and all(isinstance(value, str | int | float) for value in node.values()):
            return {key: canonical(value) for key, value in node.items()}
        children = {key: cleaned(value, key) for key, value in node.items()}
        return {key: value for key, value in children.items() if not _missing(key, value)}
    if isinstance(node, list):
        return [cleaned(item) for item in node]
    return canonical(node) if name in SIZES and isinstance(node, str | int | float) else node


def _missing(name: str, value: Any) -> bool:
    return value is None or value == [] or (value == {} and name in EMPTY)


def _pod(template: Tree) -> None:
    spec = template.get("spec")
    if not isinstance(spec, dict):
        return
    for name, value in POD.items():
        spec.setdefault(name, value)
    spec.setdefault("securityContext", {})
    for field in ("initContainers", "containers"):
        for container in spec.get(field, []):
            _container(container)
    _plain(spec)


def _container(container: Tree) -> None:
    for name, value in CONTAINER.items():
        container.setdefault(name, value)
    image = str(container.get("image", ""))
    moving = "@" not in image and image.rpartition("/")[2].partition(":")[2] in ("", "latest")
    container.setdefault("imagePullPolicy", "Always" if moving else "IfNotPresent")
    resources = container.setdefault("resources", {})
    if limits := resources.get("limits"):
        resources["requests"] = {**limits, **resources.get("requests", {})}
    for port in container.get("ports", []):
        port.setdefault("protocol", "TCP")


def _plain(node: Any, name: str = "") -> None:
    """Complete the parts of a pod, however deep they lie."""
    if isinstance(node, list):
        for item in node:
            _plain(item, name)
    elif isinstance(node, dict):
        for field, value in PLAIN.get(name, {}).items():
            node.setdefault(field, value)
        for field, value in node.items():
            _plain(value, field)


def _deployment(spec: Tree) -> None:
    strategy = spec.setdefault("strategy", {})
    if strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxSurge", "25%")
        rolling.setdefault("maxUnavailable", "25%")
    _pod(spec.get("template", {}))


def _stateful_set(spec: Tree) -> None:
    update = spec.setdefault("updateStrategy", {})
    if update.setdefault("type", "RollingUpdate") == "RollingUpdate":
        update.setdefault("rollingUpdate", {}).setdefault("partition", 0)
    spec.setdefault("persistentVolumeClaimRetentionPolicy", {"whenDeleted": "Retain", "whenScaled": "Retain"})
    for claim in spec.get("volumeClaimTemplates", []):
        claim.get("spec", {}).setdefault("volumeMode", "Filesystem")
    _pod(spec.get("template", {}))


def _job(spec: Tree) -> None:
    if "completions" not in spec and "parallelism" not in spec:
        spec["completions"] = 1
    spec.setdefault("parallelism", 1)
    spec.setdefault("completionMode", "NonIndexed")
    _pod(spec.get("template", {}))


def _cron_job(spec: Tree) -> None:
    job = spec.get("jobTemplate", {}).get("spec")
    if isinstance(job, dict):
        _pod(job.get("template", {}))


def _service(spec: Tree) -> None:
    for port in spec.get("ports", []):
        port.setdefault("protocol", "TCP")
        port.setdefault("targetPort", port.get("port"))


def _network_policy(spec: Tree) -> None:
    spec.setdefault("policyTypes", ["Ingress", *(["Egress"] if spec.get("egress") else [])])
    for rule in (*spec.get("ingress", []), *spec.get("egress", [])):
        for port in rule.get("ports", []):
            port.setdefault("protocol", "TCP")


def _template(spec: Tree) -> None:
    _pod(spec.get("template", {}))


KINDS: Mapping[str, Callable[[Tree], None]] = {
    "Deployment": _deployment,
    "StatefulSet": _stateful_set,
    "DaemonSet": _template,
    "Job": _job,
    "CronJob": _cron_job,
    "Service": _service,
    "NetworkPolicy": _network_policy,
}
"""What completes the spec of a kind beyond plain values."""
