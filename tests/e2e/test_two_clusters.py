"""One Argo CD deploys two environments to two clusters, and neither is touched by what happens in the other."""

import json
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.addresses import Addresses
from tests.e2e.api import Manifest
from tests.e2e.argo_cd import API_VERSION, NAMESPACE
from tests.e2e.changes import changed, deleted, lost_pods
from tests.e2e.cluster import Cluster
from tests.e2e.deployment import Deployment, deployed
from tests.e2e.recorder import Recorder

SECOND = "staging"
SETTLING = 400
"""Seconds within which both are up: they share this machine's processors."""
SEEN = 60
HERE, THERE = {"server": "https://kubernetes.default.svc"}, {"name": SECOND}
"""The destinations of both environments."""


@dataclass(frozen=True, slots=True)
class Both:
    """Two environments with one repository; what the second one does not have of its own is the first one's."""

    first: Deployment
    second: Deployment

    def settle(self) -> None:
        """Wait until both are at rest."""
        for one in (self.first, self.second):
            one.wait_settled(seconds=SETTLING)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """Each is deployed to a cluster of its own; Argo CD knows the second one by a Secret."""
    folder = tmp_path_factory.mktemp("two")
    with deployed(folder) as first, _second(first, folder / "second") as second:
        first.api.apply(_known_to_argo_cd(second.cluster))
        first.origin.run("new-environment", SECOND, "--like", "minikube")
        first.origin.commit("Two environments")
        for environment in ("minikube", SECOND):
            first.bootstrap(environment)
        made = Both(first, second)
        made.settle()
        yield made


@contextmanager
def _second(first: Deployment, folder: Path) -> Iterator[Deployment]:
    """A deployment to another cluster, by the first one's Argo CD."""
    second = copy(first)
    second.root, second.cluster = f"chatdb-{SECOND}", Cluster(folder)
    try:
        second.cluster.start()
        second.api = second.cluster.api
        second.addresses, second.recorder = Addresses(second.api), Recorder(second.api)
        second.addresses.start()
        second.recorder.start()
        yield second
    finally:
        second.stop()


def _known_to_argo_cd(cluster: Cluster) -> Manifest:
    """The Secret that names a cluster."""
    names = {"caData": "ca.crt", "certData": "admin.crt", "keyData": "admin.key"}
    tls = {key: b64encode((cluster.certificates / name).read_bytes()).decode() for key, name in names.items()}
    config = json.dumps({"tlsClientConfig": tls})
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": SECOND,
            "namespace": NAMESPACE,
            "labels": {"argocd.argoproj.io/secret-type": "cluster"},
        },
        "stringData": {"name": SECOND, "server": f"https://{cluster.api._host}", "config": config},
    }


def _untouched(platform: Deployment, since: int) -> None:
    """Nothing of it was deleted or changed after that version."""
    events = platform.recorder.sorted()
    assert lost_pods(events, since) == {}
    assert deleted(events, since) == set()
    assert changed(events, since) == set()


def test_each_has_its_own_objects(both: Both) -> None:
    """Every object is tracked by an Application of its own environment; both have the same ones."""
    keys = []
    for platform in (both.first, both.second):
        tracked = {event.key: event.owner for event in platform.recorder.sorted() if event.owner}
        own = {key: owner for key, owner in tracked.items() if key[1] != NAMESPACE}
        assert set(own.values()) == {platform.child(tier) for tier in platform.tiers}
        keys.append(own.keys())
    assert keys[0] == keys[1]
    assert len(keys[0]) > 100


def test_change_of_one(both: Both) -> None:
    """Pods of the second one roll, and the first one, which sees the same commit, is left alone."""
    first, second = both.first.version(), both.second.version()
    both.first.origin.mark("core", "two", SECOND)
    commit = both.first.origin.commit("For the second one")
    for platform in (both.first, both.second):
        platform.wait_settled(commit, SETTLING)
    rolled = {name for _, _, name in lost_pods(both.second.recorder.sorted(), second)}
    assert {"model-registry", "training-orchestrator"} <= rolled
    _untouched(both.first, first)


@pytest.mark.parametrize(
    ("project", "destination"),
    [("chatdb-platform", THERE), (f"chatdb-{SECOND}-platform", HERE)],
    ids=["first to the second", "second to the first"],
)
def test_project_allows_its_own_cluster_alone(both: Both, project: str, destination: dict[str, str]) -> None:
    """An Application of one environment cannot deploy to the other's cluster."""
    api, since = both.first.api, (both.first.version(), both.second.version())
    source = both.first.argo_cd.application("chatdb-core")["spec"]["source"]
    spec = {
        "project": project,
        "source": source,
        "destination": {**destination, "namespace": "chatdb-services"},
        "syncPolicy": {"automated": {}},
    }
    stray = {
        "apiVersion": API_VERSION,
        "kind": "Application",
        "metadata": {"name": "stray", "namespace": NAMESPACE},
        "spec": spec,
    }
    api.apply(stray)
    try:
        both.first.wait("it is refused", SEEN, lambda: _reported(both.first, "stray", "InvalidSpecError"))
        assert f"destinations in project '{project}'" in _reported(both.first, "stray", "InvalidSpecError")
        _untouched(both.first, since[0])
        _untouched(both.second, since[1])
    finally:
        api.delete(api.of(stray))
        both.first.wait("it is gone", SEEN, lambda: not both.first.argo_cd.application("stray"))


def _reported(platform: Deployment, name: str, problem: str) -> str:
    """What Argo CD reports of that type of problem with an Application."""
    conditions = platform.argo_cd.application(name).get("status", {}).get("conditions", [])
    return "".join(condition["message"] for condition in conditions if condition["type"] == problem)


def test_removed_environment_stays_deployed(both: Both) -> None:
    """As docs/environments.md says: Argo CD reports that the folder is missing, and keeps all that is deployed."""
    origin, second = both.first.origin, both.second
    since = second.version()
    origin.run("remove-environment", SECOND, "--yes")
    commit = origin.commit("Without the second one")
    both.first.wait_settled(commit, SETTLING)
    second.argo_cd.look(second.root)
    second.wait("it is reported", SEEN, lambda: _reported(second, second.root, "ComparisonError"))
    assert set(map(second.child, second.tiers)) <= second.argo_cd.applications().keys()
    _untouched(second, since)
    origin.revert(commit)
    origin.push()
    second.argo_cd.look(second.root)
    both.settle()
    _untouched(second, since)
