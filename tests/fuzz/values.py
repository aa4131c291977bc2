"""Values that are legal somewhere and do harm elsewhere, by the name or the type of their field."""

from tests.repository import PLATFORM

MOST = 2**31 - 1
BESIDE = ("postgres", "postgres-schema", "model-registry")
"""Components that stand beside a drawn object, which is therefore often about them."""
COMPONENTS = (*BESIDE, *(component.name for component in PLATFORM.components if component.name not in BESIDE))
HOSTS = tuple(component.host for component in PLATFORM.components)
NAMESPACES = tuple(PLATFORM.namespaces.names)
NEAR = tuple(sorted({component.namespace for component in PLATFORM.components if component.name in BESIDE}))
"""The namespaces of what stands beside."""
QUANTITIES = (
    "0", "1", "100m", "1Gi", "1Ei", "8Ei", "600000000000m", "0.5", ".5", "5.", "+1", "1e3", "1E3", "1E", "12e-9", "1n",
    "1u", "0.0000000001", "99999999999999999999", "-1", "-1Gi", "512MB", "1 Gi", "", "Gi", "1gi", "0x10", "1,5", "NaN",
    "inf", "1e400", "1e999999999", "\u0661", "1 ", 0, 1, -1, 0.5, 1e3, 2**63, 1e300,
)  # fmt: skip
"""Legal and illegal ones."""
INT_OR_STRING = (
    0, 1, -1, 80, 5432, 65535, 65536, MOST, "80", "http", "postgres", "25%", "0%", "100%", "101%", "-1%", "1.5%", "%",
    "", "a%", "99999999999999999999%", "\u0661%", "IS-LEGAL",
)  # fmt: skip
INTEGERS = (0, 1, 2, 3, -1, 80, 443, 5432, 9092, 65535, 65536, 10**6, MOST)
LARGE = (-(2**31), 2**63 - 1, -(2**63))
FLOATS = (0.5, 1e300, -1e-300)
NUMBERS = (*INTEGERS, *LARGE, *FLOATS)
WORDS = (
    "a", "", "true", "on", "y", "null", "~", "=", "<<", "1", "1e3", "0o17", "1_000", "12:30:45", "2001-01-01", "0.5",
    "*", "-", "#", "a b", " a ", "a: b", "%", "$(A)", "A" * 64, "x" * 254, "\u00e9", "\u2028", "\U0001f600",
    "a\nb", "\t", "/", "a/b/c", "../..", "0.0.0.0/0", "10.0.0.0/8", "::/0", "10.0.0.1", "300.1.1.1/99", "In", "NotIn",
    "Exists", "DoesNotExist", "ExternalName", "None", "Egress", "Ingress", "TCP", "UDP", "SCTP", "Always", "Recreate",
    "OnDelete", "RollingUpdate", "Group", "User", "ServiceAccount", "Localhost", "http", "metrics", "latest", "delete",
    "Utilization", "Retain", "ReadWriteOncePod", "Block", *BESIDE, *NEAR,
)  # fmt: skip
"""What YAML, a shell or a rule could take for something else, and words of Kubernetes that no enumeration has."""
NAMES = (
    *BESIDE, *COMPONENTS, *NAMESPACES, "default", "a", "a.b", "true", "on", "1", "0x1", "=", "<<", "A_b", "x" * 254,
    "\u00e9", "",
)  # fmt: skip
IMAGES = (
    "busybox", "busybox:1", "a/b:latest", "a:5000/b", "a@sha256:" + "0" * 64, "a:1@sha256:0", "", ":", "@", "a:b:c",
)  # fmt: skip
KEYS = (
    "app", "kubernetes.io/metadata.name", "name", "true", "on", "=", "<<", "1", "", "a/b", "a/b/c", "x" * 64, "a b",
    "argocd.argoproj.io/sync-wave", "argocd.argoproj.io/sync-options", "argocd.argoproj.io/compare-options",
    "argocd.argoproj.io/hook", "PASSWORD", "DATABASE_URL",
)  # fmt: skip
FILES = (
    "a", "a.json", "a.yaml", "a.yml", "a.py", "a.sh", "a.sql", "alerts.yml", "prometheus.yml", "=", "<<", "PASSWORD",
)  # fmt: skip
TEXTS = (
    "", "{", "{}", "[1", "a: b: c", "def", "if", "select", "select 1;", "groups: 1", "groups: []", "\x00", "a: =",
    "global: []", "http://a:b@c/", "postgres://u:p@postgres.a.svc.cluster.local/x", "&a [*a]", "!!python/name:os", "=",
    "- " * 2000, "[" * 2000, "(" * 300, "<<: 1", "2001-13-45", "a: 2001-99-99", "a: 1:99", "\ufeff", *HOSTS[:3],
)  # fmt: skip
"""Contents of files."""
RESOURCES = (
    "cpu", "memory", "storage", "ephemeral-storage", "pods", "nvidia.com/gpu", "hugepages-2Mi", "requests.cpu",
    "limits.memory", "requests.storage", "count/pods", "", "=",
)  # fmt: skip
FIELDS = (
    "spec", "selector", "matchLabels", "matchExpressions", "template", "containers", "initContainers", "replicas",
    "ports", "resources", "labels", "annotations", "namespace", "subjects", "rules", "data", "env", "envFrom",
    "volumes", "backend", "metadata", "patch", "path", "target", "kind", "name", *KEYS,
)  # fmt: skip

BY_NAME: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("name", "claimName", "secretName", "serviceAccountName", "serviceName"), NAMES),
    "namespace": (*NEAR, *NEAR, *NAMESPACES, *NAMES),
    "image": IMAGES,
    "value": (*WORDS, *TEXTS, *HOSTS),
    "app": (*BESIDE, *COMPONENTS, "", "true", "a b"),
    "kubernetes.io/metadata.name": (*NAMESPACES, "default"),
    **dict.fromkeys(("data", "stringData", "binaryData"), TEXTS),
}
"""Texts of fields whose names mean the same everywhere."""
MAP_KEYS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("requests", "limits", "hard", "used", "capacity", "allocatable"), RESOURCES),
    **dict.fromkeys(("data", "stringData", "binaryData"), FILES),
}
"""Keys of maps, by the name of the map's field."""
