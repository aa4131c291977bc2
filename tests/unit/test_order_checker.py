"""The checker of the order, on made-up histories of two tiers."""

from typing import Any

import pytest

from catalogue.tiers import Tier
from chatdb.deploy.objects import HEALTHY
from tests.e2e.order import SEEN, violations
from tests.e2e.recorder import TRACKING, Event

TIERS = (Tier.FOUNDATION, Tier.CORE)
CONFIG = ("ConfigMap", "chatdb-services", "config")


def application(version: int, tier: Tier, commit: str, sync: str = "Synced", under_way: str | None = None) -> Event:
    """The tier's Application: what it was compared with, and the commit that it applies."""
    status: dict[str, Any] = {"sync": {"status": sync, "revision": commit}, "health": {"status": "Healthy"}}
    if under_way:
        status["operationState"] = {"phase": "Running", "operation": {"sync": {"revision": under_way}}}
    metadata = {"namespace": "argocd", "name": f"chatdb-{tier}"}
    return Event(version, 0, "MODIFIED", {"kind": "Application", "metadata": metadata, "status": status})


def config(version: int, kind: str, value: str) -> Event:
    """An object of core."""
    annotations = {TRACKING: "chatdb-core:/ConfigMap:chatdb-services/config"}
    metadata = {"namespace": CONFIG[1], "name": CONFIG[2], "annotations": annotations}
    return Event(version, 0, kind, {"kind": CONFIG[0], "metadata": metadata, "data": {"key": value}})


def installed() -> list[Event]:
    """Both tiers, whole at commit a."""
    first = [application(1, Tier.FOUNDATION, "a"), application(2, Tier.CORE, "none", "OutOfSync", "a")]
    return [*first, config(3, "ADDED", "a"), application(4, Tier.CORE, "a")]


def test_in_order() -> None:
    """A change after the tier below is whole with the same commit is none."""
    update = [application(5, Tier.FOUNDATION, "b"), application(6, Tier.CORE, "a", "OutOfSync", "b")]
    assert list(violations([*installed(), *update, config(7, "MODIFIED", "b")], TIERS)) == []


def test_too_early() -> None:
    """A change while the tier below has the older commit is one."""
    early = [application(5, Tier.CORE, "a", "OutOfSync", "b"), config(6, "MODIFIED", "b")]
    assert list(violations([*installed(), *early], TIERS)) == [
        "6: MODIFIED ConfigMap/chatdb-services/config of core at b, but foundation is at a"
    ]


def healed(commit: str, value: str) -> list[Event]:
    """The object is deleted while the tier below has a newer commit, and put back at that one."""
    below = application(5, Tier.FOUNDATION, "b")
    return [*installed(), below, config(6, "DELETED", "a"), application(7, Tier.CORE, "a", "OutOfSync", commit),
            config(8, "ADDED", value)]  # fmt: skip


def test_what_a_hand_deleted_is_put_back() -> None:
    """To put it back as it was is no update; a tier that does both by itself breaks the order twice."""
    assert list(violations(healed("a", "a"), TIERS, by_hand={CONFIG})) == []
    assert len(list(violations(healed("a", "a"), TIERS))) == 2


def test_what_a_hand_deleted_comes_too_early() -> None:
    """It is put back at a commit at which the tier has never been whole, before the tier below is."""
    assert len(list(violations(healed("c", "c"), TIERS, by_hand={CONFIG}))) == 1


def cluster(version: int, generation: int, seen: int, instances: int = 3) -> Event:
    """A Cluster of foundation, whose operator has seen a generation."""
    annotations = {TRACKING: "chatdb-foundation:postgresql.cnpg.io/Cluster:chatdb-system/postgres"}
    metadata = {"namespace": "chatdb-system", "name": "postgres", "generation": generation, "annotations": annotations}
    conditions = [{"type": SEEN, "status": "True", "observedGeneration": seen}]
    status = {"phase": HEALTHY, "readyInstances": instances, "conditions": conditions}
    manifest = {"kind": "Cluster", "metadata": metadata, "spec": {"instances": 3}, "status": status}
    return Event(version, 0, "MODIFIED", manifest)


@pytest.mark.parametrize(("seen", "instances", "broken"), [(2, 3, 0), (1, 3, 1), (2, 2, 1)])
def test_cluster_is_waited_for(seen: int, instances: int, broken: int) -> None:
    """It is ready when its operator has seen the present spec, and all instances are."""
    events = [*installed(), application(5, Tier.FOUNDATION, "b"), cluster(6, 2, seen, instances)]
    events += [application(7, Tier.CORE, "a", "OutOfSync", "b"), config(8, "MODIFIED", "b")]
    lines = list(violations(events, TIERS, since=6))
    assert len(lines) == broken
    assert all(line.endswith("but foundation waits for Cluster/chatdb-system/postgres") for line in lines)


def operator(version: int, health: str) -> Event:
    """The Application of an operator, which has a revision of its own."""
    status = {"sync": {"status": "Synced", "revision": "v1"}, "health": {"status": health}}
    metadata = {"namespace": "argocd", "name": "chatdb-operator-any"}
    return Event(version, 0, "MODIFIED", {"kind": "Application", "metadata": metadata, "status": status})


@pytest.mark.parametrize(("events", "reason"), [
    ([operator(5, "Healthy")], None),
    ([operator(5, "Progressing")], "is Synced and Progressing"),
    ([], "has no Application"),
])  # fmt: skip
def test_operators_come_first(events: list[Event], reason: str | None) -> None:
    """Every tier waits for them, whatever their revision is."""
    update = [application(6, Tier.FOUNDATION, "b"), application(7, Tier.CORE, "a", "OutOfSync", "b")]
    history = [*installed(), *events, *update, config(8, "MODIFIED", "b")]
    lines = list(violations(history, TIERS, operators=["operator-any"], since=7))
    change = "8: MODIFIED ConfigMap/chatdb-services/config of core at b"
    assert lines == ([f"{change}, but operator-any {reason}"] if reason else [])
