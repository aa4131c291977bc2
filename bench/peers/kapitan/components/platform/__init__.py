"""The platform as a kadet component: plain objects in a loop, one file for each service."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from kadet import BaseObj
from kapitan.inputs.kadet import inventory

Manifest = dict[str, Any]
PART_OF = {"app.kubernetes.io/part-of": "chatdb"}
POD_SECURITY = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}
KEEP = {
    "argocd.argoproj.io/compare-options": "IgnoreExtraneous",
    "argocd.argoproj.io/sync-options": "Prune=false,Delete=false",
}
RUNTIME_DEFAULT = {"type": "RuntimeDefault"}
USER = 10001


def main() -> BaseObj:
    """The target's namespaces and services; kapitan writes a file for each key."""
    parameters = inventory().parameters
    output = BaseObj()
    if parameters.namespaces:
        output.root["namespaces"] = [made for entry in parameters.namespaces for made in namespace(entry)]
    for service in parameters.services:
        output.root[service["name"]] = service_objects(service)
    return output


def service_objects(service: Mapping[str, Any]) -> list[Manifest]:
    """All objects of one service."""
    manifests = [config_map(service), deployment(service), service_object(service)]
    for provider in service["needs"]:
        manifests += policies(service, provider)
    if service["replicas"] > 1:
        manifests.append(budget(service))
    return manifests


def manifest(api_version: str, kind: str, metadata: Manifest, **rest: Any) -> Manifest:
    """An object."""
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **rest}


def metadata_of(service: Mapping[str, Any], name: str | None = None) -> Manifest:
    """Metadata of a service's object."""
    return {"name": name or service["name"], "namespace": service["namespace"], "labels": labels(service)}


def labels(service: Mapping[str, Any]) -> dict[str, str]:
    """What all objects of a service carry."""
    return {"app": service["name"], "component": service["tier"], **PART_OF}


def config_map(service: Mapping[str, Any]) -> Manifest:
    """What the service is told."""
    return manifest("v1", "ConfigMap", metadata_of(service, f"{service['name']}-config"), data=service["settings"])


def deployment(service: Mapping[str, Any]) -> Manifest:
    """The pods; a change of the settings replaces them."""
    annotations = {
        "chatdb.io/config-checksum": checksum(service),
        "prometheus.io/scrape": "true",
        "prometheus.io/path": "/metrics",
        "prometheus.io/port": str(service["port"]),
    }
    spec = {
        "replicas": service["replicas"],
        "revisionHistoryLimit": 3,
        "selector": {"matchLabels": {"app": service["name"]}},
        "strategy": {"type": "RollingUpdate"},
        "template": {
            "metadata": {"labels": {**labels(service), "version": "v1"}, "annotations": annotations},
            "spec": pod(service),
        },
    }
    return manifest("apps/v1", "Deployment", metadata_of(service), spec=spec)


def pod(service: Mapping[str, Any]) -> Manifest:
    """One container in a restricted pod."""
    spec: Manifest = {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 30,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": dict(RUNTIME_DEFAULT),
        },
        "containers": [container(service)],
        "volumes": [{"name": "tmp", "emptyDir": {"sizeLimit": "64Mi"}}],
    }
    if service["replicas"] > 1:
        spec["topologySpreadConstraints"] = [
            {
                "maxSkew": 1,
                "topologyKey": "kubernetes.io/hostname",
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": {"app": service["name"]}},
            }
        ]
    return spec


def container(service: Mapping[str, Any]) -> Manifest:
    """The service itself."""
    port = service["port"]
    return {
        "name": service["name"],
        "image": service["image"],
        "imagePullPolicy": "IfNotPresent",
        "ports": [{"name": "http", "containerPort": port}],
        "envFrom": [{"configMapRef": {"name": f"{service['name']}-config"}}],
        "resources": {
            "requests": {"cpu": "50m", "memory": "64Mi", "ephemeral-storage": "10Mi"},
            "limits": {"cpu": "200m", "memory": "128Mi", "ephemeral-storage": "114Mi"},
        },
        "livenessProbe": probe("/health", port, initialDelaySeconds=30, periodSeconds=10, failureThreshold=3),
        "readinessProbe": probe("/ready", port, initialDelaySeconds=10, periodSeconds=5, failureThreshold=3),
        "startupProbe": probe("/health", port, periodSeconds=5, failureThreshold=30),
        "lifecycle": {"preStop": {"exec": {"command": ["sleep", "5"]}}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "capabilities": {"drop": ["ALL"]},
            "seccompProfile": dict(RUNTIME_DEFAULT),
        },
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
    }


