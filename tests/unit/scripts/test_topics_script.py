"""The scripts create and widen topics with few calls of the Kafka tools, and never take anything away."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.repository import NOT_RUN, ROOT
from tests.unit.scripts.job_scripts import PERMANENT, run

SCRIPT = "kafka_topics/files/topics.sh"
REPLICAS = "kafka_topics/files/replicas.sh"
JAVA = ROOT / ".tools/stamps/java"
"""Holds the path of the Java that runs Kafka."""
DAY = 86_400_000
# Stands in for both tools: records its arguments, prints what the test prepared, and fails while failures are left.
STUB = """#!/bin/sh
here=$(dirname "$0")
echo "$(basename "$0") $*" >>"$here/calls"
env >"$here/env_vars"
[ ! -e "$here/java" ] || "$here/java" $KAFKA_HEAP_OPTS $KAFKA_JVM_PERFORMANCE_OPTS $KAFKA_LOG4J_OPTS -version || exit
if [ -s "$here/failures" ]; then
  head -n 1 "$here/failures" >&2
  sed -i 1d "$here/failures"
  exit 1
fi
case "$*" in
  *--describe*) cat "$here/described" ;;
  *"--topic refused "*) echo "errors.PolicyViolationException: no" >&2; exit 1 ;;
  *--create*)
    : >"$here/running.$$"
    turns=0
    until [ ! -e "$here/meet" ] || [ $turns -ge 100 ]; do
      [ "$(ls "$here"/running.* | wc -l)" -lt 2 ] || rm -f "$here/meet"
      turns=$((turns + 1))
      sleep 0.1
    done
    ls "$here"/running.* | wc -l >>"$here/at_once"
    sleep 0.2
    rm "$here/running.$$"
    ;;
esac
"""


class Tools:
    """The folder of stubs, and what the script did with them."""

    def __init__(self, directory: Path) -> None:
        """Write the stubs; no topic exists."""
        self.directory = directory
        for name in ("kafka-topics.sh", "kafka-configs.sh", "kafka-reassign-partitions.sh"):
            (directory / name).write_text(STUB)
            (directory / name).chmod(0o755)
        self.has()
        self.fails()

    def has(self, *topics: tuple[str, int, str, int]) -> None:
        """The topics that a describe prints, as Kafka 4.3.1 does: name, partitions, configs, replication."""
        lines = ["WARNING: this line is no topic"]
        for name, partitions, configs, replication in topics:
            head = f"Topic: {name}\tTopicId: i_iJDSdTTwq543Gfh2E9sg\tPartitionCount: {partitions}"
            lines.append(f"{head}\tReplicationFactor: {replication}\tConfigs: {configs}")
            for number in range(partitions):
                ids = ",".join(str(1 + broker) for broker in range(replication))
                state = f"Leader: 1\tReplicas: {ids}\tIsr: 1\tElr: \tLastKnownElr: "
                lines.append(f"\tTopic: {name}\tPartition: {number}\t{state}")
        (self.directory / "described").write_text("".join(f"{line}\n" for line in lines))

    def fails(self, *messages: str) -> None:
        """The next calls fail, each with one of the messages."""
        (self.directory / "failures").write_text("".join(f"{message}\n" for message in messages))

    def calls(self) -> list[str]:
        """What the script called, without the bootstrap address that all calls have."""
        address = " --bootstrap-server kafka:9092"
        lines = (self.directory / "calls").read_text().splitlines()
        assert all(address in line for line in lines)
        return [line.replace(address, "") for line in lines]

    def apply(self, *topics: str, wait: int = 0, brokers: int = 1) -> subprocess.CompletedProcess[str]:
        """Run the Job with these lines of topics, as it is for so many brokers."""
        path = self.directory / "topics.tsv"
        path.write_text("".join(f"{line}\n" for line in topics))
        env = {
            "TMPDIR": str(self.directory),
            "KAFKA_BIN": str(self.directory),
            "KAFKA_BOOTSTRAP_SERVERS": "kafka:9092",
            "WAIT_SECONDS": str(wait),
        }
        return run(REPLICAS, path, brokers, env=env) if brokers > 1 else run(SCRIPT, path, env=env)


DESCRIBE = "kafka-topics.sh --describe"


@pytest.fixture
def tools(tmp_path: Path) -> Tools:
    """Stubs of the Kafka tools, where no topic exists."""
    return Tools(tmp_path)


def topic(name: str, partitions: int = 3, retention: int = DAY, replication: int = 1) -> str:
    """A line of the declared topics."""
    return f"{name}\t{partitions}\t{retention}\t{replication}"


def created(name: str, partitions: int = 3) -> str:
    """The call that creates a topic."""
    options = f"--partitions {partitions} --replication-factor 1 --config retention.ms={DAY}"
    return f"kafka-topics.sh --create --if-not-exists --topic {name} {options}"


def retention_set(name: str, value: int = DAY) -> str:
    """The call that sets a topic's retention."""
    return f"kafka-configs.sh --alter --entity-type topics --entity-name {name} --add-config retention.ms={value}"


