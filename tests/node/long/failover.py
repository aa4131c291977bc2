"""CloudNativePG's primary is killed again and again while clients order jobs: `engines-postgres`."""

import hashlib
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from statistics import median
from typing import Any

from catalogue.components import HOST
from chatdb.local.processes import wait_for
from tests.e2e.api import Manifest
from tests.local.kill_history import Order, Row, World, violations
from tests.local.kill_run import CLIENTS, Clients, threads
from tests.local.kill_world import UNSENT, patiently
from tests.node import smoke
from tests.node.cloudnative_pg import CLUSTER
from tests.node.deployed import Deployed
from tests.node.long.acts import upload_data
from tests.node.long.sections import Section
from tests.node.traffic import container_id, first_processes

KILLS = 12
PAUSE = 10.0
"""Seconds at most between two kills, once all is whole."""
RECOVERING = 300
HEALTHY = "Cluster in healthy state"
NAMESPACE, NAME, DATABASE = "chatdb-system", "postgres", "training_db"
ROLE = "cnpg.io/instanceRole"
DATASET = "failover"
API = "/api/v1"


@dataclass(frozen=True, kw_only=True, slots=True)
class Blow:
    """The primary was killed in that way: when, when there was one again, and when all were whole and at work."""

    way: str
    at: float
    led: float
    whole: float

    def outage(self, orders: Sequence[Order]) -> float:
        """Seconds from the kill to the end of the longest time without an acknowledged job."""
        times = [one.acknowledged for one in orders if one.acknowledged and self.at < one.acknowledged <= self.whole]
        _, end = max(pairwise(sorted([self.at, *times])), key=lambda pair: pair[1] - pair[0])
        return end - self.at


def engines_postgres(section: Section) -> None:
    """Every way in turn, with a pause that is drawn; then what clients were told is held against what is stored."""
    deployed = section.deployed
    upload_data(deployed, DATASET, rows=200, columns=4)
    blows: list[Blow] = []
    with ordering(deployed, section.random.randrange(2**31)) as clients:
        for way in (list(WAYS) * KILLS)[:KILLS]:
            time.sleep(section.random.uniform(0, PAUSE))
            blows.append(kill(deployed, way, clients))
            last = blows[-1]
            print(f"{way}: {last.led - last.at:.1f} s, {last.outage(clients.orders):.1f} s", flush=True)
    lines = violations(clients.orders, world(deployed))
    section.problems += lines
    section.rows += table(blows, clients.orders, lines)


@contextmanager
def ordering(deployed: Deployed, seed: int) -> Iterator[Clients]:
    """Clients that follow their jobs, and one that orders all the time; in the end each has its last answer."""
    address, port = deployed.place.web
    clients = Clients(f"http://{address}:{port}{API}", seed, host=HOST, dataset=f"s3://datasets/{DATASET}.csv")
    tasks = [partial(clients.play, number) for number in range(CLIENTS)]
    with threads(clients.over, [*tasks, partial(clients.hurry, CLIENTS)]):
        yield clients


def kill(deployed: Deployed, way: str, clients: Clients) -> Blow:
    """Kill the primary, and wait until all is whole and jobs are acknowledged again."""
    victim = primary(deployed)
    at = time.monotonic()
    WAYS[way](deployed, victim)
    wait_for("a primary is ready", RECOVERING, lambda: led(deployed, container_id(victim)))
    first = time.monotonic()
    wait_for("all instances are ready", RECOVERING, lambda: whole(deployed))
    now = time.monotonic()
    wait_for("a job is acknowledged", RECOVERING, lambda: any(now < (one.acknowledged or 0) for one in clients.orders))
    return Blow(way=way, at=at, led=first, whole=time.monotonic())


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
    "pod deleted with grace 0": deleted,
    "SIGKILL, pod stays": killed,
    "SIGKILL, and pod deleted": lost,
}


def instances(deployed: Deployed) -> list[Manifest]:
    """The pods that have a role; that of a Job has none."""
    return [one for one in smoke.pods_of(deployed, NAME) if ROLE in one["metadata"]["labels"]]


