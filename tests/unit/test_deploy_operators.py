"""What `chatdb deploy` does where an environment needs an operator, and of what the operator makes."""

import json
from dataclasses import dataclass

import pytest

from catalogue.operators import CLOUDNATIVE_PG
from chatdb.deploy.kubectl import Kubectl, Manifest
from chatdb.deploy.objects import HEALTHY, progress, ready
from chatdb.deploy.operators import refuse_missing
from chatdb.deploy.reasons import reasons
from chatdb.deploy.snapshot import KINDS, Snapshot, kinds_of
from constructs_lib.problem import InvalidInput


def pod(*, ready: bool) -> Manifest:
    """A pod of the namespace of the operator."""
    return {"kind": "Pod", "status": {"conditions": [{"type": "Ready", "status": str(ready)}]}}


def cluster(phase: str | None = None, instances: int = 0) -> Manifest:
    """A Cluster of three instances with that status."""
    status = {"phase": phase, "readyInstances": instances} if phase else {}
    metadata = {"name": "postgres", "namespace": "chatdb-system"}
    return {"kind": "Cluster", "metadata": metadata, "spec": {"instances": 3}, "status": status}


@dataclass(frozen=True)
class Cluster(Kubectl):
    """Has these pods."""

    pods: tuple[Manifest, ...] = ()

    def run(self, *arguments: str, **_options: object) -> str:
        """The pods, where those of the operator are asked for."""
        wanted = ("--namespace=cnpg-system", "--selector=app.kubernetes.io/name=cloudnative-pg")
        return json.dumps({"items": self.pods if arguments[2:4] == wanted else []})


@pytest.mark.parametrize("pods", [(), (pod(ready=False),)])
def test_missing_operator_is_refused(pods: tuple[Manifest, ...]) -> None:
    """By hand nothing of it is applied: what is missing is named, and how to install it."""
    refuse_missing(Cluster(pods=(pod(ready=True),)), [CLOUDNATIVE_PG])
    refuse_missing(Cluster(), [])
    with pytest.raises(InvalidInput, match=r"cloudnative-pg: no pod of it is ready .*from releases of https"):
        refuse_missing(Cluster(pods=pods), [CLOUDNATIVE_PG])


def test_cluster_is_waited_for() -> None:
    """Until its operator calls it healthy, and all of its instances are ready."""
    assert not ready(cluster())
    assert progress(cluster()) == "0 of 3 instances ready: no operator has seen it yet"
    assert not ready(cluster("Setting up primary", 3))
    assert not ready(cluster(HEALTHY, 2))
    assert progress(cluster("Setting up primary", 1)) == "1 of 3 instances ready: Setting up primary"
    assert ready(cluster(HEALTHY, 3))


def test_kinds_that_are_looked_at() -> None:
    """The server may not know those that nobody waits for."""
    assert kinds_of([]) == KINDS
    assert kinds_of([cluster(), {"kind": "Gateway"}]).removeprefix(KINDS) == (
        ",gateways.gateway.networking.k8s.io,clusters.postgresql.cnpg.io"
    )


def test_instances_say_why() -> None:
    """What holds up an instance is what holds up its Cluster."""
    waiting = {"reason": "ImagePullBackOff", "message": "no such image"}
    status = {"containerStatuses": [{"name": "postgres", "image": "any:17", "state": {"waiting": waiting}}]}
    metadata = {"name": "postgres-1", "namespace": "chatdb-system", "labels": {"cnpg.io/cluster": "postgres"}}
    instance = {"kind": "Pod", "metadata": metadata, "spec": {"nodeName": "any"}, "status": status}
    assert [one.kind for one in reasons(cluster(), Snapshot(pods=[instance]))] == ["image"]
