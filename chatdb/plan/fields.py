"""What differs between two versions of an object, field by field."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from typing import Any

from chatdb.plan.applied import applied
from chatdb.plan.defaults import AMOUNTS, SIZES
from chatdb.plan.normal import normal
from constructs_lib.quantity import same_amount
from constructs_lib.rendered import Manifest

KEYS: Sequence[tuple[str, ...]] = (
    ("name",),
    ("mountPath",),
    ("containerPort", "protocol"),
    ("port", "protocol"),
    ("metadata.name",),
    ("host",),
    ("path",),
    ("topologyKey", "whenUnsatisfiable"),
    ("type",),
    ("key",),
)
"""What tells the items of a list apart, the first that all of them have and no two have alike."""
HIDDEN = "(hidden)"
SECRET = ("data", "stringData")
"""The fields of a Secret whose values are never shown."""
ABSENT = None
BRIEF = 80
"""Characters of a value that are shown in a line."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldChange:
    """One field that changes: its path, and its values, None where there is none.

    `diff` has the lines that differ, where the values are texts of several lines. One that is `rewritten` is the same
    amount in another unit, which the server writes and never refuses.
    """

    path: str
    before: Any
    after: Any
    diff: tuple[str, ...] = ()
    rewritten: bool = False


def changes(before: Manifest, after: Manifest) -> tuple[FieldChange, ...]:
    """Every field in which the API server's object differs after an apply, in the order of their paths."""
    secret = after["kind"] == "Secret"
    found = (_change(*each, secret=secret) for each in differences((), normal(before), applied(before, after)))
    return tuple(sorted(found, key=lambda change: change.path))


def brief(value: Any) -> str:
    """A value in one short line; `none` where there is none."""
    if value is ABSENT:
        return "none"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    text = " ".join(text.split())
    return text if len(text) <= BRIEF else f"{text[: BRIEF - 1]}…"


def _change(path: tuple[str, ...], before: Any, after: Any, *, secret: bool) -> FieldChange:
    if secret and path and path[0] in SECRET:
        hidden = (HIDDEN if value is not ABSENT else ABSENT for value in (before, after))
        return FieldChange(path=path_text(path), before=next(hidden), after=next(hidden))
    diff: tuple[str, ...] = ()
    if isinstance(before, str) and isinstance(after, str) and "\n" in before + after:
        lines = unified_diff(before.splitlines(), after.splitlines(), "before", "after", n=2, lineterm="")
        # A text may differ in the line ends alone.
        diff = tuple(lines)[2:] or ("(line ends)",)
    amount = path and (path[-1] in SIZES or (len(path) > 1 and path[-2] in AMOUNTS))
    rewritten = bool(amount) and same_amount(before, after)
    return FieldChange(path=path_text(path), before=before, after=after, diff=diff, rewritten=rewritten)


def path_text(path: tuple[str, ...]) -> str:
    """`spec.containers[api].image`; a key with a dot is in quotes."""
    parts = (part if part.startswith("[") else f".{part}" if "." not in part else f'."{part}"' for part in path)
    return "".join(parts).removeprefix(".")


def within(path: str, other: str) -> bool:
    """Whether a path, as a text, is the other one or leads on from it."""
    return path == other or path.startswith((f"{other}.", f"{other}["))


def differences(path: tuple[str, ...], before: Any, after: Any) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    """(path, before, after) of each place, from the path on, in which two values differ."""
    if same(before, after):
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for key in {**before, **after}:
            yield from differences((*path, str(key)), before.get(key, ABSENT), after.get(key, ABSENT))
    elif isinstance(before, list) and isinstance(after, list) and (keys := keys_of(before, after)):
        old, new = ({label(item, keys): item for item in items} for items in (before, after))
        for name in {**old, **new}:
            yield from differences((*path, f"[{name}]"), old.get(name, ABSENT), new.get(name, ABSENT))
        common = [[name for name in items if name in old and name in new] for items in (old, new)]
        if common[0] != common[1]:
            yield (*path, "[order]"), common[0], common[1]
    else:
        yield path, before, after


def same(before: Any, after: Any) -> bool:
    """Whether they are equal, types included: in Python, True equals 1."""
    if isinstance(before, dict) and isinstance(after, dict):
        return before.keys() == after.keys() and all(same(value, after[key]) for key, value in before.items())
    if isinstance(before, list) and isinstance(after, list):
        return len(before) == len(after) and all(map(same, before, after))
    return type(before) is type(after) and bool(before == after)


def keys_of(*lists: list[Any]) -> tuple[str, ...] | None:
    """What tells the items of the lists apart; None where nothing does."""
    for keys in KEYS:
        if all(_told_apart(items, keys) for items in lists):
            return keys
    return None


def _told_apart(items: list[Any], keys: tuple[str, ...]) -> bool:
    labels = [label(item, keys) for item in items]
    return None not in labels and len({*labels}) == len(labels)


def label(item: Any, keys: tuple[str, ...]) -> str | None:
    """The values of these keys in an item; None where it lacks one."""
    values = []
    for key in keys:
        value = item
        for part in key.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        if not isinstance(value, str | int):
            return None
        values.append(str(value))
    return "/".join(values)
