"""One entry is all it takes: a sixth service gets everything that is derived, and leaves no trace when it goes."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalogue.components import CATALOGUE
from catalogue.namespaces import Namespace
from catalogue.tiers import Tier
from chatdb.graph_views import as_json, as_mermaid
from constructs_lib.checks.render import inputs
from constructs_lib.checks.rules import RULES, run
from constructs_lib.defaults import env, http, service_probes
from constructs_lib.gitops.synth import stage, synthesize
from constructs_lib.model import BucketAccess, Catalogue, Component, Dependency, Resources, Route
from constructs_lib.resolve import resolve
from constructs_lib.resolve.problems import problems
from constructs_lib.settings import read_environments, read_settings
from tests.repository import ROOT, copy_inputs, manifests, texts

TOY = Component(
    name="toy",
    tier=Tier.PROCESSING,
    type="microservice",
    namespace=Namespace.SERVICES,
    image="query-parser",
    ports=(http("toy", 8099),),
    needs=(Dependency("kafka", "kafka"), Dependency("minio", "api")),
    consumes=env(TOY_TOPIC="query_results"),
    buckets=(BucketAccess(bucket="test"),),
    replicas=2,
    resources=Resources(cpu="10m", memory="16Mi", cpu_limit="50m", memory_limit="32Mi"),
    probes=service_probes(),
    route=Route(path="/api/v1/toy", strip="/api/v1"),
    metrics="http",
)
WITH_TOY = replace(CATALOGUE, components=(*CATALOGUE.components, TOY))
Objects = dict[tuple[str, str, str], dict[str, Any]]


def objects(folder: Path) -> Objects:
    """Every generated object by kind, namespace and name; Jobs without their hash."""
    # The overlays' patches name the same objects, and are in the folder, too.
    generated = manifests(folder / "dist", *sorted(folder.glob("overlays/minikube/*/generated")))
    return {(m["kind"], m["metadata"].get("namespace", ""), job_free(m)): m for m in generated}


def job_free(manifest: dict[str, Any]) -> str:
    """The name, without the hash that a Job's has."""
    name = str(manifest["metadata"]["name"])
    return name.rpartition("-")[0] if manifest["kind"] == "Job" else name


