"""Three Kafka brokers: what each pod is told, who may talk to whom, and how many copies of a message there are."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from catalogue.components import CATALOGUE
from chatdb.graph_views import as_mermaid
from chatdb.local.site import make_site
from constructs_lib.checks import reachability
from constructs_lib.checks.model import Inputs, Rendered
from constructs_lib.model import Catalogue, Topic
from constructs_lib.render import render
from constructs_lib.resolve import resolve
from constructs_lib.resolve.topics import declared_topics
from constructs_lib.resolved import Relation, ScriptComponent
from tests.repository import PLATFORM, ROOT
from tests.three_brokers import CLUSTER, THREE_BROKERS, variables

HOST = "kafka.chatdb-system.svc.cluster.local"


@pytest.fixture(scope="module")
def objects() -> list[dict[str, Any]]:
    """The manifests of the component kafka."""
    return [dict(one) for one in render(resolve(THREE_BROKERS)).charts["foundation", "kafka"]]


def one(objects: list[dict[str, Any]], kind: str, name: str = "kafka") -> dict[str, Any]:
    """The object of that kind and name."""
    (manifest,) = (each for each in objects if (each["kind"], each["metadata"]["name"]) == (kind, name))
    return manifest


def test_each_pod_is_a_broker_of_its_own(objects: list[dict[str, Any]]) -> None:
    """Ids are the numbers of pods, clients go on to the pod itself, and all pods agree on who votes."""
    told = [variables(objects, ordinal) for ordinal in range(3)]
    assert [each["KAFKA_NODE_ID"] for each in told] == ["0", "1", "2"]
    addresses = [f"PLAINTEXT://kafka-{ordinal}.{HOST}:9092" for ordinal in range(3)]
    assert [each["KAFKA_ADVERTISED_LISTENERS"] for each in told] == addresses
    (voters,) = {each["KAFKA_CONTROLLER_QUORUM_VOTERS"] for each in told}
    assert voters == ",".join(f"{ordinal}@kafka-{ordinal}.{HOST}:9093" for ordinal in range(3))
    assert {each["KAFKA_LISTENERS"] for each in told} == {"PLAINTEXT://:9092,CONTROLLER://:9093"}


def test_acknowledged_is_on_two_brokers(objects: list[dict[str, Any]]) -> None:
    """Of three copies; and no broker without it becomes a leader."""
    settings = one(objects, "ConfigMap", "kafka-config")["data"]
    numbers = {
        name.removeprefix("KAFKA_"): value
        for name, value in settings.items()
        if name.endswith(("REPLICATION_FACTOR", "ISR", "REPLICAS", "UNCLEAN_LEADER_ELECTION_ENABLE"))
    }
    assert numbers == {
        "DEFAULT_REPLICATION_FACTOR": "3",
        "MIN_INSYNC_REPLICAS": "2",
        "OFFSETS_TOPIC_REPLICATION_FACTOR": "3",
        "TRANSACTION_STATE_LOG_MIN_ISR": "2",
        "TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "3",
        "UNCLEAN_LEADER_ELECTION_ENABLE": "false",
    }


def test_pods_are_spread_and_go_one_by_one(objects: list[dict[str, Any]]) -> None:
    """Each has a volume of its own, prefers a node of its own, and is drained alone."""
    workload = one(objects, "StatefulSet")
    assert workload["spec"]["replicas"] == 3
    (spread,) = workload["spec"]["template"]["spec"]["topologySpreadConstraints"]
    assert (spread["topologyKey"], spread["whenUnsatisfiable"]) == ("kubernetes.io/hostname", "ScheduleAnyway")
    assert one(objects, "PodDisruptionBudget")["spec"]["maxUnavailable"] == 1
    service = one(objects, "Service")["spec"]
    assert (service["clusterIP"], service["publishNotReadyAddresses"]) == ("None", True)
    assert [port["port"] for port in service["ports"]] == [9092, 9093]


def test_nothing_else_changes() -> None:
    """Consumers are told the same, and their policies are the same: of other components the topics' copies alone."""
    before, after = render(PLATFORM).charts, render(resolve(THREE_BROKERS, PLATFORM.catalogue.root)).charts
    assert {chart for chart in before if before[chart] != after[chart]} == {
        ("foundation", "kafka"),
        ("setup", "kafka-topics"),
    }


def test_peers_are_one_pair_of_policies(objects: list[dict[str, Any]]) -> None:
    """Both ports in both directions, for the brokers' own pods."""
    own = {"matchLabels": {"app": "kafka"}}
    for name, direction, side in (("kafka-to-kafka", "egress", "to"), ("kafka-from-kafka", "ingress", "from")):
        spec = one(objects, "NetworkPolicy", name)["spec"]
        (rule,) = spec[direction]
        assert spec["podSelector"] == own
        assert [peer["podSelector"] for peer in rule[side]] == [own]
        assert [port["port"] for port in rule["ports"]] == [9092, 9093]


