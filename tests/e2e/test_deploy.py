"""`chatdb deploy` and `chatdb health` on a real API server: stuck tiers are explained, and twice is once."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from catalogue.namespaces import Namespace
from catalogue.tiers import Tier
from chatdb.cli import main
from chatdb.deploy.objects import asked
from chatdb.local.processes import wait_for
from tests.e2e.api import Manifest
from tests.e2e.cluster import Cluster
from tests.e2e.deploying import Site, deploying, failing
from tests.repository import PLATFORM

LIMITS = ("--timeout=15", "--patience=1")
SAYING = 240
HOST_NETWORK = {"spec": {"template": {"spec": {"hostNetwork": True}}}}
HUGE = {"spec": {"template": {"spec": {"containers": [{"name": "minio", "resources": {"limits": {"memory": "4Gi"}}}]}}}}


STUCK: dict[str, tuple[Manifest, str, str]] = {
    "image": (failing("image"), "can't be pulled (ImagePullBackOff", "look at its tag"),
    "crash": (failing("crash"), "4 restarts, the last with exit code 3", "--previous"),
    "memory": (failing("memory"), "needs more memory than its limit", "raise the limit"),
    "secret": (failing("secret"), "Secret minio-credentials is missing", "-l app=credentials"),
    "probe": (failing("probe"), "its probe fails: Readiness probe failed: HTTP probe failed", "kubectl logs -n"),
    "quota": (HUGE, "the quota of namespace chatdb-system is used up", "run `chatdb synth`"),
    "security": (HOST_NETWORK, "Pod Security level refuses its pods", "`chatdb check`"),
}
"""What is done to minio, and what has to be said of it: what is wrong, and the fix."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """An empty cluster on which some pods fail, and a repository as it is committed."""
    with deploying(tmp_path_factory.mktemp("deploy")) as made:
        yield made


def said(site: Site, *words: str) -> str:
    """Deploy until it ends with these words; a slow machine may need longer than one run waits."""
    outputs: list[str] = []

    def done() -> bool:
        code, output = site.run("deploy", *LIMITS)
        assert code == 1, output
        outputs.append(output)
        return all(word in output for word in words)

    try:
        wait_for("the reason is said", SAYING, done)
    except TimeoutError:
        pytest.fail(outputs[-1])
    return outputs[-1]


def test_health_of_an_empty_cluster(site: Site) -> None:
    """Before anything is deployed, the first thing that is missing is what to look at."""
    code, output = site.run("health")
    assert code == 1
    assert output.endswith("look at namespace chatdb-system: run `chatdb deploy`\n")


def test_no_room_is_said(site: Site) -> None:
    """The scheduler finds too little CPU on the node: what is stuck is named, and no later tier is begun."""
    pod = filler(site.cluster)
    site.cluster.api.apply(pod)
    output = said(site, "no node has room for it, too little CPU is free", "`chatdb capacity`")
    assert "foundation/" in output
    assert set(site.workloads()) == names(Tier.PLATFORM, Tier.FOUNDATION)
    site.cluster.api.delete(site.cluster.api.of(pod))


def names(*tiers: Tier) -> set[str]:
    """The components of these tiers."""
    return {component.name for component in PLATFORM.components if component.tier in tiers}


def filler(cluster: Cluster) -> Manifest:
    """A pod of somebody else's that leaves half a core."""
    (node,) = cluster.api.list("v1", "Node")
    room = int(node["status"]["allocatable"]["cpu"].removesuffix("m")) - 300
    container = {"name": "filler", "image": "none.invalid/filler:1", "resources": {"requests": {"cpu": f"{room}m"}}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "filler", "namespace": "default"},
        "spec": {"containers": [container], "terminationGracePeriodSeconds": 0},
    }