@pytest.fixture(scope="module")
def without(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is generated for the platform."""
    return staged(CATALOGUE, tmp_path_factory.mktemp("without"))


@pytest.fixture(scope="module")
def with_toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is generated for the platform and the toy."""
    assert problems(WITH_TOY) == ()
    return staged(WITH_TOY, tmp_path_factory.mktemp("with"))


def staged(catalogue: Catalogue, folder: Path) -> Path:
    """The folder, with everything that is generated."""
    stage(ROOT, resolve(catalogue), read_environments(ROOT, catalogue), folder)
    return folder


def test_new_objects(without: Path, with_toy: Path) -> None:
    """Its own objects, and one policy on each side of each edge: nothing else appears, and nothing goes."""
    before, after = objects(without), objects(with_toy)
    services, system = "chatdb-services", "chatdb-system"
    assert before.keys() <= after.keys()
    assert after.keys() - before.keys() == {
        ("ConfigMap", services, "toy-config"),
        ("Deployment", services, "toy"),
        ("Service", services, "toy"),
        ("PodDisruptionBudget", services, "toy"),
        ("HTTPRoute", services, "toy"),
        ("NetworkPolicy", services, "toy-to-kafka"),
        ("NetworkPolicy", system, "kafka-from-toy"),
        ("NetworkPolicy", services, "toy-to-minio"),
        ("NetworkPolicy", system, "minio-from-toy"),
        ("NetworkPolicy", services, "toy-from-ingress-controller"),
        ("NetworkPolicy", services, "toy-from-gateway-controller"),
        ("NetworkPolicy", services, "toy-from-prometheus"),
        ("NetworkPolicy", "chatdb-monitoring", "prometheus-to-toy"),
        ("NetworkPolicy", services, "toy-from-integration-tests"),
        ("NetworkPolicy", "chatdb-testing", "integration-tests-to-toy"),
    }


def test_derived_facts(with_toy: Path) -> None:
    """Environment, Secret, topic, scrape, dashboard, route, test matrix, spread."""
    generated = objects(with_toy)
    config = generated["ConfigMap", "chatdb-services", "toy-config"]["data"]
    assert config["KAFKA_BOOTSTRAP_SERVERS"] == "kafka.chatdb-system.svc.cluster.local:9092"
    assert config["S3_ENDPOINT"] == "http://minio.chatdb-system.svc.cluster.local:9000"
    assert config["TOY_TOPIC"] == "query_results"
    plan = json.loads(generated["ConfigMap", "chatdb-system", "credentials-files"]["data"]["plan.json"])
    (secret,) = [entry for entry in plan["secrets"] if entry["name"] == "toy-credentials"]
    assert set(secret["derived"]) == {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
    assert "query_results.dlq\t" in generated["ConfigMap", "chatdb-system", "kafka-topics-files"]["data"]["topics.tsv"]
    scrape = yaml.safe_load(generated["ConfigMap", "chatdb-monitoring", "prometheus-config"]["data"]["prometheus.yml"])
    assert "toy.chatdb-services:8099" in scrape["scrape_configs"][1]["static_configs"][0]["targets"]
    boards = generated["ConfigMap", "chatdb-monitoring", "grafana-dashboards"]["data"]
    assert "toy" in json.loads(boards["services.json"])["templating"]["list"][0]["query"].split(",")
    tier = [p["targets"][0]["expr"] for p in json.loads(boards["platform.json"])["panels"] if "targets" in p]
    assert [expr for expr in tier if "|toy" in expr or "toy|" in expr]
    paths = generated["Ingress", "chatdb-services", "chatdb-ingress"]["spec"]["rules"][0]["http"]["paths"]
    published = [path["path"] for path in paths if path["backend"]["service"]["name"] == "toy"]
    assert published == ["/api/v1/(toy(/.*)?)$", "/api/v1/(docs/toy(/.*)?)$"]
    matrix = json.loads(generated["ConfigMap", "chatdb-testing", "integration-tests-matrix"]["data"]["matrix.json"])
    assert matrix["services"]["toy"]["url"] == "http://toy.chatdb-services.svc.cluster.local:8099"
    tests = generated["ConfigMap", "chatdb-testing", "integration-tests-config"]["data"]
    assert tests["TOY_URL"] == "http://toy.chatdb-services.svc.cluster.local:8099"
    assert generated["Deployment", "chatdb-services", "toy"]["spec"]["template"]["spec"]["topologySpreadConstraints"]


def test_pictures() -> None:
    """It is in the picture of the order, and in the same as JSON."""
    platform = resolve(WITH_TOY)
    assert "kafka-topics --> toy" in as_mermaid(platform)
    after = ["credentials", "kafka", "kafka-topics", "minio", "object-store-buckets"]
    assert {"name": "toy", "tier": "processing", "wave": 4, "after": after} in as_json(platform)["components"]


def test_no_other_pod_changes(without: Path, with_toy: Path) -> None:
    """Adding or removing a leaf restarts nobody: only the Jobs that prepare or test for it run again."""
    before, after = objects(without), objects(with_toy)
    changed = {
        key
        for key in before
        if key[0] != "Job" and before[key].get("spec", {}).get("template") != after[key].get("spec", {}).get("template")
    }
    assert changed == set()
    jobs = {key[2] for key in before if key[0] == "Job" and before[key] != after[key]}
    # The last one is the trait's: where the store has accounts, the toy gets one.
    assert jobs == {"credentials", "kafka-topics", "integration-tests", "object-store-buckets"}


def test_a_setting_replaces_its_pods(without: Path, tmp_path: Path) -> None:
    """What a process reads at its start is new to it by a restart; nobody else is restarted."""
    components = (replace(c, settings=env(LEVEL="debug")) if c.name == "ml-engine" else c for c in CATALOGUE.components)
    before, after = objects(without), objects(staged(replace(CATALOGUE, components=tuple(components)), tmp_path))
    long_running = [key for key in before if key[0] in ("Deployment", "StatefulSet")]
    changed = [key for key in long_running if before[key]["spec"]["template"] != after[key]["spec"]["template"]]
    assert changed == [("Deployment", "chatdb-services", "ml-engine")]


def test_no_trace(without: Path, tmp_path: Path) -> None:
    """Removing it gives the old bytes."""
    smaller = replace(WITH_TOY, components=tuple(c for c in WITH_TOY.components if c.name != "toy"))
    assert texts(staged(smaller, tmp_path)) == texts(without)


def test_checks_hold(tmp_path: Path) -> None:
    """The repository with the toy passes every rule."""
    repository = copy_inputs(tmp_path)
    synthesize(repository, WITH_TOY, tmp_path / ".cdk8s/out")
    given = inputs(repository, resolve(WITH_TOY), read_settings(repository, WITH_TOY))
    assert [str(f) for f in run(given, [r for r in RULES if r.id != "capacity"])] == []
