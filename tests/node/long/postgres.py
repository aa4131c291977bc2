"""CloudNativePG on a real node: the primary of three instances is killed while jobs are ordered."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from statistics import median

import yaml

from catalogue.components import CATALOGUE
from chatdb.local.processes import wait_for
from constructs_lib.machine import Machine
from constructs_lib.operated import INSTANCE_ROLE, PRIMARY
from constructs_lib.quantity import in_bytes
from tests.e2e.api import Manifest
from tests.e2e.cluster import MACHINE
from tests.node import cloudnative_pg, smoke
from tests.node.deployed import Deployed
from tests.node.long.acknowledged import Order, ordering, outcome
from tests.node.long.sections import Section
from tests.node.traffic import container_id, first_processes
from tests.repository import set_values

TRAIT, ENVIRONMENT = "postgres-cloudnative-pg", "minikube"
NODE: Machine = replace(MACHINE, memory=in_bytes("12Gi"))
POSTGRES = CATALOGUE.component("postgres")
RESOURCES = {
    "requests": {"cpu": "200m", "memory": "512Mi", "ephemeral-storage": "64Mi"},
    "limits": {"cpu": "500m", "memory": "1Gi", "ephemeral-storage": "512Mi"},
}
"""Of each instance: the CPU of minikube's one server, and more memory, as the trait has twice its buffers."""
KILLS = 10
PAUSE = (2.0, 8.0)
"""Seconds from a whole cluster to the next kill."""
WHOLE_SECONDS = 300
HEALTHY = "Cluster in healthy state"


@dataclass(frozen=True, slots=True)
class Kill:
    """A primary that ended: how, when, and when there was one again and all was whole (Unix time)."""

    how: str
    at: float
    led: float
    whole: float

    def outage(self, orders: Sequence[Order]) -> float:
        """Seconds until the end of the longest time in which no job was acknowledged."""
        times = [one.acknowledged for one in orders if one.acknowledged and self.at < one.acknowledged <= self.whole]
        _, end = max(pairwise([self.at, *sorted(times)]), key=lambda pair: pair[1] - pair[0])
        return end - self.at


def three_instances(deployed: Deployed) -> None:
    """Have the trait, its operator, and the tiers that jobs need."""
    node, work = deployed.place.node, deployed.origin.work
    assert node is not None
    tiers = [str(tier) for tier in CATALOGUE.tiers if tier not in CATALOGUE.optional_tiers]
    set_values(work, ENVIRONMENT, tiers=tiers, traits=[TRAIT])
    # In place of the patch of the StatefulSet that is not there.
    write_patches(work, small())
    cloudnative_pg.install(node, CATALOGUE.images[TRAIT].reference)


def small() -> Manifest:
    """The patch of the Cluster that makes its instances of the size of the node."""
    api_version, kind = cloudnative_pg.CLUSTER
    metadata = {"name": POSTGRES.name, "namespace": str(POSTGRES.namespace)}
    spec = {"resources": RESOURCES, "storage": {"size": "2Gi"}}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec}


def write_patches(work: Path, *patches: str | Manifest) -> None:
    """Have these in the overlay, in place of the environment's own patch of PostgreSQL."""
    texts = [one if isinstance(one, str) else yaml.safe_dump(one, sort_keys=False) for one in patches]
    path = work / f"overlays/{ENVIRONMENT}/foundation/postgres.yaml"
    path.write_text("---\n".join(texts), encoding="utf-8")


def deploy(deployed: Deployed) -> str:
    """Without Argo CD, which would look for the operator in its own repository."""
    return deployed.script("deploy-all.sh")


def engines_postgres(section: Section) -> None:
    """The primary is killed in one way after the other, and comes back as a replica."""
    deployed, chance = section.deployed, section.random
    wait_whole(deployed)
    kills: list[Kill] = []
    with ordering(deployed.place, str(chance.random())) as orders:
        wait_for("jobs are acknowledged", smoke.RECOVERING, lambda: any(order.job for order in orders))
        for how in (list(WAYS) * KILLS)[:KILLS]:
            time.sleep(chance.uniform(*PAUSE))
            kills.append(kill(deployed, how, orders))
            print(kills[-1], f"{kills[-1].outage(orders):.1f} s", flush=True)
    came = outcome(deployed.place, orders)
    section.problems += came.problems()
    section.rows += [*table(kills, orders), "", came.summary()]