@pytest.mark.parametrize("kind", STUCK)
def test_stuck_workload_is_explained(site: Site, kind: str) -> None:
    """Each reason in plain words with its fix, the component named with its tier, and the next tier not begun."""
    patch, reason, fix = STUCK[kind]
    site.patch("foundation", "Deployment", "minio", patch)
    output = said(site, "foundation/minio: ", reason, fix)
    assert "Traceback" not in output
    assert not names(Tier.SETUP) & set(site.workloads())
    first, tiers = status(site)
    assert reason in first["message"] and fix in first["fix"]
    assert first["places"] == ["foundation/minio"]
    assert "tier setup waits for an earlier wave" in first["consequences"]
    assert (tiers["platform"], tiers["foundation"], tiers["setup"]) == ("ready", "rolling out", "waiting")
    site.patch("foundation", "Deployment", "minio", None)


def status(site: Site) -> tuple[dict[str, Any], dict[str, str]]:
    """The first cause that `chatdb status` names, and the state of each tier."""
    code, output = site.run("status", "--json")
    report = json.loads(output)
    assert (code, report["engine"]) == (1, "plain")
    return report["causes"][0], {tier["name"]: tier["state"] for tier in report["tiers"]}


def test_refused_object_is_explained(site: Site) -> None:
    """What the API server does not take: the object, why, and the command that fixes it, which does."""
    changed = {"matchLabels": {"changed": "yes"}}
    template = {"metadata": {"labels": {"changed": "yes"}}}
    site.patch("foundation", "Deployment", "minio", {"spec": {"selector": changed, "template": template}})
    code, output = site.run("deploy", *LIMITS)
    assert code == 1
    assert "foundation: Deployment chatdb-system/minio: Deployment chatdb-system/minio has a field that" in output
    assert "`kubectl delete deployment -n chatdb-system minio`" in output
    site.patch("foundation", "Deployment", "minio", None)


def test_failed_job_is_said_and_made_anew(site: Site) -> None:
    """A Job that has failed for good stops the deployment at once; fixed, it is made anew and succeeds."""
    site.patch("setup", "Job", "postgres-schema.*", failing("job"))
    code, output = site.run("deploy", "--timeout=240", "--patience=240")
    assert code == 1
    assert "setup/postgres-schema: the Job has failed" in output
    assert "`kubectl logs -n chatdb-system job/postgres-schema-" in output
    assert "training-orchestrator" not in site.workloads()
    site.patch("setup", "Job", "postgres-schema.*", None)
    code, output = site.run("deploy", "--timeout=240")
    assert code == 0, output


def test_twice_changes_nothing(site: Site) -> None:
    """The second run finds all as it is asked for, says so, and nothing is made, changed or rolled out again."""
    before = site.workloads()
    assert names(*Tier) - {"ingress"} == set(before)
    code, output = site.run("deploy", "--timeout=240")
    assert code == 0, output
    assert "0 created, 0 changed" in output
    after = site.workloads()
    assert {name: asked(workload) for name, workload in after.items()} == {
        name: asked(workload) for name, workload in before.items()
    }


def test_each_came_after_what_it_needs(site: Site) -> None:
    """By the API server's own times, no workload was made before all that it waits for was ready."""
    workloads = site.workloads()
    compared = 0
    for name, workload in workloads.items():
        for other in PLATFORM.component(name).after:
            assert workload["metadata"]["creationTimestamp"] >= workloads[other]["metadata"]["creationTimestamp"]
            compared += 1
            if workloads[other]["kind"] == "Job":
                assert workload["metadata"]["creationTimestamp"] >= workloads[other]["status"]["completionTime"]
    assert compared > 30


def test_change_by_hand_is_taken_back(site: Site) -> None:
    """What somebody has changed that git names is as git says again; one object is changed, no other."""
    api = site.cluster.api
    path = api.path("v1", "ConfigMap", "chatdb-services", "query-parser-config")
    before = api.request("GET", path)["data"]
    api.patch(path, {"data": {"QUERY_TOPIC": "by-hand"}})
    code, output = site.run("deploy", "--timeout=240")
    assert code == 0, output
    assert "0 created, 1 changed" in output
    assert api.request("GET", path)["data"] == before


