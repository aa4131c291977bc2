"""The checker: no object of a tier appears or changes before every tier below is ready with the same commit."""

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field

from catalogue.components import CATALOGUE
from catalogue.tiers import Tier
from chatdb.deploy import objects
from tests.e2e.api import Manifest
from tests.e2e.recorder import Event

PREFIX = "chatdb-"
SEEN = "test.invalid/Seen"
"""The condition of a Cluster by which the stand-in of its operator says which generation the status is about."""


@dataclass(slots=True)
class State:
    """What was known of the platform at one resource version."""

    applications: dict[str, Manifest] = field(default_factory=dict)
    workloads: dict[tuple[str, str, str], Event] = field(default_factory=dict)
    wanted: dict[tuple[str, str, str], str] = field(default_factory=dict)
    whole: set[tuple[str, str]] = field(default_factory=set)
    """(Application, commit) that were once Synced and Healthy together."""

    def take(self, event: Event) -> bool:
        """Take the event in; whether somebody asked for something else than before."""
        if event.kind == "Application":
            self.applications[event.key[2]] = event.manifest
            if (sync := _synced_and_healthy(event.manifest)) is not None:
                self.whole.add((event.key[2], str(sync.get("revision"))))
            return False
        if event.type == "DELETED":
            self.workloads.pop(event.key, None)
            return self.wanted.pop(event.key, None) is not None
        if event.kind in ("Deployment", "StatefulSet", "Job", "Cluster"):
            self.workloads[event.key] = event
        changed = self.wanted.get(event.key) != event.wanted
        self.wanted[event.key] = event.wanted
        return changed


def tier_of(application: str | None) -> Tier | None:
    """The tier of a child Application."""
    name = (application or "").removeprefix(PREFIX)
    return Tier(name) if name in list(Tier) and application != name else None


def violations(
    events: Iterable[Event],
    tiers: Iterable[Tier],
    *,
    operators: Iterable[str] = (),
    since: int = 0,
    by_hand: Container[tuple[str, str, str]] = (),
) -> Iterator[str]:
    """One line for each change that came too early; `since` is a resource version from which on it counts.

    All tiers wait for the operators, whose names are those of their Applications without the prefix.
    Keys in `by_hand` are objects that the test deletes: that is no tier's doing, and so is no update when such a one is
    put back as it was, at a commit at which the tier has been whole.
    """
    known, first = list(tiers), list(operators)
    state = State()
    for event in events:
        changed = state.take(event)
        tier = tier_of(event.owner)
        if not changed or tier is None or event.version <= since:
            continue
        commit = revision_under_way(state, tier)
        if event.key in by_hand and (event.type == "DELETED" or (PREFIX + tier, str(commit)) in state.whole):
            continue
        waited = [(lower, commit) for lower in known if CATALOGUE.wave(lower) < CATALOGUE.wave(tier)]
        for part, wanted in [*((operator, None) for operator in first), *waited]:
            reason = unready(state, part, wanted)
            if reason:
                change = f"{event.type} {'/'.join(event.key)} of {tier}"
                yield f"{event.version}: {change} at {str(commit)[:7]}, but {part} {reason}"


def revision_under_way(state: State, tier: Tier) -> str | None:
    """The commit that the tier's Application is applying, or, where it applies nothing, was compared with last."""
    status = state.applications.get(PREFIX + tier, {}).get("status", {})
    operation = status.get("operationState", {})
    sync: Manifest = status.get("sync", {})
    if operation.get("phase") == "Running":
        sync = operation.get("operation", {}).get("sync", {})
    return sync.get("revision")


def unready(state: State, part: str, commit: str | None) -> str | None:
    """Why the tier or operator is not ready with that commit: by its Application, and by its workloads' own status."""
    application = state.applications.get(PREFIX + part)
    if application is None:
        return "has no Application"
    sync = _synced_and_healthy(application)
    if sync is None:
        status = application.get("status", {})
        return f"is {status.get('sync', {}).get('status')} and {status.get('health', {}).get('status')}"
    if commit is not None and sync.get("revision") != commit:
        return f"is at {str(sync.get('revision'))[:7]}"
    mine = [event for event in state.workloads.values() if event.owner == PREFIX + part]
    waiting = [event.key for event in mine if not ready(event.manifest)]
    return f"waits for {'/'.join(waiting[0])}" if waiting else None


def _synced_and_healthy(application: Manifest) -> Manifest | None:
    """Its sync, where it is so."""
    status = application.get("status", {})
    sync, health = status.get("sync", {}), status.get("health", {})
    whole = (sync.get("status"), health.get("status")) == ("Synced", "Healthy")
    return dict(sync) if whole else None


def ready(manifest: Manifest) -> bool:
    """Whether the workload runs as it is asked to: rolled out whole, or, for a Job, complete."""
    status, spec = manifest.get("status", {}), manifest["spec"]
    if manifest["kind"] == "Cluster":
        about = [one["observedGeneration"] for one in status.get("conditions", ()) if one["type"] == SEEN]
        return about == [manifest["metadata"]["generation"]] and objects.ready(manifest)
    if manifest["kind"] == "Job":
        conditions = status.get("conditions", [])
        return any(condition["type"] == "Complete" and condition["status"] == "True" for condition in conditions)
    replicas: int = spec.get("replicas", 1)
    return bool(
        status.get("observedGeneration", 0) >= manifest["metadata"].get("generation", 0)
        and status.get("updatedReplicas", 0) == replicas
        and status.get("readyReplicas", 0) == replicas
        and status.get("replicas", 0) == replicas
    )