def test_peers_are_neither_order_nor_variables() -> None:
    """A broker starts after no broker; it is told no address of itself, and the pictures have no loop."""
    platform = resolve(THREE_BROKERS)
    peers = [link for link in platform.links if link.relation is Relation.PEERS]
    assert [(link.consumer.name, link.provider.name, link.port.name) for link in peers] == [
        ("kafka", "kafka", "kafka"),
        ("kafka", "kafka", "controller"),
    ]
    assert platform.component("kafka").after == PLATFORM.component("kafka").after
    assert "KAFKA_BOOTSTRAP_SERVERS" not in platform.component("kafka").settings
    assert as_mermaid(platform) == as_mermaid(PLATFORM)


@pytest.fixture
def brokers(rendered: Inputs, objects: list[dict[str, Any]]) -> Inputs:
    """The rendered environment with three brokers in place of one."""
    others = (each for each in rendered.rendered if each.manifest["metadata"]["labels"].get("app") != "kafka")
    own = (Rendered("foundation", manifest) for manifest in objects)
    return replace(rendered, platform=resolve(THREE_BROKERS), rendered=(*others, *own))


def test_brokers_reach_each_other(brokers: Inputs) -> None:
    """Exactly on both ports."""
    assert list(reachability.exact(brokers)) == []


@pytest.mark.parametrize("name", ["kafka-to-kafka", "kafka-from-kafka"])
def test_brokers_that_are_kept_apart(brokers: Inputs, name: str) -> None:
    """Without one of both policies the pods do not reach each other."""
    some = tuple(each for each in brokers.rendered if each.name != name)
    (problem,) = reachability.exact(replace(brokers, rendered=some))
    assert str(problem).startswith("kafka -> kafka:9092-9093/TCP: a dependency says so, but policies forbid it")


def test_pods_of_one_workload_that_need_nothing_of_each_other(brokers: Inputs, rendered: Inputs) -> None:
    """The policies of several brokers beside one that is alone are a hole."""
    both = tuple(each for each in brokers.rendered if each.name in ("kafka-to-kafka", "kafka-from-kafka"))
    (problem,) = reachability.exact(replace(rendered, rendered=(*rendered.rendered, *both)))
    assert "it lets kafka reach kafka on 9092-9093/TCP, but no dependency says so" in str(problem)


def with_topics(catalogue: Catalogue, brokers: int, *replication: int | None) -> dict[str, int | None]:
    """The replication that topics get, by name."""
    components = tuple(replace(CLUSTER, replicas=brokers) if c.name == "kafka" else c for c in catalogue.components)
    topics = [Topic(name=f"t{n}", partitions=1, retention_ms=1, replication=r) for n, r in enumerate(replication)]
    varied = replace(catalogue, components=components, topics=(*topics, *catalogue.topics))
    return {topic.name: topic.replication for topic in declared_topics(varied)}


def test_topics_job() -> None:
    """It is told how many copies there are to be, and the ids of the brokers that keep them."""
    job = resolve(THREE_BROKERS).component("kafka-topics")
    assert isinstance(job, ScriptComponent)
    assert job.command == ("bash", "/opt/topics/replicas.sh", "/opt/topics/topics.tsv", "3")
    (folder,) = job.folders
    assert folder.files.keys() == {"topics.sh", "replicas.sh", "topics.tsv"}
    assert {line.rpartition("\t")[2] for line in folder.files["topics.tsv"].splitlines()} == {"3"}


def test_local_platform_has_one(tmp_path: Path) -> None:
    """On a machine of one's own one process is the broker, whatever the cluster has, and the topics fit it."""
    varied = replace(THREE_BROKERS, topics=(Topic(name="own", partitions=1, retention_ms=1, replication=3),))
    platform = replace(PLATFORM, catalogue=varied)
    site = make_site(platform, ROOT, tmp_path, platform.components)
    told = site.told(platform.component("kafka"))
    assert (told["KAFKA_NODE_ID"], told["KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR"]) == ("1", "1")
    assert {topic.replication for topic in site.platform.topics} == {1}


@pytest.mark.parametrize(("brokers", "copies"), [(1, 1), (3, 3), (5, 3)])
def test_copies_of_a_message(brokers: int, copies: int) -> None:
    """One on each broker, three at most, unless the topic says otherwise; dead letters as their topic."""
    topics = with_topics(CATALOGUE, brokers, None, 1)
    assert (topics["t0"], topics["t1"]) == (copies, 1)
    assert topics["training_jobs"] == topics["training_jobs.dlq"] == copies
