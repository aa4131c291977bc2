"""Three Kafka brokers on a real node: the leader is killed while jobs are ordered."""

import re
import shlex
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median
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
TOPICS = "/opt/kafka/bin/kafka-topics.sh"
KILLS = 10
PAUSE = (2.0, 8.0)
"""Seconds from a whole cluster to the next kill."""
WHOLE_SECONDS = 300
DELETED, KILLED = "pod deleted, grace period 0", "SIGKILL to the broker"
BROKERS = 3
LINE = re.compile(r"Topic: (\S+)\tPartition: (\d+)\tLeader: (\S+)\tReplicas: (\S+)\tIsr: (\S*)")
INSIDE = """
mapfile -d '' -t variables < "/proc/$1/environ"
exec nsenter --target "$1" --mount --net --pid env -i "${variables[@]}" KAFKA_HEAP_OPTS=-Xmx64m "${@:2}"
"""
"""With a container's files, network, variables and /proc, where Java looks for its libraries; not in its memory."""
PRODUCER = """
import os, sys, threading, time, zlib
from chatdb_common.publisher import Publisher, PublishError, Record
topic, partitions = sys.argv[1], int(sys.argv[2])
def produce(partition):
    key = next(key for key in map(str, range(999)) if zlib.crc32(key.encode()) % partitions == partition)
    publisher = Publisher(os.environ["KAFKA_BOOTSTRAP_SERVERS"])
    while True:
        try:
            publisher.publish([Record(topic, key, b"{}")])
        except PublishError:
            continue
        try:
            os.write(1, f"{partition} {time.time()}\\n".encode())
        except BrokenPipeError:
            os._exit(0)
        time.sleep(0.1)
for partition in range(partitions):
    threading.Thread(target=produce, args=(partition,)).start()
"""
"""By the services' own client: of each message its partition, and when it was acknowledged, until nobody listens."""
PRODUCED = "predictions"
"""A topic that no component reads, with as many partitions."""


@dataclass(frozen=True, slots=True)
class Partition:
    """Of a topic: the id of its leader, and whether all its copies have all messages."""

    topic: str
    number: int
    leader: str
    whole: bool


@dataclass(frozen=True, slots=True)
class Message:
    """An acknowledged message: its partition, and when (Unix time)."""

    partition: int
    at: float


@dataclass(frozen=True, slots=True)
class Kill:
    """A broker that ended: how, which partition of the jobs' topic it led, and when (Unix time)."""

    how: str
    partition: int
    at: float
    whole: float
    """Seconds until all brokers had all messages again."""

    def silence(self, messages: Sequence[Message]) -> float:
        """The longest time in which no message to some partition was acknowledged, of those that the kill began."""
        gaps = []
        for partition in range(PARTITIONS):
            times = sorted(one.at for one in messages if one.partition == partition)
            gaps += [
                later - max(earlier, self.at) for earlier, later in pairwise(times) if self._during(earlier, later)
            ]
        return max(gaps)

    def _during(self, earlier: float, later: float) -> bool:
        return later > self.at and earlier < self.at + self.whole

    def begun(self, came: Outcome) -> float:
        """Seconds until a job was begun that was ordered after it, and whose message belongs to the partition."""
        # The client's own rule: a message goes by its key, which is the job's id.
        mine = [job for job in came.jobs if crc32(job.identifier.encode()) % PARTITIONS == self.partition]
        return came.dispatched_after(self.at, mine)


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
    with producing(deployed) as messages, ordering(deployed.place, str(chance.random())) as orders:
        wait_for(
            "messages are acknowledged",
            smoke.RECOVERING,
            lambda: len({one.partition for one in messages}) == PARTITIONS,
        )
        wait_for("jobs are acknowledged", smoke.RECOVERING, lambda: any(order.job for order in orders))
        for number in range(KILLS):
            time.sleep(chance.uniform(*PAUSE))
            kills.append(kill(deployed, chance.randrange(PARTITIONS), (DELETED, KILLED)[number % 2]))
            print(kills[-1], flush=True)
    came = outcome(deployed.place, orders)
    section.problems += came.problems()
    section.rows += [*table(kills, messages, came), "", came.summary()]


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
    """Whether every broker is ready, and no partition lacks a copy; a dead broker's counts for a while."""
    statuses = [status for pod in running(deployed) for status in pod["status"]["containerStatuses"]]
    if sum(status["ready"] for status in statuses) < BROKERS:
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
        described = deployed.place.run(INSIDE, process, TOPICS, "--describe", "--bootstrap-server", BOOTSTRAP)
    except subprocess.CalledProcessError:
        return []
    return [
        Partition(topic, int(number), leader, set(copies.split(",")) == set(whole.split(",")))
        for topic, number, leader, copies, whole in LINE.findall(described)
    ]


@contextmanager
def producing(deployed: Deployed) -> Iterator[list[Message]]:
    """Messages are sent to each partition of a topic, one after another, until the end of the block."""
    (pod,) = smoke.pods_of(deployed, "training-orchestrator")
    (process,) = first_processes(deployed.place, [container_id(pod)]).values()
    line = shlex.join([process, "python", "-c", PRODUCER, PRODUCED, str(PARTITIONS)])
    messages: list[Message] = []
    over = threading.Event()
    with subprocess.Popen(deployed.place.shell, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as producer:
        assert producer.stdin and producer.stdout
        producer.stdin.write(f"set -- {line}\n{INSIDE}")
        producer.stdin.close()
        lines = producer.stdout

        def listen() -> None:
            for line in lines:
                partition, at = line.split()
                messages.append(Message(int(partition), float(at)))
                if over.is_set():
                    return

        listener = threading.Thread(target=listen, daemon=True)
        listener.start()
        try:
            yield messages
        finally:
            # What ends is the shell: the producer itself ends when it finds that nobody listens.
            over.set()
            listener.join()
            producer.kill()


def table(kills: list[Kill], messages: list[Message], came: Outcome) -> list[str]:
    """A row for each way to kill."""
    columns = ("no message acknowledged for", "a job begun after", "all copies after")
    heads = [head for column in columns for head in (f"{column}: p50", "longest")]
    rows = [f"| {' | '.join(['the leader of a partition', 'times', *heads])} |", f"|{(2 + len(heads)) * '---|'}"]
    for how in (DELETED, KILLED):
        mine = [one for one in kills if one.how == how]
        seconds = (
            [one.silence(messages) for one in mine],
            [one.begun(came) for one in mine],
            [one.whole for one in mine],
        )
        cells = [f"{number:.0f} s" for some in seconds for number in (median(some), max(some))]
        rows.append(f"| {' | '.join([how, str(len(mine)), *cells])} |")
    return rows
