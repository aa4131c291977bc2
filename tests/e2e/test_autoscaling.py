"""Replicas leave git for an autoscaler, and come back, on a real Argo CD: nothing has a pod too few meanwhile.

The cluster has no metrics: an autoscaler changes nothing but what is below its least, and its tier is Healthy.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from catalogue.components import CATALOGUE
from catalogue.tiers import Tier
from constructs_lib.settings import read_settings
from tests.e2e.argo_cd import API_VERSION, NAMESPACE
from tests.e2e.cluster import Cluster
from tests.e2e.deployment import BOUND, Deployment
from tests.e2e.origin import Origin
from tests.repository import copy_generated

TRAIT = "autoscaling"
ENVIRONMENT = "minikube"
TIERS = [str(tier) for tier in Tier if tier not in (Tier.MONITORING, Tier.TESTING)]
NODES = {"count": 2, "cpu": 8, "memory": "32Gi", "disk": "200G"}
SOON = "--horizontal-pod-autoscaler-sync-period=2s"
"""An autoscaler is looked at after 15 s otherwise."""
SEVERAL = [one.name for one in CATALOGUE.components if one.autoscale and one.replicas > 1]
SCALERS = [one.name for one in CATALOGUE.components if one.autoscale]
SEEN = 60


def roomy(folder: Path) -> None:
    """The project, with an environment that has room for more replicas, and no patches of its own."""
    copy_generated(folder)
    shutil.rmtree(folder / "overlays" / ENVIRONMENT)
    for tier in TIERS:
        overlay = folder / "overlays" / ENVIRONMENT / tier
        overlay.mkdir(parents=True)
        lists = {"resources": [f"../../../dist/{tier}"], "components": ["generated"]}
        (overlay / "kustomization.yaml").write_text(yaml.safe_dump(lists))
    own = {"revision": "main", "applications": "chatdb", "nodes": NODES, "tiers": TIERS}
    content = {"repository": "https://git.example/chatdb.git", "environments": {ENVIRONMENT: own}}
    (folder / "chatdb.yaml").write_text(yaml.safe_dump(content))


@pytest.fixture(scope="module")
def scaled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A platform of its own."""
    folder = tmp_path_factory.mktemp("scaled")
    made = Deployment(folder, origin=Origin(folder, files=roomy))
    settings = read_settings(made.origin.work, CATALOGUE, ENVIRONMENT)
    made.cluster = Cluster(folder / "cluster", controller_options=[SOON], nodes=settings.nodes)
    try:
        made.start()
        made.argo_cd.gate(bound=BOUND)
        made.install(soon=True)
        yield made
    finally:
        made.stop()


@pytest.fixture
def platform(scaled: Deployment) -> Deployment:
    """The same at rest, pinned, with its replicas in git."""
    scaled.origin.reset()
    choose(scaled)
    scaled.wait_released(scaled.release("As it was"))
    return scaled


def choose(platform: Deployment, *traits: str) -> None:
    """Write the traits of the environment; nothing is generated yet."""
    path = platform.origin.work / "chatdb.yaml"
    content = yaml.safe_load(path.read_text())
    content["environments"][ENVIRONMENT]["traits"] = list(traits)
    path.write_text(yaml.safe_dump(content))


def commit(platform: Deployment, message: str) -> None:
    """Generate, commit, push, and wait until the root has applied the Applications; pins stay as they are."""
    pushed = platform.origin.commit(message)
    platform.argo_cd.look(platform.root)
    platform.wait("the root is there", SEEN, lambda: root_at(platform) == pushed)
    platform.wait_settled()


def allow(platform: Deployment) -> None:
    """Apply the projects, which allow the kinds of the environment's traits."""
    text = (platform.origin.work / f"argocd/{ENVIRONMENT}/projects.yaml").read_text()
    for project in yaml.safe_load_all(text):
        platform.api.apply(project)


def root_at(platform: Deployment) -> object:
    """The commit that the root is at, where it is synced."""
    sync = platform.argo_cd.application(platform.root).get("status", {}).get("sync", {})
    return sync.get("revision") if sync.get("status") == "Synced" else None