def test_missing_topics_are_created(tools: Tools) -> None:
    """One describe, and one create per topic that is not there."""
    done = tools.apply(topic("queries"), topic("queries.dlq", partitions=1))
    assert done.returncode == 0, done.stderr
    assert tools.calls()[0] == DESCRIBE
    assert sorted(tools.calls()[1:]) == [created("queries"), created("queries.dlq", partitions=1)]


def test_two_are_created_at_once(tools: Tools) -> None:
    """A JVM uses one CPU, and the Job has two; its memory holds two JVMs, and no third."""
    (tools.directory / "meet").touch()
    names = ["a", "b", "c", "d", "e"]
    done = tools.apply(*map(topic, names))
    assert done.returncode == 0, done.stderr
    assert sorted(tools.calls()[1:]) == [created(name) for name in names]
    assert max(map(int, (tools.directory / "at_once").read_text().split())) == 2


@pytest.mark.parametrize("names", [("a", "b", "refused"), ("refused", "a", "b")])
def test_refusal_of_one_is_permanent(tools: Tools, names: tuple[str, ...]) -> None:
    """Also where others are created beside it, before or after."""
    done = tools.apply(*map(topic, names), wait=20)
    assert done.returncode == PERMANENT
    assert done.stderr.splitlines()[-1].startswith("kafka-topics: Kafka refuses with PolicyViolationException")


def test_tools_start_fast_and_stay_small(tools: Tools) -> None:
    """They write to the temporary folder alone; one call archives what the next ones load; no fork for each jar."""
    assert tools.apply(topic("queries")).returncode == 0
    lines = (tools.directory / "env_vars").read_text().splitlines()
    env_vars = dict(line.split("=", 1) for line in lines)
    assert (env_vars["LOG_DIR"], env_vars["KAFKA_HEAP_OPTS"]) == (str(tools.directory), "-Xmx64m")
    options = set(env_vars["KAFKA_JVM_PERFORMANCE_OPTS"].split())
    archive = f"-XX:SharedArchiveFile={tools.directory}/kafka-tools.jsa"
    assert options >= {"-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:+AutoCreateSharedArchive", archive}
    assert env_vars["INCLUDE_TEST_JARS"] == "true"
    assert env_vars["KAFKA_LOG4J_OPTS"] == "-Dlog4j2.level=WARN"


def test_java_accepts_the_options(tools: Tools) -> None:
    """A real one, whatever its version, starts with all of them."""
    if not JAVA.exists():
        pytest.skip(f"{NOT_RUN}Java is not here: make setup-local")
    (tools.directory / "java").symlink_to(JAVA.read_text().strip())
    done = tools.apply(topic("queries"))
    assert (done.returncode, done.stderr) == (0, "")


def test_second_run_only_describes(tools: Tools) -> None:
    """Nothing differs, nothing is called: one JVM."""
    tools.has(
        ("queries", 3, f"min.insync.replicas=1,retention.ms={DAY}", 1),
        ("query_results", 3, f"retention.ms={DAY},segment.bytes=1024", 1),
        ("not.ours", 50, "", 1),
    )
    done = tools.apply(topic("queries"), topic("query_results"))
    assert (done.returncode, done.stdout) == (0, "all 2 topics are there\n")
    assert tools.calls() == [DESCRIBE]


def test_half_done_is_completed(tools: Tools) -> None:
    """Whatever a killed run left out is made."""
    tools.has(("a", 3, f"retention.ms={DAY}", 1))
    assert tools.apply(topic("a"), topic("b")).returncode == 0
    assert tools.calls() == [DESCRIBE, created("b")]


def test_fewer_partitions_are_widened(tools: Tools) -> None:
    """A topic with fewer partitions than declared gets more."""
    tools.has(("queries", 3, f"retention.ms={DAY}", 1))
    done = tools.apply(topic("queries", partitions=6))
    assert tools.calls() == [DESCRIBE, "kafka-topics.sh --alter --topic queries --partitions 6"]
    assert "queries: widened from 3 to 6 partitions" in done.stdout


def test_what_cannot_be_changed_is_told(tools: Tools) -> None:
    """More partitions or other replicas than declared stay, with a warning, and are no failure."""
    tools.has(("queries", 6, f"retention.ms={DAY}", 3))
    done = tools.apply(topic("queries"))
    assert done.returncode == 0
    assert tools.calls() == [DESCRIBE]
    assert "warning: queries has 6 partitions, declared are 3" in done.stdout
    assert "warning: queries has 3 replicas, declared are 1" in done.stdout


@pytest.mark.parametrize(
    "configs", ["", "min.insync.replicas=1", "retention.ms=1", f"delete.retention.ms={DAY},retention.ms=-1"]
)
def test_other_retention_is_set(tools: Tools, configs: str) -> None:
    """Retention that differs, or is the broker's default, becomes the declared one; like-named settings don't count."""
    tools.has(("queries", 3, configs, 1))
    assert tools.apply(topic("queries")).returncode == 0
    assert tools.calls() == [DESCRIBE, retention_set("queries")]


