"""What was deleted, and what was asked to be otherwise, by the events after a resource version."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from chatdb.deploy.objects import Key
from tests.e2e.api import Manifest
from tests.e2e.argo_cd import NAMESPACE
from tests.e2e.recorder import TRACKING, Event

POD = "Pod"


def changed(events: Iterable[Event], since: int) -> set[Key]:
    """Objects of the platform, but pods, that were made, deleted, or asked to be otherwise than before.

    By which Application an object is tracked does not count.
    """
    before: dict[Key, str | None] = {}
    keys = set()
    for event in events:
        if event.kind == POD or event.key[1] == NAMESPACE:
            continue
        wanted = None if event.type == "DELETED" else replace(event, manifest=_untracked(event.manifest)).wanted
        if event.version > since and before.get(event.key) != wanted:
            keys.add(event.key)
        before[event.key] = wanted
    return keys


def deleted(events: Iterable[Event], since: int) -> set[Key]:
    """Objects, but pods, that were deleted or marked for it."""
    return {event.key for event in events if event.version > since and event.kind != POD and _going(event)}


def lost_pods(events: Iterable[Event], since: int) -> Counter[Key]:
    """How many pods of each workload were deleted or marked for it."""
    gone = [event.manifest for event in events if event.version > since and event.kind == POD and _going(event)]
    return Counter({pod["metadata"]["uid"]: _workload(pod) for pod in gone}.values())


def _going(event: Event) -> bool:
    return event.type == "DELETED" or "deletionTimestamp" in event.manifest["metadata"]


def _workload(pod: Manifest) -> Key:
    """The Deployment, StatefulSet or Job that the pod belongs to."""
    (owner,) = pod["metadata"]["ownerReferences"]
    kind, name = owner["kind"], owner["name"]
    if kind == "ReplicaSet":
        kind, name = "Deployment", name.rpartition("-")[0]
    return kind, pod["metadata"]["namespace"], name


def _untracked(manifest: Manifest) -> Manifest:
    metadata = manifest["metadata"]
    annotations = {name: value for name, value in (metadata.get("annotations") or {}).items() if name != TRACKING}
    return {**manifest, "metadata": {**metadata, "annotations": annotations}}