def kill(deployed: Deployed, how: str, orders: Sequence[Order]) -> Kill:
    """Kill the primary, and wait until all is whole and a job was acknowledged since."""
    (pod,) = primaries(deployed)
    before, at = container_id(pod), time.time()
    WAYS[how](deployed, pod)

    def another() -> bool:
        return any(ready(one) and container_id(one) != before for one in primaries(deployed))

    wait_for("there is a primary", WHOLE_SECONDS, another)
    led = time.time()
    wait_whole(deployed)
    whole = time.time()
    wait_for("jobs are acknowledged", WHOLE_SECONDS, lambda: any(whole < (one.acknowledged or 0) for one in orders))
    return Kill(how, at, led, time.time())


def deleted(deployed: Deployed, pod: Manifest) -> None:
    """The pod, without any grace."""
    deployed.api.request("DELETE", deployed.api.of(pod), {"gracePeriodSeconds": 0})


def killed(deployed: Deployed, pod: Manifest) -> None:
    """The first process, and with it PostgreSQL; the pod stays."""
    (process,) = first_processes(deployed.place, [container_id(pod)]).values()
    deployed.place.run('kill -KILL "$1"', process)


def lost(deployed: Deployed, pod: Manifest) -> None:
    """Both at once, as when a node is lost: the primary hands nothing over."""
    killed(deployed, pod)
    deleted(deployed, pod)


WAYS: Mapping[str, Callable[[Deployed, Manifest], None]] = {
    "pod deleted, grace period 0": deleted,
    "SIGKILL to the instance": killed,
    "SIGKILL, and pod deleted": lost,
}


def instances(deployed: Deployed) -> list[Manifest]:
    """The pods that have a role; that of a Job has none."""
    return [one for one in smoke.pods_of(deployed, POSTGRES.name) if INSTANCE_ROLE in one["metadata"]["labels"]]


def primaries(deployed: Deployed) -> list[Manifest]:
    """Those that write."""
    return [one for one in instances(deployed) if one["metadata"]["labels"].items() >= PRIMARY.items()]


def ready(pod: Manifest) -> bool:
    """Whether the pod says so."""
    return ("Ready", "True") in [(one["type"], one["status"]) for one in pod["status"].get("conditions", [])]


def ready_since(pod: Manifest) -> float:
    """When the pod became ready (Unix time)."""
    (condition,) = [one for one in pod["status"]["conditions"] if one["type"] == "Ready"]
    return datetime.fromisoformat(condition["lastTransitionTime"]).timestamp()


def wait_whole(deployed: Deployed) -> None:
    """Wait until the operator and all instances say that they are well."""

    def whole() -> bool:
        cluster = deployed.api.read(*cloudnative_pg.CLUSTER, POSTGRES.namespace, POSTGRES.name)
        well = sum(map(ready, instances(deployed))) == cluster["spec"]["instances"]
        return bool(well and cluster["status"]["phase"] == HEALTHY)

    wait_for("all instances are ready", WHOLE_SECONDS, whole)


def table(kills: Sequence[Kill], orders: Sequence[Order]) -> Iterator[str]:
    """A row for each way to kill, and for all."""
    yield "| the primary | times | a primary again, p50 | longest | a job acknowledged again, p50 | longest |"
    yield "|---|---|---|---|---|---|"
    for how in (*WAYS, "all"):
        mine = [one for one in kills if how in (one.how, "all")]
        spans = ([one.led - one.at for one in mine], [one.outage(orders) for one in mine])
        seconds = [value for span in spans for value in (median(span), max(span))]
        yield f"| {how} | {len(mine)} | {' | '.join(f'{value:.1f} s' for value in seconds)} |"
