"""What operators make of their resources, as far as it can be known before they run: checks and quotas count it.

Source: CloudNativePG 1.30, pkg/specs: pods.go, containers.go, services.go, poddisruptionbudget.go.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from constructs_lib.pods import api_group
from constructs_lib.problem import InvalidInput, Problem

Manifest = dict[str, Any]
CNPG_CLUSTER = "postgresql.cnpg.io", "Cluster"
"""API group and kind of what CloudNativePG makes instances of."""
CLUSTER = "cnpg.io/cluster"
"""The label of all pods of a Cluster."""
INSTANCE_ROLE = "cnpg.io/instanceRole"
INSTANCE = {"cnpg.io/podRole": "instance"}
PRIMARY, REPLICA = {INSTANCE_ROLE: "primary"}, {INSTANCE_ROLE: "replica"}
HOSTNAME = "kubernetes.io/hostname"
VOLUME = "pgdata"
OPERATORS_CHOICE = "ghcr.io/cloudnative-pg/postgresql"
"""The image where a Cluster names none; the tag is another one with each version of the operator."""
PLUGIN = "barman-cloud.cloudnative-pg.io"
"""That gives each instance, and each Job that makes one, a container of its own."""
SIDECAR = {
    "requests": {"cpu": "50m", "memory": "128Mi", "ephemeral-storage": "16Mi"},
    "limits": {"cpu": "500m", "memory": "512Mi", "ephemeral-storage": "128Mi"},
}
"""The resources of that container."""
PORTS = {"postgresql": 5432, "metrics": 9187, "status": 8000}
RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "privileged": False,
    "readOnlyRootFilesystem": True,
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}


def is_operated(manifest: Mapping[str, Any]) -> bool:
    """Whether an operator makes something of it."""
    return (api_group(manifest), manifest["kind"]) in MAKERS


def made_by_operator(manifest: Mapping[str, Any]) -> list[Manifest]:
    """The objects that an operator makes of this one; none where no operator knows its kind.

    InvalidInput where it is not as its schema demands.
    """
    make = MAKERS.get((api_group(manifest), manifest["kind"]))
    try:
        return list(make(manifest)) if make else []
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        metadata = manifest["metadata"]
        where = f"{manifest['kind']} {metadata.get('namespace', '')}/{metadata['name']}"
        message = "its instances, storage or metadata cannot be read"
        raise InvalidInput([Problem(where, message, "correct the patch that writes them")]) from error


def _of_cluster(cluster: Mapping[str, Any]) -> Iterator[Manifest]:
    """Instances: the primary, and its replicas; their Services, and who is kept while nodes are drained.

    The budget of the primary is left out: the operator moves the primary before a node is drained. The Job that makes
    an instance has the instance's pod but for its command.
    """
    name, spec = cluster["metadata"]["name"], cluster["spec"]
    replicas = spec.get("instances", 1) - 1
    disabled = ((spec.get("managed") or {}).get("services") or {}).get("disabledDefaultServices") or []
    yield _object(cluster, "v1", "ServiceAccount", name)
    yield _instances(cluster, f"{name}-primary", 1, PRIMARY)
    if replicas > 0:
        yield _instances(cluster, f"{name}-replicas", replicas, REPLICA)
    for suffix, selector in (("rw", PRIMARY), ("ro", REPLICA if replicas else {}), ("r", INSTANCE)):
        if selector and suffix not in disabled:
            ports = [{"name": "postgres", "port": PORTS["postgresql"], "targetPort": PORTS["postgresql"]}]
            own = {"selector": {CLUSTER: name, **selector}, "ports": ports}
            yield _object(cluster, "v1", "Service", f"{name}-{suffix}", spec=own)
    if replicas > 1:
        budget = {"minAvailable": replicas - 1, "selector": {"matchLabels": {CLUSTER: name, **REPLICA}}}
        yield _object(cluster, "policy/v1", "PodDisruptionBudget", name, spec=budget)


def _object(cluster: Mapping[str, Any], version: str, kind: str, name: str, **content: Any) -> Manifest:
    metadata = {"name": name, "namespace": cluster["metadata"].get("namespace", ""), "labels": _inherited(cluster)}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **content}


def _inherited(cluster: Mapping[str, Any]) -> dict[str, str]:
    return dict((cluster["spec"].get("inheritedMetadata") or {}).get("labels") or {})


def _instances(cluster: Mapping[str, Any], name: str, number: int, role: Mapping[str, str]) -> Manifest:
    """As a StatefulSet, which they are not: they come and go one by one, each with a claim of its own."""
    own, spec = cluster["metadata"]["name"], cluster["spec"]
    labels = {**_inherited(cluster), CLUSTER: own, **INSTANCE, **role}
    probe = {"httpGet": {"path": "/healthz", "port": PORTS["status"], "scheme": "HTTPS"}}
    container = _container(cluster, "postgres") | {
        "ports": [{"name": port, "containerPort": number, "protocol": "TCP"} for port, number in PORTS.items()],
        "volumeMounts": [{"name": VOLUME, "mountPath": "/var/lib/postgresql/data"}],
        "livenessProbe": probe,
        "readinessProbe": probe,
        "startupProbe": probe,
    }
    storage = {"requests": {"storage": (spec.get("storage") or {}).get("size", "0")}}
    claim = {"accessModes": ["ReadWriteOnce"], "resources": storage, "volumeMode": "Filesystem"}
    template = {"metadata": {"labels": labels}, "spec": _pod(cluster, container)}
    claims = [{"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": VOLUME}, "spec": claim}]
    # Inherited labels may change, and a selector may not.
    selector = {"matchLabels": {CLUSTER: own, **INSTANCE, **role}}
    content = {"replicas": number, "serviceName": own, "selector": selector, "template": template}
    return _object(cluster, "apps/v1", "StatefulSet", name, spec=content | {"volumeClaimTemplates": claims})


def _pod(cluster: Mapping[str, Any], container: Manifest) -> Manifest:
    name, spec = cluster["metadata"]["name"], cluster["spec"]
    affinity = spec.get("affinity") or {}
    term = {"labelSelector": {"matchLabels": {CLUSTER: name}}, "topologyKey": affinity.get("topologyKey", HOSTNAME)}
    preferred = {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "podAffinityTerm": term}]}
    required = {"requiredDuringSchedulingIgnoredDuringExecution": [term]}
    pods = required if affinity.get("podAntiAffinityType") == "required" else preferred
    return {
        "serviceAccountName": name,
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "initContainers": [_container(cluster, "bootstrap-controller"), *_sidecars(cluster)],
        "containers": [container],
        **({"nodeSelector": affinity["nodeSelector"]} if affinity.get("nodeSelector") else {}),
        **({"affinity": {"podAntiAffinity": pods}} if affinity.get("enablePodAntiAffinity", True) else {}),
    }


def _sidecars(cluster: Mapping[str, Any]) -> list[Manifest]:
    """Those of plugins that are known here.

    This one has a startup probe alone; the others are here as no rule shall ask a user for what the plugin decides.
    """
    named = [one["name"] for one in cluster["spec"].get("plugins") or [] if one.get("enabled", True)]
    probe = {"exec": {"command": ["/manager", "healthcheck", "unix"]}}
    probes = dict.fromkeys(("livenessProbe", "readinessProbe", "startupProbe"), probe)
    own = {"restartPolicy": "Always", "resources": SIDECAR, **probes}
    return [_container(cluster, "plugin-barman-cloud") | own] if PLUGIN in named else []


def _container(cluster: Mapping[str, Any], name: str) -> Manifest:
    spec = cluster["spec"]
    return {
        "name": name,
        "image": spec.get("imageName", OPERATORS_CHOICE),
        "resources": spec.get("resources") or {},
        "securityContext": RESTRICTED,
    }


MAKERS: Mapping[tuple[str, str], Callable[[Mapping[str, Any]], Iterator[Manifest]]] = {
    CNPG_CLUSTER: _of_cluster,
}
"""(API group, kind) -> what its operator makes of one."""