def test_failure_starts_over_from_a_new_look(tools: Tools) -> None:
    """Kafka not up, or a race with another Job: describe again, since the world has changed."""
    tools.fails("Timed out waiting for a node assignment.")
    done = tools.apply(topic("queries"), wait=20)
    assert done.returncode == 0, done.stderr
    assert tools.calls() == [DESCRIBE, DESCRIBE, created("queries")]
    assert "Timed out waiting" in done.stderr


def test_failure_that_lasts_is_transient(tools: Tools) -> None:
    """When the wait is over the Job fails with 1, so that Kubernetes starts it again."""
    tools.fails(*["The target replication factor of 3 cannot be reached"] * 3)
    done = tools.apply(topic("queries", replication=3))
    assert done.returncode == 1
    assert "cannot be reached" in done.stderr


@pytest.mark.parametrize("name", ["TopicAuthorizationException", "InvalidTopicException", "PolicyViolationException"])
def test_refusal_is_permanent(tools: Tools, name: str) -> None:
    """What the broker refuses on principle is not tried again."""
    tools.fails(f"[2026-11-24] ERROR org.apache.kafka.common.errors.{name}: no (org.apache.kafka.tools.TopicCommand)")
    done = tools.apply(topic("queries"), wait=20)
    assert done.returncode == PERMANENT
    assert done.stderr.splitlines()[-1].startswith(f"kafka-topics: Kafka refuses with {name}")


@pytest.mark.parametrize(
    "line",
    [
        "queries 3 1 1",
        "queries\t3\t1",
        "queries\t0\t1\t1",
        "queries\t3\tlong\t1",
        "queries\t3\t1\t1\textra",
        "a/b\t3\t1\t1",
        "queries\t3\t1\t1\nqueries\t3\t1\t1",
        "",
    ],
)
def test_bad_file(tools: Tools, line: str) -> None:
    """A file that is wrong is refused before Kafka is asked anything."""
    done = tools.apply(line)
    assert done.returncode == PERMANENT
    assert "correct the catalogue" in done.stderr
    assert not (tools.directory / "calls").exists()


def test_bad_use(tmp_path: Path) -> None:
    """No file, no arguments and no address are permanent."""
    env = {"KAFKA_BOOTSTRAP_SERVERS": "kafka:9092"}
    assert run(SCRIPT, tmp_path / "none.tsv", env=env).returncode == PERMANENT
    assert run(SCRIPT, env=env).returncode == PERMANENT
    assert run(SCRIPT, os.devnull, env={}).returncode == PERMANENT


REASSIGN = "kafka-reassign-partitions.sh --execute --additional --reassignment-json-file"


def test_replicas_that_are_lacking_are_added(tools: Tools) -> None:
    """In one call for all topics: each partition keeps its brokers, and gets others from different ones on."""
    has = f"retention.ms={DAY}"
    tools.has(("a", 3, has, 1), ("b", 1, has, 2), ("c", 1, has, 3), ("foreign", 1, has, 1))
    declared = topic("a", replication=3), topic("b", 1, replication=3), topic("c", 1, replication=3)
    done = tools.apply(*declared, brokers=5)
    assert done.returncode == 0, done.stderr
    assert tools.calls() == [DESCRIBE, DESCRIBE, f"{REASSIGN} {tools.directory}/replicas.json"]
    plan = json.loads((tools.directory / "replicas.json").read_text())
    assert {(one["topic"], one["partition"]): one["replicas"] for one in plan["partitions"]} == {
        ("a", 0): [1, 2, 3],
        ("a", 1): [1, 2, 3],
        ("a", 2): [1, 3, 4],
        ("b", 0): [1, 2, 3],
    }
    assert [line for line in done.stdout.splitlines() if line.endswith("are being made")] == [
        f"{name}: its 3 replicas are being made" for name in "ab"
    ]


def test_replicas_are_not_taken_away(tools: Tools) -> None:
    """What has as many as declared, or more, or is new, costs no call besides those of topics.sh."""
    tools.has(("a", 3, f"retention.ms={DAY}", 3), ("b", 1, f"retention.ms={DAY}", 3))
    done = tools.apply(topic("a", replication=3), topic("b", 1, replication=1), topic("c"), brokers=3)
    assert done.returncode == 0, done.stderr
    assert tools.calls() == [DESCRIBE, created("c")]


def test_replicas_that_cannot_be_added(tools: Tools) -> None:
    """The Job fails with 1, and is started again."""
    tools.has(("a", 3, f"retention.ms={DAY}", 1))
    (tools.directory / "kafka-reassign-partitions.sh").write_text("#!/bin/sh\necho no >&2\nexit 1\n")
    done = tools.apply(topic("a", replication=3), brokers=3)
    assert (done.returncode, done.stderr) == (1, "no\n")
