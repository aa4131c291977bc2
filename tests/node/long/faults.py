"""Five faults of a platform, and what has to be said of each."""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.e2e.origin import Operations


@dataclass(frozen=True, slots=True)
class Fault:
    """A patch of an overlay that the API server takes, and what has to be said of it."""

    name: str
    tier: str
    target: Mapping[str, str]
    patch: Operations
    words: str


CONTAINER = "/spec/template/spec/containers/0"
REGISTRY = {"kind": "Deployment", "name": "model-registry"}
EDGE = "model-registry-to-minio"
FAULTS = (
    Fault(
        "a probe asks for a wrong path",
        "core",
        REGISTRY,
        [{"op": "replace", "path": f"{CONTAINER}/readinessProbe/httpGet/path", "value": "/wrong"}],
        r"model-registry: .*Readiness probe failed: .*404",
    ),
    Fault(
        "a policy is missing",
        "core",
        {"kind": "NetworkPolicy", "name": EDGE},
        {
            "$patch": "delete",
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": EDGE, "namespace": "chatdb-services"},
        },
        r"model-registry -> minio:9000: packets: closed, graph: open",
    ),
    Fault(
        "a memory limit is too small",
        "core",
        REGISTRY,
        [
            {"op": "replace", "path": f"{CONTAINER}/resources/{kind}/memory", "value": "48Mi"}
            for kind in ("requests", "limits")
        ],
        r"model-registry: .*(OOMKilled|memory)",
    ),
    Fault(
        "a path is not writable",
        "monitoring",
        {"kind": "Deployment", "name": "prometheus"},
        [{"op": "add", "path": f"{CONTAINER}/volumeMounts/1/readOnly", "value": True}],
        r"read-only file system",
    ),
    Fault(
        "a Service leads to a wrong port",
        "core",
        {"kind": "Service", "name": "model-registry"},
        [{"op": "replace", "path": "/spec/ports/0/targetPort", "value": 8005}],
        r"model-registry:http.*nothing listens",
    ),
)
