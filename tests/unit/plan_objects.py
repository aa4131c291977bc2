"""Small objects, for tests of plans."""

from typing import Any

from chatdb.plan.changes import changes
from chatdb.plan.notes import Difference, Note, compared, notes
from chatdb.plan.sides import Part, Side
from constructs_lib.rendered import Manifest

NAMESPACE = "shop"


def one(
    kind: str, name: str = "web", *, version: str = "v1", namespace: str | None = NAMESPACE, **fields: Any
) -> Manifest:
    """An object; fields of its metadata are `labels` and `annotations`."""
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    metadata |= {key: fields.pop(key) for key in ("labels", "annotations") if key in fields}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **fields}


def workload(
    kind: str = "Deployment", *, pod: dict[str, Any] | None = None, labels: dict[str, str] | None = None, **spec: Any
) -> Manifest:
    """A Deployment or StatefulSet of one container; `pod` is more of its pod."""
    container = {"name": "web", "image": "example.com/web:1.1"}
    template = {"metadata": {"labels": labels or {"app": "web"}}, "spec": {"containers": [container], **(pod or {})}}
    selector = {"matchLabels": {"app": "web"}}
    return one(kind, version="apps/v1", spec={"selector": selector, "template": template, **spec})


def container(**fields: Any) -> dict[str, Any]:
    """A pod of one container with these fields."""
    return {"containers": [{"name": "web", "image": "example.com/web:1.1", **fields}]}


def side(*objects: Manifest, tier: str = "core") -> Side:
    """An environment of one tier; Argo CD's own objects are a part of their own."""
    own = tuple(each for each in objects if each["kind"] == "Application")
    others = tuple(each for each in objects if each["kind"] != "Application")
    parts = (Part(name="argocd", wave=None, objects=own), Part(name=tier, wave=0, objects=others))
    return tuple(part for part in parts if part.objects)


def between(before: Side, after: Side) -> Difference:
    """What differs."""
    return compared(before, after)


def found(before: Side, after: Side) -> tuple[Note, ...]:
    """All notes."""
    return notes(between(before, after))


def rules(before: Side, after: Side) -> set[str]:
    """The rules that find something."""
    return {note.rule for note in found(before, after)}


def paths(before: Manifest, after: Manifest) -> list[str]:
    """The fields that change in an object."""
    return [field.path for change in changes(side(before), side(after)) for field in change.fields]
