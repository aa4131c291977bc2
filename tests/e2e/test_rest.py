"""After a sync there is rest; what is changed by hand is healed; what is uninstalled is gone, but for data."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from catalogue.namespaces import Namespace
from tests.argo_cd_install import INTERVAL, SEEN_SECONDS
from tests.e2e.api import Api, Manifest
from tests.e2e.argo_cd import NAMESPACE
from tests.e2e.deployment import Deployment, deployed
from tests.e2e.recorder import Event

RESTING = 60
HEALING = 60
UNINSTALLING = 120
KEPT = {"Namespace", "PersistentVolumeClaim"}
SERVERS_OWN = {("ServiceAccount", "default"), ("ConfigMap", "kube-root-ca.crt")}
"""What Kubernetes itself makes in every namespace."""
APPLICATION = ("argoproj.io/v1alpha1", "Application")
CLAIM = ("v1", "PersistentVolumeClaim", "chatdb-monitoring", "prometheus")
PART_OF = ("app.kubernetes.io/part-of", "chatdb")
CHANGES: tuple[tuple[tuple[str, str, str | None, str], Manifest], ...] = (
    (("apps/v1", "Deployment", "chatdb-services", "query-parser"), {"spec": {"replicas": 3}}),
    (("v1", "ConfigMap", "chatdb-services", "ml-engine-config"), {"data": {"PREDICTION_TOPIC": "by-hand"}}),
    (("v1", "ResourceQuota", "chatdb-testing", "quota"), {"spec": {"hard": {"pods": "50"}}}),
    (
        ("v1", "Namespace", None, "chatdb-system"),
        {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "privileged"}}},
    ),
)
"""What a hand might change, as merge patches."""
DELETED = (
    ("apps/v1", "Deployment", "chatdb-services", "query-parser"),
    ("v1", "ConfigMap", "chatdb-services", "query-parser-config"),
    ("networking.k8s.io/v1", "NetworkPolicy", "chatdb-testing", "default-deny"),
    ("rbac.authorization.k8s.io/v1", "RoleBinding", "chatdb-system", "credentials"),
)


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """The whole platform, up, and Argo CD with the times that are shipped."""
    with deployed(tmp_path_factory.mktemp("rest"), settings={}) as made:
        made.bootstrap()
        made.wait_settled()
        yield made


def test_nothing_is_written_at_rest(platform: Deployment) -> None:
    """For a minute nothing of the platform is written: no permanent difference, no repeated Job, no storm.

    Applications are: Argo CD notes the time of each comparison in their status.
    """
    time.sleep(5)  # the last status of an Application follows its health
    since, before = platform.version(), platform.argo_cd.applications()
    deadline = time.monotonic() + RESTING
    while time.monotonic() < deadline:
        assert platform.settled(), platform.argo_cd.states()
        time.sleep(1)
    writes = platform.recorder.writes(since)
    assert {key: count for key, count in writes.items() if key[0] != "Application"} == {}
    after = platform.argo_cd.applications()
    assert {name: _operation(application) for name, application in after.items()} == {
        name: _operation(application) for name, application in before.items()
    }
    noted = max(writes.values(), default=0)
    print(f"each Application was compared {noted} times in {RESTING} s, and nothing else was written")
    assert 0 < noted <= RESTING / INTERVAL + 1


def _operation(application: Manifest) -> tuple[Any, ...]:
    """What the Application is asked to do, and its last operation."""
    return application["spec"], application.get("operation"), application["status"]["operationState"]["finishedAt"]


def _asked(api: Api, place: tuple[str, str, str | None, str]) -> str | None:
    """All that is asked for in an object; nothing where there is none."""
    manifest = api.get(*place)
    return Event(0, 0, "MODIFIED", manifest).wanted if manifest else None


@pytest.mark.parametrize(("place", "change"), CHANGES, ids=[change[0][1] for change in CHANGES])
def test_change_by_hand_is_healed(
    platform: Deployment, place: tuple[str, str, str | None, str], change: Manifest
) -> None:
    """What somebody changes in the cluster is changed back, and all is at rest again."""
    before, since = _asked(platform.api, place), platform.version()
    platform.api.patch(platform.api.path(*place), change)
    assert before != _asked(platform.api, place)
    seconds = platform.wait(f"{place[3]} is healed", HEALING, lambda: _asked(platform.api, place) == before)
    print(f"{place[1]} healed after {seconds:.0f} s")
    platform.wait_settled()
    # The hand's write and the healing one: what counts at rest is not blind.
    assert platform.recorder.writes(since)[place[1], place[2] or "", place[3]] >= 2


def test_deleted_objects_come_back(platform: Deployment) -> None:
    """Objects of several tiers that somebody deletes are made again as they were."""
    before = {place: _asked(platform.api, place) for place in DELETED}
    assert None not in before.values()
    old = {place: platform.api.read(*place)["metadata"]["uid"] for place in DELETED}
    for place in DELETED:
        platform.api.delete(platform.api.path(*place))

    def back() -> bool:
        return {place: _asked(platform.api, place) for place in DELETED} == before

    platform.wait("they are gone", HEALING, lambda: not back())
    platform.wait("they are back", HEALING, back)
    platform.wait_settled()
    new = {place: platform.api.read(*place)["metadata"]["uid"] for place in DELETED}
    assert not set(old.values()) & set(new.values())


def test_push_is_seen(platform: Deployment) -> None:
    """Without a webhook each Application finds a pushed commit by itself, with the times that are shipped."""
    commit = platform.origin.commit("Pushed")

    def seen() -> bool:
        return all(platform.at(tier) == commit for tier in platform.tiers)

    taken = platform.wait("every Application has seen the push", 3 * SEEN_SECONDS, seen)
    print(f"seen after {taken:.0f} s, of {SEEN_SECONDS} s")


def test_claim_that_leaves_git_stays(platform: Deployment) -> None:
    """It holds data; and it does not hold the gate: every Application is Synced and Healthy without it."""
    uid = platform.api.read(*CLAIM)["metadata"]["uid"]
    platform.origin.forget("monitoring", "prometheus-pvc.yaml")
    commit = platform.origin.commit("No claim")
    platform.wait_settled(commit)
    assert platform.api.read(*CLAIM)["metadata"]["uid"] == uid


def test_uninstall_keeps_namespaces_and_data_alone(platform: Deployment) -> None:
    """As docs/argo-cd.md says: the root, then its children; only namespaces and claims are left, with their data."""
    api = platform.api
    claims = {claim["metadata"]["uid"] for claim in api.list(*CLAIM[:2])}
    assert len(claims) >= 4
    api.delete(api.path(*APPLICATION, NAMESPACE, "chatdb"))
    for name, application in platform.argo_cd.applications().items():
        assert application["metadata"]["labels"][PART_OF[0]] == PART_OF[1]
        api.delete(api.path(*APPLICATION, NAMESPACE, name))
    platform.wait("no Application is left", UNINSTALLING, lambda: not platform.argo_cd.applications())
    wanted = {("Namespace", name) for name in Namespace}
    platform.wait("only what holds data is left", UNINSTALLING, lambda: {kind for kind, _ in _left(api)} <= KEPT)
    left = _left(api)
    assert {one for one in left if one[0] == "Namespace"} == wanted
    assert {claim["metadata"]["uid"] for claim in api.list(*CLAIM[:2])} == claims


def _left(api: Api) -> set[tuple[str, str]]:
    """Kind and name of everything in the platform's namespaces, of every kind that the server can list."""
    names = {namespace["metadata"]["name"] for namespace in api.list("v1", "Namespace")} & set(Namespace)
    objects = {("Namespace", name) for name in names}
    for api_version, kind in api.listable():
        for one in api.list(api_version, kind):
            if one["metadata"].get("namespace") in names and kind != "Event":
                objects.add((kind, one["metadata"]["name"]))
    return objects - SERVERS_OWN