def test_all_is_well(site: Site) -> None:
    """After the deployment every check is ok; each HTTP port was asked for its own path through the API server."""
    site.pods.asked.clear()
    code, output = site.run("health", "--json")
    report = json.loads(output)
    assert (code, report["healthy"]) == (0, True), output
    assert {check["name"] for check in report["checks"] if check["level"] == "tier"} == set(Tier)
    endpoints = {check["name"] for check in report["checks"] if check["level"] == "endpoint"}
    assert endpoints == {f"{one.name}:{port.name}" for one in PLATFORM.components for port in one.ports}
    services = [one for one in PLATFORM.components if one.type == "microservice"]
    assert {(one.port("http").number, "/ready") for one in services} <= set(site.pods.asked)
    assert (9090, "/-/ready") in site.pods.asked


def test_status_of_what_is_well(site: Site) -> None:
    """Exit code 0, and nothing that is wrong; what a deployment without Argo CD was made of is not known."""
    code, output = site.run("status", "--json")
    report = json.loads(output)
    assert (code, report["ok"], report["engine"], report["causes"]) == (0, True, "plain", []), output
    assert {tier["revision"]["runs"] for tier in report["tiers"]} == {""}


def test_service_that_does_not_answer_is_found(site: Site) -> None:
    """Its pod counts as ready, and its port does not answer: the endpoint is named, and where to look."""
    site.pods.down = {8003}
    code, output = site.run("health")
    site.pods.down = set()
    assert code == 1
    (line,) = [line for line in output.splitlines() if "NOT" in line]
    assert "ml-engine:http" in line and "/ready: " in line
    assert output.endswith(
        "look at endpoint ml-engine:http: `kubectl logs -n chatdb-services -l app=ml-engine --tail=50`\n"
    )


def test_cleanup_asks_first(site: Site) -> None:
    """It names the data, and without a yes nothing is deleted."""
    before = site.all_keys()
    code, output = site.run("cleanup")
    assert code == 1
    assert "claim chatdb-system/data-postgres-0 (2Gi)" in output
    assert "all of this data" in output
    assert site.all_keys() == before


def test_cleanup_keeps_data_when_asked_to(site: Site) -> None:
    """Of all that git names only namespaces and claims are left, with their Secrets; and it can be deployed again."""
    api = site.cluster.api
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "kept", "namespace": "chatdb-system"}}
    api.apply(secret)
    claims = {one["metadata"]["uid"] for one in api.list("v1", "PersistentVolumeClaim")}
    code, output = site.run("cleanup", "--keep-data")
    assert code == 0, output
    assert {kind for kind, _, _ in site.all_keys()} == {"Namespace", "PersistentVolumeClaim", "Secret"}
    assert {one["metadata"]["uid"] for one in api.list("v1", "PersistentVolumeClaim")} == claims
    code, output = site.run("deploy", "--timeout=240")
    assert code == 0, output
    assert {one["metadata"]["uid"] for one in api.list("v1", "PersistentVolumeClaim")} == claims


def test_cleanup_leaves_nothing(site: Site) -> None:
    """No namespace, object or volume of the platform is left; a second run finds nothing to do."""
    code, output = site.run("cleanup", "--yes")
    assert code == 0, output
    assert site.all_keys() == set()
    volumes = site.cluster.api.list("v1", "PersistentVolume")
    assert [one for one in volumes if one["spec"].get("claimRef", {}).get("namespace") in list(Namespace)] == []
    assert site.run("cleanup", "--yes") == (0, "the platform is gone from context test\n")


def test_dry_run_asks_no_cluster(tmp_path: Path) -> None:
    """The commands, with every object; neither a kubeconfig nor kubectl is looked at."""
    environment = {"KUBECONFIG": str(tmp_path / "none"), "PATH": str(tmp_path)}
    done = CliRunner().invoke(main, ["deploy", "-e", "minikube", "--dry-run", "--context=mine"], env=environment)
    assert done.exit_code == 0, done.output
    commands = [line for line in done.output.splitlines() if not line.startswith("#")]
    assert len(commands) == len(Tier)
    apply = "kubectl --context=mine apply --server-side --force-conflicts --field-manager=chatdb --filename=-"
    assert commands[0] == f"kustomize build overlays/minikube/platform | {apply}"
    assert len(done.output.splitlines()) > 180
