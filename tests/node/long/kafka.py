"""Three Kafka brokers on a real node: the leader is killed while jobs are ordered."""

import re
import time
from dataclasses import dataclass, replace
from statistics import median
from subprocess import CalledProcessError
from zlib import crc32

from catalogue.components import CATALOGUE
from chatdb.local.processes import wait_for
from constructs_lib.gitops.regenerate import regenerate
from constructs_lib.quantity import in_bytes
from tests.e2e.api import Manifest
from tests.e2e.cluster import MACHINE
from tests.node import smoke
from tests.node.deployed import Deployed
from tests.node.long.acknowledged import Outcome, ordering, outcome
from tests.node.long.sections import Section
from tests.node.traffic import container_id, first_processes
from tests.repository import set_values

TRAIT, ENVIRONMENT = "kafka-three-brokers", "minikube"
NODE = replace(MACHINE, memory=in_bytes("12Gi"))
KAFKA = CATALOGUE.component("kafka")
BOOTSTRAP = f"{KAFKA.host}:{KAFKA.port('kafka').number}"
TOPIC = CATALOGUE.component("training-orchestrator").produces["TRAINING_TOPIC"]
PARTITIONS = next(topic.partitions for topic in CATALOGUE.topics if topic.name == TOPIC)
KILLS = 10
PAUSE = (2.0, 8.0)
"""Seconds from a whole cluster to the next kill."""
WHOLE_SECONDS = 300
DELETED, KILLED = "pod deleted, grace period 0", "SIGKILL to the broker"
BROKERS = 3
LINE = re.compile(r"Topic: (\S+)\tPartition: (\d+)\tLeader: (\S+)\tReplicas: (\S+)\tIsr: (\S*)")
DESCRIBE = """
mapfile -d '' -t variables < "/proc/$1/environ"
exec nsenter --target "$1" --mount --net env -i "${variables[@]}" KAFKA_HEAP_OPTS=-Xmx64m \
  /opt/kafka/bin/kafka-topics.sh --describe --bootstrap-server "$2"
"""
"""With a container's files, network and variables, but not in its memory."""


@dataclass(frozen=True, slots=True)
class Partition:
    """Of a topic: the id of its leader, and whether all its copies have all messages."""

    topic: str
    number: int
    leader: str
    whole: bool


@dataclass(frozen=True, slots=True)
class Kill:
    """A broker that ended: how, which partition of the topic it led, and when (Unix time)."""

    how: str
    partition: int
    at: float
    whole: float
    """Seconds until all brokers had all messages again."""


def three_brokers(deployed: Deployed) -> None:
    """Have the trait, and the tiers that jobs need."""
    work = deployed.origin.work
    tiers = [str(tier) for tier in CATALOGUE.tiers if tier not in CATALOGUE.optional_tiers]
    set_values(work, ENVIRONMENT, tiers=tiers, traits=[TRAIT])
    regenerate(work, lambda: CATALOGUE)
    deployed.origin.commit("Three brokers")


def engines_kafka(section: Section) -> None:
    """The broker that leads one partition of the jobs' topic is killed, and comes back."""
    deployed, chance = section.deployed, section.random
    wait_whole(deployed)
    kills: list[Kill] = []
    with ordering(deployed.place, str(chance.random())) as orders:
        wait_for("jobs are acknowledged", smoke.RECOVERING, lambda: any(order.job for order in orders))
        for number in range(KILLS):
            time.sleep(chance.uniform(*PAUSE))
            kills.append(kill(deployed, chance.randrange(PARTITIONS), (DELETED, KILLED)[number % 2]))
            print(kills[-1], flush=True)
    came = outcome(deployed.place, orders)
    section.problems += came.problems()
    section.rows += [*table(kills, came), "", came.summary()]


def kill(deployed: Deployed, partition: int, how: str) -> Kill:
    """Kill the broker that leads the partition, and wait until all is whole."""
    (leader,) = [one.leader for one in partitions(deployed) if (one.topic, one.number) == (TOPIC, partition)]
    (pod,) = [one for one in running(deployed) if one["metadata"]["name"] == f"{KAFKA.name}-{leader}"]
    before = container_id(pod)
    if how == DELETED:
        at = time.time()
        deployed.api.request("DELETE", deployed.api.of(pod), {"gracePeriodSeconds": 0})
    else:
        (process,) = first_processes(deployed.place, [before]).values()
        at = time.time()
        deployed.place.run('kill -KILL "$1"', process)
    wait_for("the broker is a new one", WHOLE_SECONDS, lambda: before not in map(container_id, running(deployed)))
    wait_whole(deployed)
    return Kill(how, partition, at, time.time() - at)


def wait_whole(deployed: Deployed) -> None:
    """Wait until each broker has every message that it should have."""
    wait_for("all brokers have all messages", WHOLE_SECONDS, lambda: is_whole(deployed))


def is_whole(deployed: Deployed) -> bool:
    """Whether every broker runs, and no partition lacks one of its copies."""
    if len(running(deployed)) < BROKERS:
        return False
    every = partitions(deployed)
    return bool(every) and all(one.whole for one in every)


def running(deployed: Deployed) -> list[Manifest]:
    """The pods of brokers whose containers run."""
    pods = smoke.pods_of(deployed, KAFKA.name)
    return [pod for pod in pods if any("running" in one["state"] for one in pod["status"].get("containerStatuses", ()))]


def partitions(deployed: Deployed) -> list[Partition]:
    """All that there are, as a broker says; none where it is just ending."""
    pod, *_ = running(deployed)
    (process,) = first_processes(deployed.place, [container_id(pod)]).values()
    try:
        described = deployed.place.run(DESCRIBE, process, BOOTSTRAP)
    except CalledProcessError:
        return []
    return [
        Partition(topic, int(number), leader, set(copies.split(",")) == set(whole.split(",")))
        for topic, number, leader, copies, whole in LINE.findall(described)
    ]


def table(kills: list[Kill], came: Outcome) -> list[str]:
    """A row for each way to kill; a job is the leader's whose partition its id gives, as the services' client does."""
    rows = ["| the leader of a partition | times | failover, p50 | longest | all copies again, p50 | longest |"]
    rows.append("|---|---|---|---|---|---|")
    for how in (DELETED, KILLED):
        mine = [one for one in kills if one.how == how]
        seconds = [failover(one, came) for one in mine]
        whole = [one.whole for one in mine]
        cells = (how, len(mine), *map(_seconds, (median(seconds), max(seconds), median(whole), max(whole))))
        rows.append(f"| {' | '.join(map(str, cells))} |")
    return rows


def failover(kill: Kill, came: Outcome) -> float:
    """Seconds until a job was begun that was ordered after the kill, and whose message its broker led."""
    mine = [job for job in came.jobs if crc32(job.identifier.encode()) % PARTITIONS == kill.partition]
    return came.dispatched_after(kill.at, mine)


def _seconds(number: float) -> str:
    return f"{number:.1f} s"
