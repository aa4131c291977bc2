"""The checker of the order, on made-up histories of two tiers."""

from typing import Any

from catalogue.tiers import Tier
from tests.e2e.order import violations
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
