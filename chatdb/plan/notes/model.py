"""What a risk note is, and what the rules that write them look at."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

from chatdb.deploy.objects import title
from chatdb.plan.changes import Action, Change
from chatdb.plan.sides import Side
from constructs_lib.job_names import digest
from constructs_lib.rendered import Identity, Manifest, identity

DIGITS = 8


class Effect(StrEnum):
    """What the cluster does: the API server refuses the object; pods or Jobs run again; neither, but read it."""

    REFUSED = "refused"
    RESTARTS = "restarts"
    ADVICE = "advice"


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """A risk of a change: the rule, the object that it is about, what happens, and the steps to do it safely.

    One that is `blocking` fails `--detailed-exitcode` until it is accepted; `accepted` is the reason why it was.
    """

    rule: str
    effect: Effect
    blocking: bool
    object: str
    text: str
    steps: str
    accepted: str | None = None

    @property
    def id(self) -> str:
        """By which it is accepted: another change of the same object has another one."""
        return f"{self.rule}-{digest([self.object, self.text])[:DIGITS]}"

    @property
    def blocks(self) -> bool:
        """Whether somebody still has to accept it."""
        return self.blocking and self.accepted is None


class Difference:
    """Both sides of a plan, and what differs."""

    def __init__(self, before: Side, after: Side, changes: tuple[Change, ...]) -> None:
        """`changes` are those from `before` to `after`."""
        self.before = before
        self.after = after
        self.changes = changes

    def changed(self, *kinds: str) -> Iterator[tuple[Manifest, Manifest, Change]]:
        """(before, after, change) of the objects of these kinds that stay and change."""
        for change in self.changes:
            stays = change.action in (Action.CHANGE, Action.MOVE)
            if stays and change.before and change.after and change.after["kind"] in kinds:
                yield change.before, change.after, change

    def deleted(self, *kinds: str) -> Iterator[Manifest]:
        """The objects of these kinds that are deleted."""
        for change in self.changes:
            if change.action is Action.DELETE and change.manifest["kind"] in kinds:
                yield change.manifest

    def only(self, keys: Collection[Identity]) -> "Difference":
        """The same of these objects alone."""
        before, after = (
            tuple(replace(part, objects=tuple(one for one in part.objects if identity(one) in keys)) for part in side)
            for side in (self.before, self.after)
        )
        changes = (one for one in self.changes if identity(one.manifest) in keys)
        return Difference(before, after, tuple(changes))

    @cached_property
    def old(self) -> Mapping[Identity, Manifest]:
        """All objects as they are now."""
        return {identity(manifest): manifest for part in self.before for manifest in part.objects}

    @cached_property
    def new(self) -> Mapping[Identity, Manifest]:
        """All objects as they will be."""
        return {identity(manifest): manifest for part in self.after for manifest in part.objects}


Found = Iterator[tuple[Manifest, str]]
"""The objects that a rule is about, and what happens to each."""
Finder = Callable[[Difference], Found]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One kind of risk. `steps` may name {kind}, {namespace} and {name} of the object."""

    id: str
    effect: Effect
    find: Finder
    steps: str
    blocking: bool = False

    def notes(self, difference: Difference) -> Iterator[Note]:
        """A note for each object that the rule finds."""
        for manifest, text in self.find(difference):
            kind, namespace, name = identity(manifest)
            steps = self.steps.format(kind=kind.lower(), namespace=namespace, name=name)
            yield Note(
                rule=self.id, effect=self.effect, blocking=self.blocking, object=title(manifest), text=text, steps=steps
            )
