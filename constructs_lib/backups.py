"""The setting `backups`: where and when PostgreSQL is backed up, of an environment whose trait does that."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from constructs_lib.object_store import BUCKET_FIX
from constructs_lib.options import Backups
from constructs_lib.problem import Problem
from constructs_lib.resolve.problems.names import BUCKET
from constructs_lib.yaml_files import Place

NOUN = "backups"
KEYS = ("bucket", "schedule", "retention")
EXAMPLE = "write something like backups: {bucket: acme-backups}"
SCHEDULE, RETENTION = "0 0 3 * * *", "30d"
FIELDS = (("second", 0, 59), ("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 6))
"""Of a schedule, with the least and the most that each may be."""
PART = re.compile(r"(?:\*|(?P<first>[0-9]{1,2})(?:-(?P<last>[0-9]{1,2}))?)(?:/[1-9][0-9]?)?")
KEPT = re.compile(r"[1-9][0-9]{0,4}[dwm]")


def read_backups(raw: Mapping[str, Any], environment: Place) -> tuple[Backups | None, list[Problem]]:
    """The setting among those of an environment, None where it is not there; and what is wrong with it."""
    if NOUN not in raw:
        return None, []
    value, place = raw[NOUN], environment.at(NOUN)
    if not isinstance(value, dict):
        return None, [Problem(str(place), f"{NOUN} is {value!r}", EXAMPLE)]
    every = {"schedule": SCHEDULE, "retention": RETENTION, **value}
    if problems := list(_problems(every, place)):
        return None, problems
    return Backups(**every), []


def _problems(value: Mapping[str, Any], place: Place) -> Iterator[Problem]:
    for key in value:
        if key not in KEYS:
            yield Problem(str(place.at(key)), f"{key!r} is not a known setting of {NOUN}", f"use {', '.join(KEYS)}")
    bucket, schedule, retention = (value.get(key) for key in KEYS)
    if bucket is None:
        yield Problem(str(place), f"{NOUN} has no bucket", EXAMPLE)
    elif not isinstance(bucket, str) or not BUCKET.fullmatch(bucket):
        yield Problem(str(place.at("bucket")), f"{NOUN}: {bucket!r} is not a valid name of a bucket", BUCKET_FIX)
    if defect := _defect(schedule):
        fix = f"write second, minute, hour, day, month and weekday, like {SCHEDULE!r}: each day at three, UTC"
        yield Problem(str(place.at("schedule")), f"{NOUN}: schedule {schedule!r} {defect}", fix)
    if not isinstance(retention, str) or not KEPT.fullmatch(retention):
        fix = "write a number of days, weeks or months, such as 30d, 4w or 3m"
        yield Problem(str(place.at("retention")), f"{NOUN}: retention is {retention!r}", fix)


def _defect(schedule: Any) -> str:
    """What is wrong with it; of five fields the operator would take the first for seconds."""
    fields = schedule.split() if isinstance(schedule, str) else []
    if len(fields) != len(FIELDS):
        return f"has {len(fields)} fields of {len(FIELDS)}"
    wrong = [name for text, (name, least, most) in zip(fields, FIELDS, strict=True) if not _is(text, least, most)]
    return f"has no valid {', '.join(wrong)}" if wrong else ""


def _is(text: str, least: int, most: int) -> bool:
    """Whether the field is a list of numbers and ranges within these bounds, each of which may have a step."""
    matches = [PART.fullmatch(part) for part in text.split(",")]
    numbers = [[int(number) for number in match.groups() if number] for match in matches if match]
    return all(matches) and all(sorted(one) == one and all(least <= n <= most for n in one) for one in numbers)
