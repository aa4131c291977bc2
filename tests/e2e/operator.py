"""What the operator CloudNativePG makes and says, without the operator: the pods of instances are simulated, too."""

import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any

from catalogue.operators import CLOUDNATIVE_PG
from chatdb.deploy.objects import HEALTHY
from constructs_lib.operated import made_by_operator
from tests.e2e.api import Api, Manifest
from tests.e2e.looking import Looking
from tests.e2e.order import SEEN, ready

CLUSTER = ("postgresql.cnpg.io/v1", "Cluster")
FIRST, REPLICAS, UPGRADE = "Setting up primary", "Creating a new replica", "Upgrading cluster"
WAITING = "Waiting for the instances to become active"
"""Phases of CloudNativePG 1.30.1 (api/v1/cluster_types.go)."""
NEXT = {FIRST: REPLICAS, HEALTHY: WAITING}
"""The phase after another one, as long as not all instances are ready."""


def instances(manifests: Iterable[Manifest]) -> Iterator[Manifest]:
    """What operators make of these objects."""
    for made in (one for manifest in manifests for one in made_by_operator(manifest)):
        if made["kind"] == "StatefulSet":
            # As the platform's own: otherwise a fix waits for the bad pod that it replaces.
            made["spec"]["podManagementPolicy"] = "Parallel"
        yield made


class StandIn(Looking):
    """A thread that does this for each Cluster, while a pod of the operator is ready; `idle` keeps it from it."""

    def __init__(self, api: Api) -> None:
        """It does not run yet."""
        super().__init__(api)
        self.idle = threading.Event()

    def look(self) -> None:
        """Reconcile them all."""
        for cluster in self.api.list(*CLUSTER) if self._installed() else []:
            self._reconcile(cluster)

    def _installed(self) -> bool:
        namespace = CLOUDNATIVE_PG.node.namespace
        deployments = self.api.list("apps/v1", "Deployment", namespace)
        return not self.idle.is_set() and bool(deployments) and all(map(ready, deployments))

    def _reconcile(self, cluster: Manifest) -> None:
        """Make what is missing or was changed, and write how far it is."""
        metadata, old = cluster["metadata"], cluster.get("status") or {}
        seen = [one for one in old.get("conditions", ()) if one["type"] == SEEN]
        changed = not seen or seen[0]["observedGeneration"] != metadata["generation"]
        wanted = list(instances([cluster]))
        sets = [self.api.get("apps/v1", "StatefulSet", one["metadata"]["namespace"], one["metadata"]["name"])
                for one in wanted if one["kind"] == "StatefulSet"]  # fmt: skip
        if changed or None in sets:
            for manifest in wanted:
                manifest["metadata"]["ownerReferences"] = [_owner(cluster)]
                self.api.apply(manifest)
        there = [one for one in sets if one]
        number = sum(one["status"].get("readyReplicas", 0) for one in there)
        if changed:
            phase = UPGRADE if seen else FIRST
        elif len(there) == len(sets) and all(map(ready, there)):
            phase = HEALTHY
        else:
            phase = NEXT.get(old["phase"], old["phase"])
        status = {"phase": phase, "readyInstances": number, "image": cluster["spec"]["imageName"]}
        if changed or any(old.get(key) != value for key, value in status.items()):
            status["conditions"] = [_condition(metadata["generation"])]
            self.api.patch(f"{self.api.of(cluster)}/status", {"status": status})


def _owner(cluster: Manifest) -> dict[str, Any]:
    metadata = cluster["metadata"]
    return {
        "apiVersion": cluster["apiVersion"],
        "kind": cluster["kind"],
        "name": metadata["name"],
        "uid": metadata["uid"],
        "controller": True,
    }


def _condition(generation: int) -> dict[str, Any]:
    """The operator writes no generation; the check of the order has to know what the status is about."""
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return {
        "type": SEEN,
        "status": "True",
        "reason": "Seen",
        "message": "",
        "observedGeneration": generation,
        "lastTransitionTime": now,
    }