def primary(deployed: Deployed) -> Manifest:
    """The one that writes."""
    (pod,) = (one for one in instances(deployed) if one["metadata"]["labels"][ROLE] == "primary")
    return pod


def led(deployed: Deployed, dead: str) -> bool:
    """Whether there is a primary that is ready, in another container than the dead one."""
    primaries = (one for one in instances(deployed) if one["metadata"]["labels"][ROLE] == "primary" and ready(one))
    return any(container_id(one) != dead for one in primaries)


def whole(deployed: Deployed) -> bool:
    """Whether the operator says so, and the pods."""
    cluster = deployed.api.read(*CLUSTER, NAMESPACE, NAME)
    pods = sum(map(ready, instances(deployed)))
    return bool(cluster["status"]["phase"] == HEALTHY and pods == cluster["spec"]["instances"])


def ready(pod: Manifest) -> bool:
    """Whether the pod says so."""
    return ("Ready", "True") in [(one["type"], one["status"]) for one in pod["status"].get("conditions", [])]


def world(deployed: Deployed) -> World:
    """What is stored in the end; topics are not read."""
    patiently("the outbox is empty", lambda: sql(deployed, UNSENT) == "0")
    versions = rows(deployed, "registry.versions")
    return World(
        jobs=rows(deployed, "orchestrator.jobs"),
        transitions=rows(deployed, "orchestrator.transitions"),
        idempotency_keys=rows(deployed, "orchestrator.idempotency_keys"),
        unsent=int(sql(deployed, UNSENT)),
        inbox_before=frozenset(),
        inbox=frozenset(),
        versions=versions,
        aliases=rows(deployed, "registry.aliases"),
        artifacts={(one["model_name"], one["version"]): artifact(deployed, one) for one in versions},
        events=frozenset(),
        dead_letters=[],
    )


def rows(deployed: Deployed, table: str) -> list[dict[str, Any]]:
    """All of a table."""
    return list(json.loads(sql(deployed, f"SELECT coalesce(json_agg(t), '[]') FROM {table} t")))


def sql(deployed: Deployed, query: str) -> str:
    """What the primary answers."""
    pod = ("exec", primary(deployed)["metadata"]["name"], f"--namespace={NAMESPACE}", "--container=postgres", "--")
    return deployed.kubectl(*pod, "psql", "--no-align", "--tuples-only", DATABASE, "--command", query).strip()


def artifact(deployed: Deployed, version: Row) -> str:
    """The digest of what the registry gives."""
    path = f"{API}/models/{version['model_name']}/versions/{version['version']}/artifact"
    return hashlib.sha256(smoke.request(deployed.place, "GET", path)[2]).hexdigest()


def table(blows: Sequence[Blow], orders: Sequence[Order], lines: Sequence[str]) -> Iterator[str]:
    """The figures as Markdown."""
    yield "| the primary | times | a primary is ready: median | at most | jobs are acknowledged: median | at most |"
    yield "|---|---|---|---|---|---|"
    for way in (*WAYS, "all"):
        some = [blow for blow in blows if way in (blow.way, "all")]
        spans = ([blow.led - blow.at for blow in some], [blow.outage(orders) for blow in some])
        cells = [f"{median(seconds):.0f} s | {max(seconds):.0f} s" for seconds in spans]
        yield f"| {way} | {len(some)} | {' | '.join(cells)} |"
    kinds = Counter(line.partition(":")[0] for line in lines)
    requests = [answer for order in orders for answer in order.answers]
    refused = Counter(answer for answer in requests if answer.isdigit())
    words = ", ".join(f"{count} x {'none' if status == '0' else status}" for status, count in sorted(refused.items()))
    acknowledged = sum(bool(order.job_ids) for order in orders)
    yield ""
    yield (
        f"{acknowledged} jobs were acknowledged, {kinds['lost']} of them lost, {kinds['duplicated']} duplicated;"
        f" {refused.total()} of {len(requests)} orders were refused ({words or 'none'}), and sent again with their key."
    )
