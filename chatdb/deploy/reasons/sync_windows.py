"""Whether a project's sync windows keep Argo CD from syncing an Application now."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any
from zoneinfo import ZoneInfo

from chatdb.deploy.objects import Manifest

FIELDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
"""The least and the largest value of minute, hour, day, month and day of the week."""
UNITS = {"s": "seconds", "m": "minutes", "h": "hours"}
SUNDAY_TOO = 7
Window = Mapping[str, Any]


def blocking(application: Manifest, project: Manifest, now: datetime) -> Window | None:
    """The window that forbids an automated sync: an active deny, or an allow while none of them is active."""
    windows = [one for one in project["spec"].get("syncWindows") or () if _matches(one, application)]
    allows = [one for one in windows if one["kind"] == "allow"]
    active = [one for one in windows if _active(one, now)]
    denying = next((one for one in active if one["kind"] == "deny"), None)
    if denying or any(one in active for one in allows):
        return denying
    return next(iter(allows), None)


def _matches(window: Window, application: Manifest) -> bool:
    destination = application["spec"].get("destination", {})
    fields = {
        "applications": (application["metadata"]["name"],),
        "namespaces": (destination.get("namespace", ""),),
        "clusters": (destination.get("server", ""), destination.get("name", "")),
    }
    results = [
        any(fnmatchcase(value, pattern) for value in values for pattern in window[field])
        for field, values in fields.items()
        if window.get(field)
    ]
    return bool(results) and (all(results) if window.get("andOperator") else any(results))


def _active(window: Window, now: datetime) -> bool:
    """Whether it has begun at most its duration ago."""
    local = now.astimezone(ZoneInfo(window.get("timeZone") or "UTC")).replace(second=0, microsecond=0)
    minutes = range(int(_duration(window["duration"]).total_seconds() // 60) + 1)
    fields = window["schedule"].split()
    return any(_begins(fields, local - timedelta(minutes=number)) for number in minutes)


def _duration(text: str) -> timedelta:
    """A duration as Go writes it, such as 1h30m."""
    total, number = timedelta(), ""
    for character in text:
        if character in UNITS:
            total += timedelta(**{UNITS[character]: float(number)})
            number = ""
        else:
            number += character
    return total


def _begins(fields: Sequence[str], time: datetime) -> bool:
    """Whether a cron schedule names that minute; where both kinds of day are given, one of them is enough."""
    weekday = time.isoweekday() % SUNDAY_TOO
    values = (time.minute, time.hour, time.day, time.month, weekday)
    minute, hour, day, month, week = (
        _among(field, value, bounds) for field, value, bounds in zip(fields, values, FIELDS, strict=True)
    )
    either = fields[2] != "*" and fields[4] != "*"
    return minute and hour and month and ((day or week) if either else (day and week))


def _among(field: str, value: int, bounds: tuple[int, int]) -> bool:
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        low, high = bounds if first in ("*", "?") else (int(first), int(last or (bounds[1] if step else first)))
        numbers = range(low, high + 1, int(step or 1))
        if value in numbers or (bounds == FIELDS[4] and value == 0 and SUNDAY_TOO in numbers):
            return True
    return False
