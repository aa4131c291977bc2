"""One object as git has it, and as the server has it, field by field."""

from base64 import b64encode
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from chatdb.drift.managers import DEPLOYERS, Owned, below, latest, owned
from chatdb.plan.fields import ABSENT, HIDDEN, SECRET, differences, keys_of, label, path_text, same, within
from chatdb.plan.normal import cleaned, normal
from constructs_lib.rendered import Manifest

SERVERS = (
    "creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "generation", "managedFields",
    "ownerReferences", "resourceVersion", "selfLink", "uid",
)  # fmt: skip
"""Fields of `metadata` that the server sets."""
Path = tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldDrift:
    """A field that differs: None is a side that does not have it. `manager` set it last, None where nobody is known."""

    path: str
    declared: Any
    live: Any
    manager: str | None


def drift(declared: Manifest, live: Manifest, programs: Collection[str]) -> tuple[FieldDrift, ...]:
    """Every declared field that the server has otherwise, and every other one that a person has set.

    Other fields are the server's defaults, and what `programs`, controllers and operators, write.
    """
    wanted, there = (_stated(one) for one in (declared, live))
    # A field that somebody has set to the server's default is as if nobody had.
    differing = [path_text(path) for path, *_ in differences((), normal(wanted), normal(there))]
    every = _tree((), cleaned(wanted), cleaned(there), owned(live), programs)
    found = [one for one in every if any(within(one.path, path) for path in differing)]
    secret = declared["kind"] == "Secret"
    return tuple(_hidden(one) if secret and one.path.partition(".")[0] in SECRET else one for one in found)


def _stated(manifest: Manifest) -> Manifest:
    metadata = {key: value for key, value in manifest["metadata"].items() if key not in SERVERS}
    stated = {key: value for key, value in manifest.items() if key != "status"} | {"metadata": metadata}
    texts = stated.pop("stringData", None) or {}
    if texts:
        encoded = {key: b64encode(str(value).encode()).decode() for key, value in texts.items()}
        stated["data"] = {**(stated.get("data") or {}), **encoded}
    return stated


def _hidden(one: FieldDrift) -> FieldDrift:
    declared, live = (value if value is ABSENT else HIDDEN for value in (one.declared, one.live))
    return FieldDrift(path=one.path, declared=declared, live=live, manager=one.manager)


def _tree(
    path: Path, declared: Any, live: Any, owners: Sequence[Owned], programs: Collection[str]
) -> Iterator[FieldDrift]:
    if same(declared, live):
        return
    if isinstance(declared, dict) and isinstance(live, dict):
        for key in {**declared, **live}:
            here = below(owners, key)
            yield from _place((*path, str(key)), declared.get(key), live.get(key), here, programs)
    elif isinstance(declared, list) and isinstance(live, list) and (keys := keys_of(declared, live)):
        old, new = ({label(item, keys): item for item in items} for items in (declared, live))
        for name in {**old, **new}:
            item = new.get(name, ABSENT)
            here = below(owners, item) if isinstance(item, dict) else []
            # A list that is replaced as a whole is owned as a whole.
            yield from _place((*path, f"[{name}]"), old.get(name), item, here or list(owners), programs)
    else:
        yield FieldDrift(path=path_text(path), declared=declared, live=live, manager=_person(owners, programs))


def _place(
    path: Path, declared: Any, live: Any, owners: Sequence[Owned], programs: Collection[str]
) -> Iterator[FieldDrift]:
    if declared is ABSENT:
        yield from _additions(path, live, owners, programs)
    elif live is ABSENT:
        yield FieldDrift(path=path_text(path), declared=declared, live=ABSENT, manager=None)
    else:
        yield from _tree(path, declared, live, owners, programs)


def _additions(path: Path, live: Any, owners: Sequence[Owned], programs: Collection[str]) -> Iterator[FieldDrift]:
    """What git does not say: it counts where a person has set it, as a whole or in part."""
    manager = _person(owners, programs)
    if manager is None:
        return
    if isinstance(live, dict) and not _whole(owners, manager):
        for key, value in live.items():
            yield from _additions((*path, str(key)), value, below(owners, key), programs)
    else:
        yield FieldDrift(path=path_text(path), declared=ABSENT, live=live, manager=manager)


def _person(owners: Sequence[Owned], programs: Collection[str]) -> str | None:
    return latest([one for one in owners if one.manager not in programs and one.manager not in DEPLOYERS])


def _whole(owners: Sequence[Owned], manager: str) -> bool:
    """Whether the manager has set the place itself, and not only a part of it."""
    return any("." in one.fields or not one.fields for one in owners if one.manager == manager)
