"""The read-only account that `chatdb status` needs, for an administrator to apply by hand."""

from collections.abc import Iterator
from typing import Any

from constructs_lib.gitops.accounts import Account, rules
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


def status_access(platform: ResolvedPlatform, settings: Settings) -> Iterator[dict[str, Any]]:
    """A ServiceAccount, and what it may read: nothing of it is a Secret or a ConfigMap, and it may write nothing.

    The parts in Argo CD's namespace come last: a cluster without Argo CD refuses them, and needs none of them.
    """
    account = Account.of(platform, settings, "status")
    yield account.itself()
    yield from account.granted(rules(OF_CLUSTER))
    for namespace in platform.namespaces.names:
        yield from account.granted(rules(READ, OPTIONAL, EVENTS), namespace)
    yield from account.granted(rules(READ, OPTIONAL, EVENTS, OF_ARGO_CD), ARGO_CD)
