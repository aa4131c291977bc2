"""Who has set a field of a live object, by its `metadata.managedFields`.

Source: Kubernetes documentation, "Server-Side Apply", and the format FieldsV1: `f:<name>` is a field, `k:<json>` an
item of a list by its keys, `v:<json>` a value of a set, and `.` the field itself.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chatdb.deploy.kubectl import FIELD_MANAGER

DEPLOYERS = ("argocd-controller", FIELD_MANAGER)
"""Who applies what git says."""
CONTROL_PLANE = ("kube-controller-manager", "kube-scheduler", "kubelet", "kube-apiserver")
Tree = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Owned:
    """The fields that a manager has set, from some place of an object on."""

    manager: str
    fields: Tree


def controllers(objects: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Managers that are programs: the control plane, and whoever writes the status of an object here."""
    entries = (entry for one in objects for entry in one["metadata"].get("managedFields") or [])
    return frozenset({*CONTROL_PLANE, *(entry["manager"] for entry in entries if entry.get("subresource") == "status")})


def owned(manifest: Mapping[str, Any]) -> list[Owned]:
    """What each manager has set of the object; the latest first."""
    entries = sorted(
        (entry for entry in manifest["metadata"].get("managedFields") or [] if entry.get("subresource") != "status"),
        key=lambda entry: str(entry.get("time")),
        reverse=True,
    )
    return [Owned(entry["manager"], entry.get("fieldsV1") or {}) for entry in entries]


def below(every: Sequence[Owned], step: str | Mapping[str, Any]) -> list[Owned]:
    """The same from a field on, or from an item of a list on."""
    return [Owned(one.manager, tree) for one in every for tree in _steps(one.fields, step)]


def _steps(fields: Tree, step: str | Mapping[str, Any]) -> Iterator[Tree]:
    if isinstance(step, str):
        if f"f:{step}" in fields:
            yield fields[f"f:{step}"]
        return
    for key, tree in fields.items():
        kind, _, text = key.partition(":")
        if kind == "k" and json.loads(text).items() <= step.items():
            yield tree


def latest(every: Sequence[Owned]) -> str | None:
    """Who has set the place last; None where nobody has: the server's own default."""
    return every[0].manager if every else None
