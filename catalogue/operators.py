"""The operators that traits need, at the versions that their upstream repositories publish."""

from types import MappingProxyType

from constructs_lib.model import External, Operator

RBAC, WEBHOOKS = "rbac.authorization.k8s.io", "admissionregistration.k8s.io"
CLOUDNATIVE_PG = Operator(
    node=External(
        name="cloudnative-pg",
        namespace="cnpg-system",
        pod_labels=MappingProxyType({"app.kubernetes.io/name": "cloudnative-pg"}),
        ports=(),
    ),
    repository="https://github.com/cloudnative-pg/cloudnative-pg",
    revision="v1.30.1",
    path="releases",
    include="cnpg-1.30.1.yaml",
    cluster_kinds=(
        ("", "Namespace"),
        (WEBHOOKS, "MutatingWebhookConfiguration"),
        (WEBHOOKS, "ValidatingWebhookConfiguration"),
        ("apiextensions.k8s.io", "CustomResourceDefinition"),
        (RBAC, "ClusterRole"),
        (RBAC, "ClusterRoleBinding"),
    ),
    kinds=(("", "ConfigMap"), ("", "Service"), ("", "ServiceAccount"), ("apps", "Deployment")),
)
