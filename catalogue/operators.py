"""The operators that traits need, at the versions that their upstream repositories publish."""

from types import MappingProxyType

from constructs_lib.model import External, Operator

RBAC, WEBHOOKS = "rbac.authorization.k8s.io", "admissionregistration.k8s.io"
CRD = ("apiextensions.k8s.io", "CustomResourceDefinition")
ROLES = ((RBAC, "ClusterRole"), (RBAC, "ClusterRoleBinding"))
HOOKS = ((WEBHOOKS, "MutatingWebhookConfiguration"), (WEBHOOKS, "ValidatingWebhookConfiguration"))
SERVER = (("", "Service"), ("", "ServiceAccount"), ("apps", "Deployment"))
OWN_ROLES = ((RBAC, "Role"), (RBAC, "RoleBinding"))
CLOUDNATIVE_PG = Operator(
    node=External(
        name="cloudnative-pg",
        namespace="cnpg-system",
        pod_labels=MappingProxyType({"app.kubernetes.io/name": "cloudnative-pg"}),
        ports=(),
    ),
    repository="https://github.com/cloudnative-pg/cloudnative-pg",
    revision="v1.30.1",
    source=MappingProxyType({"path": "releases", "directory": {"include": "cnpg-1.30.1.yaml"}}),
    cluster_kinds=(("", "Namespace"), *HOOKS, CRD, *ROLES),
    kinds=(("", "ConfigMap"), *SERVER),
)
BARMAN_IMAGE = "ghcr.io/cloudnative-pg/plugin-barman-cloud"
BARMAN_CLOUD = Operator(
    node=External(
        name="barman-cloud",
        namespace="cnpg-system",
        pod_labels=MappingProxyType({"app": "barman-cloud"}),
        ports=(),
    ),
    repository="https://github.com/cloudnative-pg/plugin-barman-cloud",
    revision="v0.15.0",
    # Its kustomization names images of tests; those of a release are in no file at its tag.
    source=MappingProxyType(
        {
            "path": "kubernetes",
            "kustomize": {
                "images": [f"plugin-barman-cloud={BARMAN_IMAGE}:v0.15.0"],
                "patches": [
                    {
                        "target": {"kind": "Deployment", "name": "barman-cloud"},
                        "patch": "- op: replace\n"
                        "  path: /spec/template/spec/containers/0/env/0\n"
                        f"  value: {{name: SIDECAR_IMAGE, value: '{BARMAN_IMAGE}-sidecar:v0.15.0'}}\n",
                    }
                ],
            },
        }
    ),
    cluster_kinds=(CRD, *ROLES),
    kinds=(("", "Secret"), *SERVER, *OWN_ROLES, ("cert-manager.io", "Certificate"), ("cert-manager.io", "Issuer")),
)
CERT_MANAGER = Operator(
    node=External(
        name="cert-manager",
        namespace="cert-manager",
        pod_labels=MappingProxyType({"app.kubernetes.io/instance": "cert-manager"}),
        ports=(),
    ),
    repository="https://charts.jetstack.io",
    revision="v1.19.1",
    source=MappingProxyType(
        {
            "chart": "cert-manager",
            "helm": {
                "releaseName": "cert-manager",
                "valuesObject": {
                    "crds": {"enabled": True},
                    # Else its leases, and their roles, are in kube-system.
                    "global": {"leaderElection": {"namespace": "cert-manager"}},
                    "startupapicheck": {"enabled": False},
                },
            },
        }
    ),
    cluster_kinds=(("", "Namespace"), *HOOKS, CRD, *ROLES),
    kinds=(*SERVER, *OWN_ROLES),
    needs_namespace=True,
)
