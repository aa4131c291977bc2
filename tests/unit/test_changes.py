"""What events say of deletions and changes, on made-up histories."""

import pytest

from tests.e2e.api import Manifest
from tests.e2e.changes import changed, deleted, lost_pods
from tests.e2e.recorder import TRACKING, Event

CONFIG = ("ConfigMap", "chatdb-services", "config")


def event(
    version: int, kind: str = "MODIFIED", *, value: str = "a", owner: str = "chatdb-core", **metadata: str
) -> Event:
    """An object that an Application tracks."""
    annotations = {TRACKING: f"{owner}:/ConfigMap:chatdb-services/config"}
    head = {"namespace": CONFIG[1], "name": CONFIG[2], "annotations": annotations, **metadata}
    return Event(version, 0, kind, {"kind": CONFIG[0], "metadata": head, "data": {"key": value}})


def pod(version: int, kind: str, owner: tuple[str, str], **metadata: str) -> Event:
    """A pod of the owner."""
    owners = [{"kind": owner[0], "name": owner[1]}]
    head = {"namespace": CONFIG[1], "name": "pod", "uid": "1", "ownerReferences": owners, **metadata}
    return Event(version, 0, kind, {"kind": "Pod", "metadata": head})


@pytest.mark.parametrize(
    ("later", "keys"),
    [
        ([], set()),
        ([event(3, owner="other-core")], set()),
        ([event(3, namespace="argocd", value="b")], set()),
        ([pod(3, "ADDED", ("Job", "topics"))], set()),
        ([event(3, value="b")], {CONFIG}),
        ([event(3, value="b"), event(4)], {CONFIG}),
        ([event(3, "DELETED")], {CONFIG}),
        ([event(3, "ADDED", name="new")], {(*CONFIG[:2], "new")}),
    ],
    ids=["nothing", "tracked by another", "of Argo CD", "pod", "changed", "changed and back", "deleted", "made"],
)
def test_changed(later: list[Event], keys: set[tuple[str, str, str]]) -> None:
    """What was asked for after that version counts, and who tracks it does not."""
    assert changed([event(1, "ADDED", value="before"), event(2), *later], 2) == keys


def test_deleted() -> None:
    """Also what is only marked for it, but pods; and nothing before that version."""
    marked = event(3, deletionTimestamp="2026-01-01T00:00:00Z")
    assert deleted([event(2, "DELETED"), event(3)], 2) == set()
    assert deleted([marked], 2) == deleted([event(3, "DELETED")], 2) == {CONFIG}
    assert deleted([pod(3, "DELETED", ("Job", "topics"))], 2) == set()


@pytest.mark.parametrize(
    ("owner", "workload"),
    [(("ReplicaSet", "ml-engine-5d4f"), ("Deployment", "ml-engine")), (("Job", "topics-1"), ("Job", "topics-1"))],
)
def test_lost_pods(owner: tuple[str, str], workload: tuple[str, str]) -> None:
    """Each pod counts once, for its workload: when it is marked, and when it is gone."""
    going: Manifest = {"deletionTimestamp": "2026-01-01T00:00:00Z"}
    events = [pod(2, "MODIFIED", owner, **going), pod(3, "MODIFIED", owner)]
    assert lost_pods(events, 2) == {}
    events += [pod(4, "MODIFIED", owner, **going), pod(5, "DELETED", owner), pod(6, "DELETED", owner, uid="2")]
    assert lost_pods(events, 2) == {(workload[0], CONFIG[1], workload[1]): 2}
