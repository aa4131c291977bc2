"""Why a workload is stuck is said of its last template, not of an older one."""

from typing import Any

from chatdb.deploy.objects import key
from chatdb.deploy.reasons import reasons
from chatdb.deploy.snapshot import Snapshot

QUOTA = 'pods "minio-1" is forbidden: exceeded quota: quota, requested: limits.memory=4Gi'
SECURITY = 'pods "minio-2" is forbidden: violates PodSecurity "restricted:latest": host namespaces (hostNetwork=true)'


def failed(message: str) -> dict[str, Any]:
    """A status whose pods were refused with these words."""
    condition = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": message}
    return {"conditions": [condition]}


def replica_set(revision: int, status: dict[str, Any]) -> dict[str, Any]:
    """One of minio's."""
    metadata = {
        "name": f"minio-{revision}",
        "namespace": "chatdb-system",
        "annotations": {"deployment.kubernetes.io/revision": str(revision)},
        "ownerReferences": [{"uid": "minio"}],
    }
    return {"kind": "ReplicaSet", "metadata": metadata, "status": status}


def kinds(*replica_sets: dict[str, Any]) -> list[str]:
    """The troubles of a Deployment that was refused for its quota first, and kept those words."""
    metadata = {"name": "minio", "namespace": "chatdb-system", "uid": "minio"}
    spec = {"replicas": 1, "selector": {"matchLabels": {"app": "minio"}}}
    deployment = {"kind": "Deployment", "metadata": metadata, "spec": spec, "status": failed(QUOTA)}
    seen = Snapshot(objects={key(object_): object_ for object_ in (deployment, *replica_sets)})
    return [reason.kind for reason in reasons(deployment, seen)]


def test_last_template_counts() -> None:
    """A Deployment's own condition keeps its first words for as long as pods are refused; revisions are numbers."""
    assert kinds(replica_set(9, failed(QUOTA)), replica_set(10, failed(SECURITY))) == ["security"]
    assert kinds(replica_set(9, failed(SECURITY)), replica_set(10, failed(QUOTA))) == ["quota"]


def test_what_is_not_refused_is_no_trouble() -> None:
    """The last template was not tried yet, or is taken."""
    assert kinds() == []
    assert kinds(replica_set(9, failed(QUOTA)), replica_set(10, {})) == []
