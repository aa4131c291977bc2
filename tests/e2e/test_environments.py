"""A real API server takes each environment of several nodes, and finds room on them, also while one is drained."""

import re
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

from catalogue.components import CATALOGUE
from catalogue.namespaces import Namespace
from chatdb.local.processes import wait_for
from constructs_lib.kustomize import kustomize
from constructs_lib.settings import Settings, read_environments
from tests.e2e.api import Api, ApiError, Manifest
from tests.e2e.cluster import Cluster
from tests.e2e.complaints import complaints, settled
from tests.e2e.operator import instances
from tests.e2e.stack import CLUSTER
from tests.e2e.target import apply_all, define_kinds, named
from tests.repository import NOT_RUN, ROOT

SETTLING = 120
LARGER = [one for one in read_environments(ROOT, CATALOGUE) if one.nodes and one.nodes.count > 1]


@pytest.mark.skipif(named() is not None, reason=f"{NOT_RUN}it needs nodes of its own")
@pytest.mark.parametrize("settings", LARGER, ids=[one.environment for one in LARGER])
def test_environment_is_taken(tmp_path: Path, settings: Settings) -> None:
    """Every pod passes `restricted` and quota, and finds its place; so it does when each node is drained in turn.

    What operators make is among it. Of a workload with several pods a drain takes one at a time.
    """
    cluster = Cluster(tmp_path / "cluster", nodes=settings.nodes)
    try:
        cluster.start()
        define_kinds(cluster.api)
        manifests = kustomize(ROOT, ROOT / "overlays" / settings.environment)
        manifests += instances(manifests)
        assert len(apply_all(cluster.api, manifests)) == len(manifests) > 100
        assert settled(cluster.api, Namespace, SETTLING) == []
        assert lonely(cluster.api) == []
        for node in cluster.nodes:
            kubectl(cluster, "drain", node, "--delete-emptydir-data", f"--timeout={SETTLING}s")
            wait_for(f"all runs without {node}", SETTLING, lambda: not unwell(cluster.api))
            kubectl(cluster, "uncordon", node)
        for budget in budgets(cluster.api):
            assert_kept(cluster.api, budget)
    finally:
        cluster.stop()


def budgets(api: Api) -> list[Manifest]:
    """Those of workloads with several pods, each of which lets one go once its controller has seen all pods."""

    def several() -> list[Manifest]:
        listed = [one for namespace in Namespace for one in api.list("policy/v1", "PodDisruptionBudget", namespace)]
        return [one for one in listed if one["status"]["expectedPods"] > 1]

    def allowed() -> bool:
        return {one["status"]["disruptionsAllowed"] for one in several()} == {1}

    wait_for("each budget lets one pod go", SETTLING, allowed)
    return several()


def assert_kept(api: Api, budget: Manifest) -> None:
    """One of the pods has gone, and does not come back: no other one is evicted."""
    pods = [
        pod
        for pod in api.list("v1", "Pod", budget["metadata"]["namespace"])
        if budget["spec"]["selector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
    ]
    api.patch(api.of(pods[0]), {"metadata": {"annotations": {"test.invalid/fails": "crash"}}})
    where = api.of(budget)
    wait_for("it is counted", SETTLING, lambda: api.request("GET", where)["status"]["disruptionsAllowed"] == 0)
    for pod in pods[1:]:
        eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod["metadata"]["name"]}}
        with pytest.raises(ApiError, match="disruption budget"):
            api.request("POST", f"{api.of(pod)}/eviction", eviction)


def kubectl(cluster: Cluster, *arguments: str) -> None:
    """As the administrator of a cluster does."""
    line = [str(CLUSTER / "bin/kubectl"), f"--kubeconfig={cluster.kubeconfig}", *arguments]
    done = subprocess.run(line, capture_output=True, text=True, timeout=2 * SETTLING, check=False)
    assert done.returncode == 0, done.stderr


def unwell(api: Api) -> list[str]:
    """What there is to complain of; the pods of Jobs that are done are gone with their node."""
    return [line for line in complaints(api, Namespace) if not re.fullmatch(r"Job \S+ has no pod", line)]


def lonely(api: Api) -> list[str]:
    """Deployments of several pods that are all on one node."""
    nodes = defaultdict(list)
    for namespace in Namespace:
        for pod in api.list("v1", "Pod", namespace):
            nodes[pod["metadata"]["labels"].get("app", "")].append(pod["spec"]["nodeName"])
    assert max(map(len, nodes.values())) > 1
    return [app for app, names in nodes.items() if len(names) > 1 and len(set(names)) == 1]
