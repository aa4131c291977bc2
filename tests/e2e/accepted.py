"""What holds of a cluster that has taken all objects of the platform."""

from catalogue.namespaces import Namespace
from tests.e2e.api import Api, Manifest
from tests.e2e.complaints import settled
from tests.e2e.recorder import Event
from tests.e2e.target import Target, apply_all

CONTROLLED = {
    "Deployment", "Ingress", "Job", "PersistentVolumeClaim", "PodDisruptionBudget", "ResourceQuota", "StatefulSet",
}  # fmt: skip
"""Kinds whose status a controller may write between two looks."""
RESTAMPED = {"v1.28": {"Gateway", "HTTPRoute"}}
"""Kinds to which a line of Kubernetes gives a new time with every server-side apply (kubernetes#124605)."""
LEVEL = "pod-security.kubernetes.io/enforce"


def assert_well(cluster: Target, seconds: float) -> None:
    """Every namespace is restricted; where the nodes are ours, every pod is well after that time."""
    levels = [cluster.api.read("v1", "Namespace", None, name)["metadata"]["labels"][LEVEL] for name in Namespace]
    assert set(levels) == {"restricted"}
    if cluster.own:
        remaining = settled(cluster.api, Namespace, seconds)
        assert remaining == [], remaining


def assert_unwritten(api: Api, manifests: list[Manifest]) -> None:
    """Two applies in turn give the same resource version, or, where a controller was busy, the same generation."""
    first, second = apply_all(api, manifests), apply_all(api, manifests)
    assert len(first) == len(manifests)
    assert [path for path in first if asked(first[path]) != asked(second[path])] == []
    written = [path for path in first if version(first[path]) != version(second[path])]
    line = api.request("GET", "/version")["gitVersion"].rpartition(".")[0]
    busy = CONTROLLED | RESTAMPED.get(line, set())
    assert [path for path in written if first[path]["kind"] not in busy] == []


def asked(manifest: Manifest) -> tuple[str, int | None]:
    """All that was asked for; what controllers write by themselves is left out."""
    return Event(0, 0, "MODIFIED", manifest).wanted, manifest["metadata"].get("generation")


def version(manifest: Manifest) -> str:
    """Which write of the object it is."""
    return str(manifest["metadata"]["resourceVersion"])
