"""Three Kafka brokers as processes, with the properties that their manifests give but for addresses and folders."""

import re
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from chatdb.local.parts import KAFKA
from chatdb.local.processes import Server, free_ports, scratch_folder, wait_for
from chatdb.local.site import HOST
from constructs_lib.render import render
from constructs_lib.resolve import resolve
from constructs_lib.resolved import ScriptComponent
from constructs_lib.types.kafka.broker import CLUSTER_ID, properties
from tests.local.inside import addressed
from tests.repository import ROOT
from tests.three_brokers import CLUSTER, THREE_BROKERS, variables

BIN = ROOT / ".tools/kafka/bin"
PYTHON = ROOT / ".tools/services/bin/python"
NAMES = tuple(f"{CLUSTER.name}-{ordinal}" for ordinal in range(CLUSTER.replicas))
SECONDS = 120
DYING_SECONDS = 0.5
"""An answer that is older than that may be a dead broker's."""
TOOLS = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "KAFKA_BIN": str(BIN), "KAFKA_OPTS": "-Dlog4j2.level=WARN"}


@dataclass(frozen=True)
class Brokers:
    """The cluster: a process for each of its pods, and where clients find it."""

    folder: Path
    servers: Sequence[Server]
    bootstrap: str

    def topics(self, *rows: tuple[str, int, int]) -> str:
        """What the Job prints that makes topics of these names, numbers of partitions and of copies."""
        job = resolve(THREE_BROKERS).component("kafka-topics")
        assert isinstance(job, ScriptComponent)
        (files,) = job.folders
        for name, text in files.files.items():
            (self.folder / name).write_text(text, encoding="utf-8")
        table = "".join(f"{name}\t{partitions}\t86400000\t{copies}\n" for name, partitions, copies in rows)
        (self.folder / "topics.tsv").write_text(table, encoding="utf-8")
        env_vars = TOOLS | {"KAFKA_BOOTSTRAP_SERVERS": self.bootstrap, "TMPDIR": str(self.folder)}
        command = [word.replace(files.path, str(self.folder)) for word in job.command]
        return subprocess.run(command, env=env_vars, capture_output=True, text=True, timeout=SECONDS, check=True).stdout

    def partitions(self, topic: str) -> list[tuple[int, int, int]]:
        """Of each partition: its leader, and how many brokers have a copy, and one with all messages."""
        line = [str(BIN / "kafka-topics.sh"), "--bootstrap-server", self.bootstrap, "--describe", "--topic", topic]
        env_vars = TOOLS | {"LOG_DIR": str(self.folder), "KAFKA_HEAP_OPTS": "-Xmx64m"}
        done = subprocess.run(line, env=env_vars, capture_output=True, text=True, timeout=SECONDS, check=True)
        rows = re.findall(r"\tLeader: (\d+)\tReplicas: (\S+)\tIsr: (\S+)", done.stdout)
        return [(int(leader), 1 + copies.count(","), 1 + whole.count(",")) for leader, copies, whole in rows]

    def wait_whole(self, topic: str, copies: int = 3) -> None:
        """Wait until each partition of the topic has so many copies with all messages."""
        wait_for(
            f"{copies} whole copies of {topic}", SECONDS, lambda: {c for *_, c in self.partitions(topic)} == {copies}
        )


@contextmanager
def three_brokers() -> Iterator[Brokers]:
    """Start them; they are gone at the end."""
    objects = [dict(one) for one in render(resolve(THREE_BROKERS)).charts["foundation", CLUSTER.name]]
    ports = {name: free for name in ("kafka", "controller") for free in [free_ports(len(NAMES))]}
    here = {
        f"{pod}.{CLUSTER.host}:{CLUSTER.port(name).number}": f"{HOST}:{number}"
        for name, numbers in ports.items()
        for pod, number in zip(NAMES, numbers, strict=True)
    }
    with scratch_folder() as folder:
        servers = []
        for ordinal, pod in enumerate(NAMES):
            told = variables(objects, ordinal)
            place = folder / pod
            place.mkdir()
            told["KAFKA_LOG_DIRS"] = f"{place}/logs"
            for name, numbers in ports.items():
                number = CLUSTER.port(name).number
                told["KAFKA_LISTENERS"] = told["KAFKA_LISTENERS"].replace(
                    f"//:{number}", f"//{HOST}:{numbers[ordinal]}"
                )
            text = addressed(properties(told), here)
            (place / "server.properties").write_text(text, encoding="utf-8")
            env_vars = TOOLS | {"LOG_DIR": str(place), "KAFKA_HEAP_OPTS": told["KAFKA_HEAP_OPTS"]}
            env_vars[CLUSTER_ID] = told[CLUSTER_ID]
            servers.append(Server(pod, ["sh", "-c", KAFKA, str(place)], place / "log", env_vars))
        bootstrap = ",".join(f"{HOST}:{number}" for number in ports["kafka"])
        try:
            for server in servers:
                server.start()
            yield Brokers(folder, servers, bootstrap)
        finally:
            for server in servers:
                server.stop()


@dataclass(frozen=True)
class Messenger:
    """Who sends and reads numbered messages meanwhile: tests/local/messenger.py."""

    folder: Path
    server: Server

    def sent(self) -> list[tuple[int, float]]:
        """Each number that was acknowledged, and when (seconds, monotonic)."""
        lines = (line.split() for line in self._lines("sent"))
        return [(int(number), float(at)) for number, at in lines]

    def handled(self) -> list[int]:
        """The numbers that were read, as often as they were."""
        return list(map(int, self._lines("handled")))

    def _lines(self, name: str) -> list[str]:
        """The whole lines of a file."""
        path = self.folder / name
        return path.read_text().splitlines(keepends=True) if path.exists() else []

    def end(self) -> None:
        """Send no more, and read what there is."""
        self.server.ask()
        wait_for("the messenger ends", SECONDS, lambda: not self.server.alive())


@contextmanager
def messenger(brokers: Brokers) -> Iterator[Messenger]:
    """Messages are sent and read until the end of the block, and read to the last one then."""
    folder = brokers.folder / "messenger"
    folder.mkdir()
    command = [str(PYTHON), str(ROOT / "tests/local/messenger.py"), brokers.bootstrap, str(folder)]
    env_vars = TOOLS | {"PYTHONPATH": str(ROOT / "services/common")}
    made = Messenger(folder, Server("messenger", command, folder / "log", env_vars))
    made.server.start()
    try:
        wait_for("messages are sent and read", SECONDS, made.handled)
        yield made
        made.end()
    finally:
        made.server.stop()


def kill_leader(brokers: Brokers, sender: Messenger, topic: str) -> tuple[Server, float]:
    """SIGKILL for the leader of the topic's messages: which that was, and the seconds without an acknowledged one."""
    ((leader, *_),) = brokers.partitions(topic)
    killed = time.monotonic()
    brokers.servers[leader].kill()
    wait_for("a message after the kill", SECONDS, lambda: sender.sent()[-1][1] > killed + DYING_SECONDS)
    times = [at for _, at in sender.sent()]
    return brokers.servers[leader], max(later - earlier for earlier, later in pairwise(times) if later > killed)


def lost(sender: Messenger) -> set[int]:
    """The acknowledged messages that were not read."""
    return {number for number, _ in sender.sent()} - set(sender.handled())
