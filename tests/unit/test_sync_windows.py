"""Whether a sync window forbids an automated sync now, as Argo CD decides it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from chatdb.deploy.reasons.sync_windows import blocking

MONDAY = datetime(2026, 11, 30, 10, 20, 30, tzinfo=UTC)
APPLICATION: dict[str, Any] = {
    "metadata": {"name": "chatdb-core"},
    "spec": {"destination": {"server": "https://kubernetes.default.svc", "namespace": "chatdb-system"}},
}


def window(kind: str, schedule: str, duration: str = "1h", **more: Any) -> dict[str, Any]:
    """A window of all Applications, where nothing else is said."""
    return {"kind": kind, "schedule": schedule, "duration": duration, "applications": ["*"], **more}


def blocks(*windows: dict[str, Any]) -> bool:
    """Whether one of these forbids a sync on a Monday at 10:20."""
    return blocking(APPLICATION, {"spec": {"syncWindows": list(windows)}}, MONDAY) is not None


@pytest.mark.parametrize(
    ("schedule", "duration"),
    [
        ("* * * * *", "1m"),
        ("0 10 * * *", "1h"),
        ("20 10 * * *", "1m"),
        ("0 9-10 * * *", "21m"),
        ("*/20 * * * *", "5m"),
        ("15/5 8,10 * * *", "1m"),
        ("0 10 * * 1", "30m"),
        ("0 10 * * 1-5", "1h30m"),
        ("0 10 1 * 1", "1h"),
        ("0 10 30 11 *", "1h"),
        ("0 22 * * 7", "13h"),
        ("0 22 * * 0", "12h20m"),
    ],
)
def test_active(schedule: str, duration: str) -> None:
    """It has begun, and its duration is not over."""
    assert blocks(window("deny", schedule, duration))


@pytest.mark.parametrize(
    ("schedule", "duration"),
    [
        ("0 11 * * *", "1h"),
        ("0 10 * * *", "19m"),
        ("0 10 * * 2", "1h"),
        ("0 10 29 * *", "1h"),
        ("0 10 * 12 *", "1h"),
        ("0 10 1 * 2", "1h"),
        ("0 22 * * 6", "13h"),
    ],
)
def test_not_active(schedule: str, duration: str) -> None:
    """It is over, or has not begun."""
    assert not blocks(window("deny", schedule, duration))


def test_kinds() -> None:
    """An active deny wins; without one, an active allow does; without any, windows that allow at other times forbid."""
    now, later = "0 10 * * *", "0 12 * * *"
    assert not blocks()
    assert not blocks(window("allow", now))
    assert blocks(window("allow", later))
    assert not blocks(window("allow", later), window("allow", now))
    assert blocks(window("allow", now), window("deny", now))
    assert not blocks(window("allow", now), window("deny", later))


def test_time_zone() -> None:
    """The schedule is of its own time zone."""
    assert blocks(window("deny", "0 11 * * *", timeZone="Europe/Berlin"))
    assert not blocks(window("deny", "0 10 * * *", timeZone="Europe/Berlin", duration="10m"))


def test_applications_that_are_meant() -> None:
    """By name, namespace or cluster; with `andOperator` by all that are given."""
    always = "* * * * *"
    assert not blocks(window("deny", always, applications=["other-*"]))
    assert blocks(window("deny", always, applications=["other-*"], namespaces=["chatdb-*"]))
    assert not blocks(window("deny", always, applications=["other-*"], namespaces=["chatdb-*"], andOperator=True))
    assert blocks(window("deny", always, applications=[], clusters=["https://kubernetes.*"]))
