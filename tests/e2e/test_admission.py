"""A real API server takes every object of every pair of traits, and the whole platform fits on minikube."""

import copy
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from catalogue.components import CATALOGUE
from catalogue.namespaces import Namespace
from chatdb.local.processes import wait_for
from constructs_lib.gitops.synth import stage
from constructs_lib.kustomize import kustomize
from constructs_lib.settings import read_settings
from constructs_lib.traits import choices
from tests.e2e.api import ApiError, Manifest
from tests.e2e.complaints import complaints, settled
from tests.e2e.recorder import Event
from tests.e2e.target import SCRATCH, Target, apply_all, target
from tests.repository import PLATFORM, ROOT

SETTLING = 60
CONTROLLED = {
    "Deployment", "Ingress", "Job", "PersistentVolumeClaim", "PodDisruptionBudget", "ResourceQuota", "StatefulSet",
}  # fmt: skip
"""Kinds whose status a controller may write between two looks."""
RESTAMPED = {"v1.28": {"Gateway", "HTTPRoute"}}
"""Kinds to which a line of Kubernetes gives a new time with every server-side apply (kubernetes#124605)."""
UNKNOWN = r'unknown field "(spec\.)?replcas"|replcas: field not declared in schema'
KIND, MODEL = "Deployment", "query-parser"
GOOD = f"Deployment {SCRATCH}/good"
WORDS = (GOOD, "host namespaces (hostNetwork=true)", "exceeded quota: quota", "Insufficient cpu")
LEVEL = "pod-security.kubernetes.io/enforce"
Platform = dict[tuple[str, ...], list[Manifest]]
COMBINATIONS = list(choices(ROOT, CATALOGUE, 2))


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Platform:
    """The objects of every pair of traits, as `kustomize build overlays/minikube` gives them."""
    return {traits: _rendered(tmp_path_factory.mktemp("render"), traits) for traits in COMBINATIONS}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, platform: Platform) -> Iterator[Target]:
    """A control plane without Argo CD, with nothing of the platform but its namespaces."""
    with target(tmp_path_factory.mktemp("admission") / "cluster") as made:
        apply_all(made.api, [manifest for manifest in platform[()] if manifest["kind"] == "Namespace"])
        yield made


def _rendered(folder: Path, traits: tuple[str, ...]) -> list[Manifest]:
    settings = read_settings(ROOT, CATALOGUE, "minikube")
    stage(ROOT, PLATFORM, [replace(settings, traits=traits)], folder)
    return kustomize(folder, folder / "overlays/minikube", ROOT)


@pytest.mark.parametrize("traits", COMBINATIONS, ids=["+".join(traits) or "plain" for traits in COMBINATIONS])
def test_accepted(cluster: Target, platform: Platform, traits: tuple[str, ...]) -> None:
    """Strict validation takes every object; every pod passes `restricted`, quota and limits, and finds its place.

    Traits are turned on and off on one cluster: each combination is also an update of the one before.
    """
    manifests = platform[traits]
    made = apply_all(cluster.api, manifests)
    assert len(made) == len(manifests) > 150
    levels = [cluster.api.read("v1", "Namespace", None, name)["metadata"]["labels"][LEVEL] for name in Namespace]
    assert set(levels) == {"restricted"}
    if cluster.own:
        assert settled(cluster.api, Namespace, SETTLING) == []


@pytest.mark.parametrize("traits", [COMBINATIONS[0], COMBINATIONS[-1]], ids=["plain", "all"])
def test_second_apply_changes_nothing(cluster: Target, platform: Platform, traits: tuple[str, ...]) -> None:
    """What is applied again is not written: the same resource version, or, where a controller was busy, generation."""
    apply_all(cluster.api, platform[traits])
    settled(cluster.api, Namespace, SETTLING if cluster.own else 0)
    first, second = apply_all(cluster.api, platform[traits]), apply_all(cluster.api, platform[traits])
    assert len(first) == len(platform[traits])
    assert [path for path in first if _asked(first[path]) != _asked(second[path])] == []
    written = [path for path in first if _version(first[path]) != _version(second[path])]
    line = cluster.api.request("GET", "/version")["gitVersion"].rpartition(".")[0]
    busy = CONTROLLED | RESTAMPED.get(line, set())
    assert [path for path in written if first[path]["kind"] not in busy] == []


