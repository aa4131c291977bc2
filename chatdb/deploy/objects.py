"""What the cluster says of the objects that are waited for."""

from collections.abc import Mapping
from typing import Any

Manifest = dict[str, Any]
Key = tuple[str, str, str]
"""Kind, namespace and name."""
WAITED = ("Deployment", "StatefulSet", "Job", "Ingress", "Gateway", "Cluster")
"""Kinds that take their time."""
HEALTHY = "Cluster in healthy state"
"""The phase of a Cluster of CloudNativePG in which its operator has nothing to do."""


def key(manifest: Mapping[str, Any]) -> Key:
    """What identifies the object within the platform."""
    metadata = manifest["metadata"]
    return manifest["kind"], metadata.get("namespace", ""), metadata["name"]


def title(manifest: Mapping[str, Any]) -> str:
    """The object as a person names it."""
    kind, namespace, name = key(manifest)
    return f"{kind} {namespace}/{name}" if namespace else f"{kind} {name}"


def component_of(manifest: Mapping[str, Any]) -> str:
    """The component that the object belongs to; its own name where it belongs to none."""
    metadata = manifest["metadata"]
    return str(metadata.get("labels", {}).get("app", metadata["name"]))


def condition(manifest: Mapping[str, Any], type_: str) -> Mapping[str, Any] | None:
    """The condition of that type, where it is true."""
    conditions = manifest.get("status", {}).get("conditions", [])
    return next((entry for entry in conditions if entry["type"] == type_ and entry["status"] == "True"), None)


def ready(manifest: Mapping[str, Any]) -> bool:
    """Whether all that was asked for is there and up to date, as its controller sees it."""
    kind = manifest["kind"]
    if kind == "Job":
        return condition(manifest, "Complete") is not None
    if kind == "Gateway":
        return condition(manifest, "Programmed") is not None
    if kind == "Ingress":
        return bool(manifest.get("status", {}).get("loadBalancer", {}).get("ingress"))
    status, wanted = manifest.get("status", {}), replicas(manifest)
    if kind == "Cluster":
        return (status.get("phase"), status.get("readyInstances")) == (HEALTHY, wanted)
    counts = (status.get(name, 0) for name in ("replicas", "updatedReplicas", "readyReplicas"))
    seen = status.get("observedGeneration", 0) >= manifest["metadata"].get("generation", 0)
    return seen and all(count == wanted for count in counts)


def replicas(manifest: Mapping[str, Any]) -> int:
    """How many pods a Deployment, a StatefulSet or a Cluster asks for."""
    spec = manifest["spec"]
    return int(spec.get("instances" if manifest["kind"] == "Cluster" else "replicas", 1))


def with_replicas(manifest: Manifest, live: Manifest | None) -> Manifest:
    """A Deployment with the replicas that it has, where git leaves them to an autoscaler.

    A server-side apply without a number that an earlier one has set would leave one replica.
    """
    if manifest["kind"] != "Deployment" or live is None or "replicas" in manifest["spec"]:
        return manifest
    return {**manifest, "spec": {**manifest["spec"], "replicas": replicas(live)}}


def progress(manifest: Mapping[str, Any]) -> str:
    """How far it is, in a few words."""
    status = manifest.get("status", {})
    if manifest["kind"] == "Job":
        failed = status.get("failed", 0)
        return f"the Job runs, after {failed} failed tries" if failed else "the Job runs"
    if manifest["kind"] in ("Ingress", "Gateway"):
        return f"{manifest['kind']} has no address yet"
    if manifest["kind"] == "Cluster":
        phase = status.get("phase", "no operator has seen it yet")
        return f"{status.get('readyInstances', 0)} of {replicas(manifest)} instances ready: {phase}"
    return f"{status.get('readyReplicas', 0)} of {replicas(manifest)} ready"


def asked(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """All that is asked for in an object, without what the server notes beside it."""
    noted = ("resourceVersion", "managedFields", "generation")
    metadata = {name: value for name, value in manifest["metadata"].items() if name not in noted}
    return {name: value for name, value in manifest.items() if name != "status"} | {"metadata": metadata}
