"""What `chatdb deploy` applies of a Deployment whose replicas an autoscaler sets."""

from collections.abc import Iterable
from typing import Any, ClassVar

import pytest

from chatdb.deploy.grace import Limits
from chatdb.deploy.kubectl import Kubectl
from chatdb.deploy.objects import Manifest, with_replicas
from chatdb.deploy.plan import Step
from chatdb.deploy.rollout import Rollout
from tests.repository import PLATFORM


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


class Recorded(Kubectl):
    """A cluster that has one Deployment with four replicas, and takes everything."""

    applied: ClassVar[list[Manifest]] = []

    def there(self, manifests: Iterable[Manifest]) -> list[Manifest]:
        """The one that it has, which is all that is asked for."""
        assert len(list(manifests)) == 1
        return [workload("Deployment", replicas=4)]

    def apply(self, manifests: Iterable[Manifest]) -> list[Manifest]:
        """What it was given."""
        self.applied.extend(manifests)
        return []


def test_deployment_is_applied_with_them() -> None:
    """The rollout compares with what is there."""
    step = Step(tier="core", overlay="overlays/minikube/core", manifests=(workload("Deployment"),))
    limits = Limits(wave=1, grace=1)
    rollout = Rollout(kubectl=Recorded(), platform=PLATFORM, plan=(), limits=limits, tell=lambda _: None)
    rollout._apply(step)
    assert [one["spec"] for one in Recorded.applied] == [{"replicas": 4}]