def _asked(manifest: Manifest) -> tuple[str, int | None]:
    """All that was asked for; what controllers write by themselves is left out."""
    return Event(0, 0, "MODIFIED", manifest).wanted, manifest["metadata"].get("generation")


def _version(manifest: Manifest) -> str:
    return str(manifest["metadata"]["resourceVersion"])


def test_written_again_is_seen(cluster: Target, platform: Platform) -> None:
    """The comparison above sees a change of one label, and one of a workload's template."""
    config = copy.deepcopy(_first(platform[()], "ConfigMap"))
    workload = copy.deepcopy(_first(platform[()], "Deployment"))
    for manifest, labels in ((config, config), (workload, workload["spec"]["template"])):
        before = cluster.api.apply(manifest)
        labels["metadata"]["labels"]["changed"] = "yes"
        after = cluster.api.apply(manifest)
        assert _version(before) != _version(after)
        assert _asked(before) != _asked(after)


def _first(manifests: list[Manifest], kind: str) -> Manifest:
    return next(manifest for manifest in manifests if manifest["kind"] == kind)


def test_unknown_field_is_refused(cluster: Target, platform: Platform) -> None:
    """Of every kind, the server refuses what it takes otherwise when one field is misspelt."""
    kinds = {one["kind"]: one for manifests in platform.values() for one in manifests}
    assert len(kinds) > 15
    for manifest in kinds.values():
        cluster.api.apply(manifest, dry_run=True)
        misspelt = copy.deepcopy(manifest)
        misspelt.get("spec", misspelt)["replcas"] = 2
        with pytest.raises(ApiError, match=UNKNOWN):
            cluster.api.apply(misspelt, dry_run=True)


def test_host_network_is_refused(cluster: Target, platform: Platform) -> None:
    """In every namespace, a pod of the platform is taken, and refused with the host's network."""
    template = _first(platform[()], "Deployment")["spec"]["template"]
    for namespace in Namespace:
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "host", "namespace": namespace}}
        spec = {**template["spec"], "serviceAccountName": "default"}
        cluster.api.apply(pod | {"spec": spec}, dry_run=True)
        with pytest.raises(ApiError, match=r'violates PodSecurity "restricted.*hostNetwork=true'):
            cluster.api.apply(pod | {"spec": spec | {"hostNetwork": True}}, dry_run=True)


def test_wrong_workloads_are_complained_of(cluster: Target, platform: Platform) -> None:
    """Pods on the host's network, beyond the quota, and too large for the node are named; a good one is not."""
    if not cluster.own:
        pytest.skip("needs a node that has the services' images, or says so")
    apply_all(cluster.api, list(_scratch(platform[()])))
    host, hungry, large, good = (_workload(platform[()], name) for name in ("host", "hungry", "large", "good"))
    host["spec"]["template"]["spec"]["hostNetwork"] = True
    _resources(hungry)["limits"]["memory"] = "2Gi"
    for amounts in _resources(large).values():
        amounts["cpu"] = "100"
    for manifest in (host, hungry, large, good):
        cluster.api.apply(manifest)

    def named() -> set[str]:
        return {word for word in WORDS if word in "\n".join(complaints(cluster.api, [SCRATCH]))}

    wait_for("all three are complained of, and the good one is not", SETTLING, lambda: named() == set(WORDS) - {GOOD})


def _scratch(manifests: list[Manifest]) -> Iterator[Manifest]:
    """A namespace like the platform's, with a quota for two of the workload below."""
    namespace = copy.deepcopy(_first(manifests, "Namespace"))
    namespace["metadata"]["name"] = SCRATCH
    yield namespace
    quota = copy.deepcopy(_first(manifests, "ResourceQuota"))
    quota["metadata"]["namespace"] = SCRATCH
    quota["spec"]["hard"] = {"limits.memory": "1Gi"}
    yield quota


def _workload(manifests: list[Manifest], name: str) -> Manifest:
    """A Deployment of the platform under another name in the scratch namespace."""
    workload = copy.deepcopy(next(one for one in manifests if one["metadata"]["name"] == MODEL and one["kind"] == KIND))
    workload["metadata"] |= {"name": name, "namespace": SCRATCH}
    for labels in (workload["spec"]["selector"]["matchLabels"], workload["spec"]["template"]["metadata"]["labels"]):
        labels["app"] = name
    return workload


def _resources(workload: Manifest) -> Manifest:
    resources: Manifest = workload["spec"]["template"]["spec"]["containers"][0]["resources"]
    return resources
