"""What an object is after a server-side apply: what the server has filled in stays, where no manifest names it."""

from collections.abc import Mapping, Sequence
from typing import Any

from chatdb.plan.normal import normal, places
from constructs_lib.rendered import Manifest

Tree = dict[str, Any]
NAMED = ("name",)
MERGED: Mapping[str, Sequence[tuple[str, ...]]] = {
    "containers": (NAMED,),
    "initContainers": (NAMED,),
    "env": (NAMED,),
    "volumes": (NAMED,),
    "volumeMounts": (("mountPath",),),
    "ports": (("containerPort", "protocol"), ("port", "protocol")),
}
"""Lists whose items an apply merges, with what tells items apart; it replaces every other list as a whole."""
PROTOCOL = "TCP"
ALLOCATED = "clusterIP"
"""The server keeps it where a manifest no longer names it."""


def applied(before: Manifest, after: Manifest) -> Manifest:
    """The object that `after` makes of the one that `before` has made."""
    made: Manifest = _kept(normal(before), before, after)
    if after["kind"] == "Service":
        for old, new in zip(places(before, "spec"), places(made, "spec"), strict=False):
            if old.get(ALLOCATED) and new.get("type") != "ExternalName":
                new.setdefault(ALLOCATED, old[ALLOCATED])
    return normal(made)


def _kept(live: Tree, before: Tree, after: Tree) -> Tree:
    """`after`, with what is live and neither of them names."""
    made = dict(after)
    for name, value in live.items():
        old, new = before.get(name), after.get(name)
        if new is None:
            if old is None:
                made[name] = value
        elif isinstance(value, dict) and isinstance(new, dict):
            made[name] = _kept(value, old if isinstance(old, dict) else {}, new)
        elif isinstance(value, list) and isinstance(new, list) and isinstance(old, list) and name in MERGED:
            made[name] = _items(name, value, old, new)
    return made


def _items(name: str, live: list[Any], before: list[Any], after: list[Any]) -> list[Any]:
    lives, olds = ({_label(name, item): item for item in items} for items in (live, before))
    made = []
    for item in after:
        label = _label(name, item)
        known = label is not None and label in lives and label in olds
        made.append(_kept(lives[label], olds[label], item) if known else item)
    return made


def _label(name: str, item: Any) -> tuple[str, ...] | None:
    if isinstance(item, dict):
        for keys in MERGED[name]:
            values = [item.get(key, PROTOCOL if key == "protocol" else None) for key in keys]
            if None not in values:
                return tuple(map(str, values))
    return None
