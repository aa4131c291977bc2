"""What `chatdb deploy` applies of a Deployment whose replicas an autoscaler sets."""

from typing import Any

import pytest

from chatdb.deploy.objects import with_replicas


def workload(kind: str, **spec: object) -> dict[str, Any]:
    """An object with that spec."""
    return {"kind": kind, "metadata": {"name": "one", "namespace": "two"}, "spec": spec}


@pytest.mark.parametrize(
    ("manifest", "live", "applied"),
    [
        (workload("Deployment", paused=False), workload("Deployment", replicas=4), {"paused": False, "replicas": 4}),
        (workload("Deployment"), None, {}),
        (workload("Deployment", replicas=2), workload("Deployment", replicas=4), {"replicas": 2}),
        (workload("Service"), workload("Service"), {}),
    ],
    ids=["autoscaled", "new", "in-git", "another-kind"],
)
def test_replicas_stay(manifest: dict[str, Any], live: dict[str, Any] | None, applied: dict[str, Any]) -> None:
    """Those that it has, where git has no number; a number of git is applied."""
    assert with_replicas(manifest, live)["spec"] == applied
