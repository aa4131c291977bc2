"""The read-only account that `chatdb status` needs, for an administrator to apply by hand."""

from collections.abc import Iterator, Mapping
from typing import Any

from constructs_lib.resolved import ResolvedPlatform
from constructs_lib.settings import Settings

ARGO_CD = "argocd"
READ = {
    "": ("pods", "persistentvolumeclaims"),
    "apps": ("deployments", "replicasets", "statefulsets"),
    "autoscaling": ("horizontalpodautoscalers",),
    "batch": ("jobs",),
    "networking.k8s.io": ("ingresses",),
}
"""What is read in every namespace of the platform, by API group."""
OPTIONAL = {"gateway.networking.k8s.io": ("gateways",), "postgresql.cnpg.io": ("clusters",)}
"""What is read of kinds that most clusters do not know."""
EVENTS = {"": ("events",)}
OF_ARGO_CD = {"argoproj.io": ("applications", "appprojects")}
OF_CLUSTER = {"": ("nodes", "namespaces")}
VERBS = ["get", "list"]
GROUP = "rbac.authorization.k8s.io"


def status_access(platform: ResolvedPlatform, settings: Settings) -> Iterator[dict[str, Any]]:
    """A ServiceAccount, and what it may read: nothing of it is a Secret or a ConfigMap, and it may write nothing.

    The parts in Argo CD's namespace come last: a cluster without Argo CD refuses them, and needs none of them.
    """
    name = f"{settings.applications}-status"
    account = {"kind": "ServiceAccount", "name": name, "namespace": platform.namespaces.names[0]}
    yield _head("v1", "ServiceAccount", platform, name, account["namespace"])
    yield _role("ClusterRole", platform, f"{name}-cluster", OF_CLUSTER)
    yield _binding("ClusterRoleBinding", platform, f"{name}-cluster", "ClusterRole", account)
    for namespace in platform.namespaces.names:
        yield _role("Role", platform, name, READ, OPTIONAL, EVENTS, namespace=namespace)
        yield _binding("RoleBinding", platform, name, "Role", account, namespace)
    yield _role("Role", platform, name, READ, OPTIONAL, EVENTS, OF_ARGO_CD, namespace=ARGO_CD)
    yield _binding("RoleBinding", platform, name, "Role", account, ARGO_CD)


def _head(version: str, kind: str, platform: ResolvedPlatform, name: str, namespace: str = "") -> dict[str, Any]:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    labels = {"app.kubernetes.io/part-of": platform.name}
    return {"apiVersion": version, "kind": kind, "metadata": metadata | {"labels": labels}}


def _role(
    kind: str, platform: ResolvedPlatform, name: str, *parts: Mapping[str, tuple[str, ...]], namespace: str = ""
) -> dict[str, Any]:
    rules = [
        {"apiGroups": [group], "resources": list(resources), "verbs": VERBS}
        for part in parts
        for group, resources in part.items()
    ]
    return _head(f"{GROUP}/v1", kind, platform, name, namespace) | {"rules": rules}


def _binding(
    kind: str, platform: ResolvedPlatform, name: str, role: str, account: dict[str, str], namespace: str = ""
) -> dict[str, Any]:
    reference = {"apiGroup": GROUP, "kind": role, "name": name}
    return _head(f"{GROUP}/v1", kind, platform, name, namespace) | {"roleRef": reference, "subjects": [account]}