def fewest(platform: Deployment, since: int) -> dict[str, tuple[int, int]]:
    """The fewest replicas that each Deployment was given, and had ready, in every event after a resource version."""
    platform.violations(since)  # The last events have come then.
    counts: dict[str, list[tuple[int, int]]] = {}
    for event in platform.recorder.sorted():
        if event.version > since and event.kind == "Deployment":
            given, ready = event.manifest["spec"]["replicas"], event.manifest["status"].get("readyReplicas", 0)
            counts.setdefault(event.manifest["metadata"]["name"], []).append((given, ready))
    return {name: (min(g for g, _ in pairs), min(r for _, r in pairs)) for name, pairs in counts.items()}


def assert_enough(platform: Deployment, since: int) -> None:
    """No Deployment of several replicas was given, or had ready, one alone."""
    assert {
        name: counts for name, counts in fewest(platform, since).items() if name in SEVERAL and min(counts) < 2
    } == {}


def scalers(platform: Deployment) -> list[str]:
    """The autoscalers that are there."""
    found = platform.api.list("autoscaling/v2", "HorizontalPodAutoscaler")
    return sorted(one["metadata"]["name"] for one in found)


def roll(platform: Deployment, name: str) -> None:
    """Release a change of every pod."""
    for tier in ("core", "processing"):
        platform.origin.mark(tier, name)
    platform.wait_released(platform.release(name))


def test_on_and_off_and_back(platform: Deployment) -> None:
    """By pins each step is safe: the trait, its release, a rollout, the way back, and a rollback to what was scaled."""
    since = platform.version()
    choose(platform, TRAIT)
    commit(platform, "Autoscaling")
    allow(platform)
    assert scalers(platform) == []
    held = platform.release("Autoscaling")
    platform.wait_released(held)
    assert scalers(platform) == sorted(SCALERS)
    said = [entry["health"]["message"] for entry in entries(platform, "HorizontalPodAutoscaler")]
    assert all(text.startswith("stays at ") and "metrics" in text for text in said), said
    roll(platform, "scaled")
    assert_enough(platform, since)

    choose(platform)
    commit(platform, "No autoscaling")
    sync_again(platform)
    assert_enough(platform, since)
    platform.wait_released(platform.release("No autoscaling"))
    assert scalers(platform) == []
    roll(platform, "unscaled")
    platform.origin.run("rollback", "--to", held, "--offline", "-e", ENVIRONMENT)
    platform.origin.push()
    platform.argo_cd.look(platform.root)
    platform.wait_released(held)
    assert scalers(platform) == sorted(SCALERS)
    sync_again(platform)
    assert_enough(platform, since)


def entries(platform: Deployment, kind: str) -> list[dict[str, dict[str, str]]]:
    """What Argo CD says of the objects of that kind in tier core."""
    resources = platform.argo_cd.application(platform.child("core"))["status"]["resources"]
    return [entry for entry in resources if entry["kind"] == kind]


def sync_again(platform: Deployment) -> None:
    """Apply all of tier core once more, as a person who presses `sync` does."""
    path = platform.api.path(API_VERSION, "Application", NAMESPACE, platform.child("core"))
    spec = platform.api.request("GET", path)["spec"]
    sync = {"revision": spec["source"]["targetRevision"], "syncOptions": spec["syncPolicy"]["syncOptions"]}
    platform.api.patch(path, {"operation": {"sync": sync}})
    platform.wait_settled()


def test_tier_that_follows_a_branch(platform: Deployment) -> None:
    """Without pins a tier may be synced before its Application is changed, and is left with one replica."""
    (platform.origin.work / f"pins/{ENVIRONMENT}.yaml").unlink()
    commit(platform, "No pins")
    since = platform.version()
    root = platform.api.path(API_VERSION, "Application", NAMESPACE, platform.root)
    automated = platform.api.request("GET", root)["spec"]["syncPolicy"]["automated"]
    platform.api.patch(root, {"spec": {"syncPolicy": {"automated": None}}})
    choose(platform, TRAIT)
    platform.origin.commit("Autoscaling")
    allow(platform)
    platform.argo_cd.look(platform.child("core"))
    platform.wait("the tier is synced", SEEN, lambda: "model-registry" in scalers(platform))
    platform.wait("one is left", SEEN, lambda: fewest(platform, since).get("model-registry", (2, 2))[0] == 1)
    platform.api.patch(root, {"spec": {"syncPolicy": {"automated": automated}}})
    platform.argo_cd.look(platform.root)
    platform.wait_settled()
