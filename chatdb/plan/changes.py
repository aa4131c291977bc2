"""Which objects of an environment a change creates, changes, moves and deletes, in the order of the waves."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from chatdb.deploy.objects import component_of
from chatdb.plan import fields
from chatdb.plan.fields import FieldChange
from chatdb.plan.sides import Part, Side
from constructs_lib.rendered import Identity, Manifest, identity

SYNC_OPTIONS, KEPT = "argocd.argoproj.io/sync-options", "Prune=false"


class Action(StrEnum):
    """What happens to an object."""

    CREATE = "create"
    CHANGE = "change"
    MOVE = "move"
    RUN_AGAIN = "run again"
    DELETE = "delete"
    KEEP = "keep"


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What happens to one object; `before` and `after` are None where it is not there.

    `part` is the tier that applies it, or that it is deleted from; `wave` is that tier's wave, None for objects of
    Argo CD. `moved_from` is the tier that had it. A Job that runs again has another name on each side. `KEEP` is an
    object that nothing declares any more, and that Argo CD leaves in place.
    """

    action: Action
    part: str
    wave: int | None
    manifest: Manifest
    """The object as it will be; as it was, where it goes."""
    before: Manifest | None = None
    fields: tuple[FieldChange, ...] = ()
    moved_from: str | None = None

    @property
    def after(self) -> Manifest | None:
        """The object as it will be."""
        return None if self.action in (Action.DELETE, Action.KEEP) else self.manifest


Placed = Mapping[Identity, tuple[Part, Manifest]]


def changes(before: Side, after: Side) -> tuple[Change, ...]:
    """Every object in which the sides differ, in the order in which Argo CD applies them; deletions end each tier."""
    old, new = _placed(before), _placed(after)
    place = {part.name: (-1 if part.wave is None else part.wave, part.name) for part in (*before, *after)}
    found = _with_jobs([*_applied(old, new), *_deleted(old, new)])
    return tuple(sorted(found, key=lambda change: place[change.part]))


def _placed(side: Side) -> Placed:
    return {identity(manifest): (part, manifest) for part in side for manifest in part.objects}


def _applied(old: Placed, new: Placed) -> Iterator[Change]:
    for key, (part, manifest) in new.items():
        if key not in old:
            yield Change(action=Action.CREATE, part=part.name, wave=part.wave, manifest=manifest)
            continue
        was, before = old[key]
        differing = fields.changes(before, manifest)
        moved_from = None if was.name == part.name else was.name
        if differing or moved_from:
            yield Change(
                action=Action.MOVE if moved_from else Action.CHANGE,
                part=part.name,
                wave=part.wave,
                manifest=manifest,
                before=before,
                fields=differing,
                moved_from=moved_from,
            )


def _deleted(old: Placed, new: Placed) -> Iterator[Change]:
    for key, (part, manifest) in old.items():
        if key not in new:
            action = Action.KEEP if kept(manifest) else Action.DELETE
            yield Change(action=action, part=part.name, wave=part.wave, manifest=manifest, before=manifest)


def kept(manifest: Manifest) -> bool:
    """Whether Argo CD leaves it in place when nothing declares it any more."""
    annotations = manifest["metadata"].get("annotations")
    options = str(annotations.get(SYNC_OPTIONS, "")) if isinstance(annotations, dict) else ""
    return KEPT in (option.strip() for option in options.split(","))


def _with_jobs(every: list[Change]) -> list[Change]:
    """The changes, where a Job that goes and one of the same component that comes are one that runs again.

    A Job is named by what it runs.
    """
    jobs = [one for one in every if one.manifest["kind"] == "Job"]
    gone = {_owner(one): one for one in jobs if one.action is Action.DELETE}
    pairs = [(gone[_owner(one)], one) for one in jobs if one.action is Action.CREATE and _owner(one) in gone]
    again = {id(new): _again(old.manifest, new) for old, new in pairs}
    paired = {id(old) for old, _ in pairs}
    return [again.get(id(one), one) for one in every if id(one) not in paired]


def _again(before: Manifest, change: Change) -> Change:
    renamed = {**before, "metadata": {**before["metadata"], "name": change.manifest["metadata"]["name"]}}
    differing = fields.changes(renamed, change.manifest)
    return replace(change, action=Action.RUN_AGAIN, before=before, fields=differing)


def _owner(change: Change) -> tuple[str, str]:
    return component_of(change.manifest), str(change.manifest["metadata"].get("namespace"))
