"""The risk notes of a plan: which rules there are, and what they find."""

from chatdb.plan.changes import changes
from chatdb.plan.notes import access, data, platform, refused, workloads
from chatdb.plan.notes.model import Difference, Effect, Note, Rule
from chatdb.plan.sides import Side

__all__ = ["RULES", "Difference", "Effect", "Note", "Rule", "compared", "notes"]

RULES: tuple[Rule, ...] = (*refused.RULES, *data.RULES, *workloads.RULES, *access.RULES, *platform.RULES)
"""In the order in which a reader should see what they find."""


def compared(before: Side, after: Side) -> Difference:
    """Both sides, with what differs."""
    return Difference(before, after, changes(before, after))


def notes(difference: Difference) -> tuple[Note, ...]:
    """What every rule finds: what blocks first."""
    found = [note for rule in RULES for note in rule.notes(difference)]
    return tuple(sorted(found, key=lambda note: not note.blocking))
