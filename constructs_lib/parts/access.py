"""Service accounts and namespaced Roles, for the few components that talk to the Kubernetes API."""

from collections.abc import Iterable

from cdk8s_plus_32 import k8s
from constructs import Construct

from constructs_lib.model import Access
from constructs_lib.parts.labels import metadata
from constructs_lib.resolved import ResolvedComponent


def access(scope: Construct, component: ResolvedComponent) -> None:
    """Make the component's service account, and a Role with its binding in each namespace that its access names."""
    k8s.KubeServiceAccount(
        scope, "service-account", metadata=metadata(component), automount_service_account_token=False
    )
    by_namespace: dict[str, list[Access]] = {}
    for rule in component.access:
        by_namespace.setdefault(str(rule.namespace), []).append(rule)
    for namespace, granted in sorted(by_namespace.items()):
        _role(scope, component, namespace, granted)


def _role(scope: Construct, component: ResolvedComponent, namespace: str, rules: Iterable[Access]) -> None:
    k8s.KubeRole(
        scope,
        f"role-in-{namespace}",
        metadata=metadata(component, namespace=namespace),
        rules=[
            k8s.PolicyRule(
                api_groups=[rule.api_group],
                resources=list(rule.resources),
                resource_names=list(rule.resource_names) or None,
                verbs=list(rule.verbs),
            )
            for rule in rules
        ],
    )
    k8s.KubeRoleBinding(
        scope,
        f"role-binding-in-{namespace}",
        metadata=metadata(component, namespace=namespace),
        role_ref=k8s.RoleRef(api_group="rbac.authorization.k8s.io", kind="Role", name=component.name),
        subjects=[k8s.Subject(kind="ServiceAccount", name=component.name, namespace=component.namespace)],
    )
