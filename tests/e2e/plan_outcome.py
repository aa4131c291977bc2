"""What a plan says of a change, beside what the cluster did."""

from collections.abc import Mapping
from dataclasses import dataclass

from chatdb.deploy.objects import title
from chatdb.plan.changes import Action
from chatdb.plan.notes import Effect
from chatdb.plan.plan import Plan

RESTART = "pods-restart"
OF_PODS = ("quota-exceeded",)
"""Rules of effect `refused` that are about pods: the object itself is taken."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """A change: the plan of it, and by its titles what the cluster did with each object.

    `refused` has the server's words; `rolled` are workloads of which the controllers made another revision.
    """

    plan: Plan
    written: frozenset[str]
    refused: Mapping[str, str]
    rolled: frozenset[str]

    @property
    def rules(self) -> frozenset[str]:
        """The rules that found something."""
        return frozenset(note.rule for note in self.plan.notes)

    def about(self, effect: Effect) -> frozenset[str]:
        """The objects of the notes with this effect."""
        return frozenset(note.object for note in self.plan.notes if note.effect is effect and note.rule not in OF_PODS)

    @property
    def jobs(self) -> frozenset[str]:
        """The Jobs that run again."""
        return frozenset(title(one.manifest) for one in self.plan.changes if one.action is Action.RUN_AGAIN)

    @property
    def named(self) -> frozenset[str]:
        """The objects that are to be written or deleted, as the plan says."""
        names = set()
        for change in self.plan.changes:
            if change.action is not Action.KEEP and (change.fields or change.action is not Action.MOVE):
                names.add(title(change.manifest))
            if change.action is Action.RUN_AGAIN and change.before:
                names.add(title(change.before))
        return frozenset(names - self.about(Effect.REFUSED))
