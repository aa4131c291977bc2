"""One reason why something is not ready: by which object it is held, since when, and the fix."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from chatdb.deploy.objects import Manifest


class Grace(IntEnum):
    """For how long a deployment waits for it to end by itself."""

    NONE = 0
    SHORT = 1
    LONG = 2


@dataclass(frozen=True, slots=True)
class Reason:
    """What holds an object; `kind` stays the same for as long as it is the same reason.

    `held_by` names the object that it comes from, as <kind> <namespace>/<name>. `since` is a time as Kubernetes writes
    it, empty where the cluster does not say.
    """

    kind: str
    held_by: str
    message: str
    fix: str
    grace: Grace = Grace.SHORT
    since: str = ""


def one_line(text: str, most: int = 400) -> str:
    """A message of the cluster on one line, of bounded length."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 3]}..."


def named(kind: str, namespace: str, name: str) -> str:
    """An object that may not exist, as a person names it."""
    return f"{kind} {namespace}/{name}" if namespace else f"{kind} {name}"


def entry(manifest: Mapping[str, Any], type_: str) -> Mapping[str, Any]:
    """The condition of that type, true or not; empty where there is none."""
    conditions: Iterable[Mapping[str, Any]] = manifest.get("status", {}).get("conditions") or ()
    return next((condition for condition in conditions if condition.get("type") == type_), {})


def since(manifest: Mapping[str, Any], *types: str) -> str:
    """When the first of these conditions that there is began; else when the object was made."""
    times = (entry(manifest, type_).get("lastTransitionTime") for type_ in types)
    return next((str(time) for time in times if time), str(manifest["metadata"].get("creationTimestamp", "")))


def logs(manifest: Manifest, prefix: str = "") -> str:
    """The command that prints its logs."""
    metadata = manifest["metadata"]
    return f"`kubectl logs -n {metadata['namespace']} {prefix}{metadata['name']}`"


def describe(manifest: Manifest) -> str:
    """The command that prints all that Kubernetes knows of it."""
    metadata = manifest["metadata"]
    place = f"-n {metadata['namespace']} " if metadata.get("namespace") else ""
    return f"`kubectl describe {manifest['kind'].lower()} {place}{metadata['name']}` says more"
