"""A real API server takes every object of the platform, all of which fits on minikube."""

import copy
from collections.abc import Iterator

import pytest

from catalogue.namespaces import Namespace
from chatdb.local.processes import wait_for
from constructs_lib.kustomize import kustomize
from tests.e2e.accepted import asked, assert_unwritten, assert_well, version
from tests.e2e.api import ApiError, Manifest
from tests.e2e.complaints import complaints
from tests.e2e.target import SCRATCH, Target, apply_all, target
from tests.repository import ROOT

SETTLING = 60
KIND, MODEL = "Deployment", "query-parser"
GOOD = f"Deployment {SCRATCH}/good"
WORDS = (GOOD, "host namespaces (hostNetwork=true)", "exceeded quota: quota", "Insufficient cpu")
Platform = list[Manifest]


@pytest.fixture(scope="module")
def platform() -> Platform:
    """The objects of minikube."""
    return kustomize(ROOT, ROOT / "overlays/minikube")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, platform: Platform) -> Iterator[Target]:
    """A control plane without Argo CD, with nothing of the platform but its namespaces."""
    with target(tmp_path_factory.mktemp("admission") / "cluster") as made:
        apply_all(made.api, [manifest for manifest in platform if manifest["kind"] == "Namespace"])
        yield made


def test_accepted(cluster: Target, platform: Platform) -> None:
    """Strict validation takes every object; every pod passes `restricted`, quota and limits, and finds its place."""
    assert len(apply_all(cluster.api, platform)) == len(platform) > 150
    assert_well(cluster, SETTLING)


def test_second_apply_changes_nothing(cluster: Target, platform: Platform) -> None:
    """What is applied again is not written."""
    apply_all(cluster.api, platform)
    assert_well(cluster, SETTLING)
    assert_unwritten(cluster.api, platform)


def test_written_again_is_seen(cluster: Target, platform: Platform) -> None:
    """The comparison above sees a change of one label, and one of a workload's template."""
    config = copy.deepcopy(_first(platform, "ConfigMap"))
    workload = copy.deepcopy(_first(platform, "Deployment"))
    for manifest, labels in ((config, config), (workload, workload["spec"]["template"])):
        before = cluster.api.apply(manifest)
        labels["metadata"]["labels"]["changed"] = "yes"
        after = cluster.api.apply(manifest)
        assert version(before) != version(after)
        assert asked(before) != asked(after)


def _first(manifests: list[Manifest], kind: str) -> Manifest:
    return next(manifest for manifest in manifests if manifest["kind"] == kind)


def test_host_network_is_refused(cluster: Target, platform: Platform) -> None:
    """In every namespace, a pod of the platform is taken, and refused with the host's network."""
    template = _first(platform, "Deployment")["spec"]["template"]
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
    apply_all(cluster.api, list(_scratch(platform)))
    host, hungry, large, good = (_workload(platform, name) for name in ("host", "hungry", "large", "good"))
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