def probe(path: str, port: int, **times: int) -> Manifest:
    """An HTTP probe."""
    return {"httpGet": {"path": path, "port": port}, "timeoutSeconds": 3, **times}


def service_object(service: Mapping[str, Any]) -> Manifest:
    """Its name in the cluster."""
    port = {"name": "http", "port": service["port"], "targetPort": service["port"], "protocol": "TCP"}
    spec = {"type": "ClusterIP", "selector": {"app": service["name"]}, "ports": [port]}
    return manifest("v1", "Service", metadata_of(service), spec=spec)


def policies(service: Mapping[str, Any], provider: Mapping[str, Any]) -> list[Manifest]:
    """Both sides of one edge."""
    name, other, namespace_name = service["name"], provider["name"], service["namespace"]
    metadata = {"namespace": namespace_name, "labels": {**PART_OF, "chatdb.io/owner": name}}
    ports = [{"protocol": "TCP", "port": provider["port"]}]
    return [
        policy(
            {**metadata, "name": f"{name}-to-{other}"},
            {"matchLabels": {"app": name}},
            egress=[{"to": [peer(namespace_name, {"app": other})], "ports": ports}],
        ),
        policy(
            {**metadata, "name": f"{other}-from-{name}"},
            {"matchLabels": {"app": other}},
            ingress=[{"from": [peer(namespace_name, {"app": name})], "ports": ports}],
        ),
    ]


def policy(metadata: Manifest, pods: Manifest, **rules: Sequence[Manifest]) -> Manifest:
    """A NetworkPolicy of one direction."""
    types = [direction.capitalize() for direction in rules]
    spec = {"podSelector": pods, "policyTypes": types, **rules}
    return manifest("networking.k8s.io/v1", "NetworkPolicy", metadata, spec=spec)


def peer(namespace_name: str, pod_labels: Mapping[str, str]) -> Manifest:
    """Pods of a namespace."""
    return {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace_name}},
        "podSelector": {"matchLabels": dict(pod_labels)},
    }


def budget(service: Mapping[str, Any]) -> Manifest:
    """One pod at a time."""
    spec = {"maxUnavailable": 1, "selector": {"matchLabels": {"app": service["name"]}}}
    return manifest("policy/v1", "PodDisruptionBudget", metadata_of(service), spec=spec)


def checksum(service: Mapping[str, Any]) -> str:
    """It changes with the settings."""
    data = {f"{service['name']}-config": service["settings"]}
    text = json.dumps(data, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def namespace(entry: Mapping[str, Any]) -> list[Manifest]:
    """A namespace with quota, limits and closed doors."""
    name = entry["name"]
    limits = {
        "type": "Container",
        "defaultRequest": {"cpu": "50m", "memory": "64Mi", "ephemeral-storage": "10Mi"},
        "default": {"cpu": "200m", "memory": "128Mi", "ephemeral-storage": "128Mi"},
    }
    dns = {
        "to": [peer("kube-system", {"k8s-app": "kube-dns"})],
        "ports": [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")],
    }
    closed = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    return [
        manifest(
            "v1",
            "Namespace",
            {"name": name, "labels": {"name": name, **PART_OF, **POD_SECURITY}, "annotations": dict(KEEP)},
        ),
        manifest("v1", "LimitRange", part(name, "limits"), spec={"limits": [limits]}),
        manifest("v1", "ResourceQuota", part(name, "quota"), spec={"hard": entry["quota"]}),
        manifest("networking.k8s.io/v1", "NetworkPolicy", part(name, "default-deny"), spec=closed),
        policy(part(name, "allow-dns"), {}, egress=[dns]),
    ]


def part(namespace_name: str, name: str) -> Manifest:
    """Metadata of what a namespace begins with."""
    return {"name": name, "namespace": namespace_name, "labels": dict(PART_OF)}
