"""The risk notes of a plan: which rules there are, and what they find."""

from contextlib import suppress

from chatdb.plan.changes import changes
from chatdb.plan.notes import access, data, platform, refused, workloads
from chatdb.plan.notes.model import Difference, Effect, Note, Rule
from chatdb.plan.sides import Side

__all__ = ["RULES", "Difference", "Effect", "Note", "Rule", "compared", "notes"]

RULES: tuple[Rule, ...] = (*refused.RULES, *data.RULES, *workloads.RULES, *access.RULES, *platform.RULES)
"""In the order in which a reader should see what they find."""
UNREADABLE = (AttributeError, KeyError, TypeError, ValueError)
"""How a rule fails on a field of the wrong type."""


def compared(before: Side, after: Side) -> Difference:
    """Both sides, with what differs."""
    return Difference(before, after, changes(before, after))


def notes(difference: Difference) -> tuple[Note, ...]:
    """What every rule finds: what blocks first. Of an object that is refused, nothing that would follow from it."""
    found = [note for rule in RULES for note in _found(rule, difference)]
    refused_objects = {note.object for note in found if note.effect is Effect.REFUSED}
    follows = {rule.id for rule in workloads.RULES}
    happens = (note for note in found if not (note.rule in follows and note.object in refused_objects))
    return tuple(sorted(happens, key=lambda note: not note.blocking))


def _found(rule: Rule, difference: Difference) -> list[Note]:
    """What the rule finds, in the objects that it can read: `chatdb check` names a field of the wrong type."""
    with suppress(*UNREADABLE):
        return list(rule.notes(difference))
    readable = [key for key in {**difference.old, **difference.new} if _reads(rule, difference.only([key]))]
    with suppress(*UNREADABLE):
        return list(rule.notes(difference.only(readable)))
    return []


def _reads(rule: Rule, difference: Difference) -> bool:
    try:
        list(rule.notes(difference))
    except UNREADABLE:
        return False
    return True
