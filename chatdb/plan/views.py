"""A plan as text for a terminal, as Markdown for a pull request, and as data for programs."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from chatdb.deploy.objects import title
from chatdb.plan.changes import Action, Change
from chatdb.plan.fields import FieldChange, brief
from chatdb.plan.notes import Note
from chatdb.plan.plan import Plan
from chatdb.plan.sides import ARGO_CD
from constructs_lib.command import COMMAND

SIGNS: Mapping[Action, str] = {
    Action.CREATE: "+",
    Action.CHANGE: "~",
    Action.MOVE: ">",
    Action.RUN_AGAIN: "»",
    Action.DELETE: "-",
    Action.KEEP: "=",
}
COUNTED: Mapping[Action, str] = {
    Action.CREATE: "created",
    Action.CHANGE: "changed",
    Action.MOVE: "moved",
    Action.RUN_AGAIN: "run again",
    Action.DELETE: "deleted",
    Action.KEEP: "kept, and no longer declared",
}
BACKTICKS = re.compile(r"`+")
ROWS = 50
"""Risks in one table."""
LARGEST = 60_000
"""Characters of a comment on a pull request; GitHub takes 65,536."""


def as_text(plan: Plan) -> Iterator[str]:
    """Lines: every object with its fields, tier by tier, and then the risks."""
    yield f"{plan.environment}: {summary(plan)}"
    for part, changes in parts(plan.changes):
        yield ""
        yield part
        for change in changes:
            yield f"  {SIGNS[change.action]} {name(change)}"
            yield from (f"      {line}" for field in change.fields for line in _field(field))
    if plan.notes:
        yield ""
        yield _risks(plan.notes)
        yield from _blocking(note for note in plan.notes if note.blocking)
        yield from _others(note for note in plan.notes if not note.blocking)


def removal(environment: str) -> str:
    """What becomes of an environment that nothing declares any more: for Argo CD its root Application has no folder."""
    return (
        f"{environment}: removed; nothing in its cluster is deleted, and Argo CD reports that the folder of its root"
        f" Application is missing: run `{COMMAND} cleanup -e {environment}` before the merge to delete it"
    )


def as_markdown(plans: Sequence[Plan], removed: Iterable[str] = ()) -> str:
    """For a pull request: risks first, each tier folded; whole parts are left out where it would be too long.

    `removed` are the environments that nothing declares any more.
    """
    kept: list[str] = [f"### {removal(environment)}" for environment in removed]
    left_out = length = 0
    for block in (block for plan in plans for block in _blocks(plan)):
        if length + len(block) > LARGEST:
            left_out += 1
        else:
            kept.append(block)
            length += len(block) + 2
    if left_out:
        kept.append(f"{left_out} more parts are too long for a comment: run `chatdb plan` to see them.")
    return "\n\n".join(kept)


def _blocks(plan: Plan) -> Iterator[str]:
    """Parts that can be left out one by one."""
    yield f"### Plan of `{plan.environment}`: {summary(plan)}"
    for notes in (plan.notes[start : start + ROWS] for start in range(0, len(plan.notes), ROWS)):
        yield "\n".join(["| risk | object | what happens | fix |", "|---|---|---|---|", *map(_row, notes)])
    for part, changes in parts(plan.changes):
        lines = [line for change in changes for line in _diff(change)]
        fence = "`" * (max([2, *(len(run) for line in lines for run in BACKTICKS.findall(line))]) + 1)
        head = f"<details><summary>{part}: {_count(len(changes), 'object')}</summary>"
        yield "\n".join([head, "", f"{fence}diff", *lines, fence, "</details>"])


def _row(note: Note) -> str:
    fix = f"accepted: {note.accepted}" if note.accepted else note.steps
    mark = "**blocks** " if note.blocks else ""
    cells = (f"{mark}`{note.id}` ({note.effect})", f"`{note.object}`", note.text, fix)
    return f"| {' | '.join(map(_cell, cells))} |"


def _diff(change: Change) -> Iterator[str]:
    sign = {Action.CREATE: "+", Action.DELETE: "-"}.get(change.action, "!")
    yield f"{sign} {name(change)}"
    yield from (f"    {line}" for field in change.fields for line in _field(field))


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def as_data(plan: Plan) -> dict[str, Any]:
    """The plan of one environment as docs/schemas describes it; values of Secrets are not in it."""
    return {
        "environment": plan.environment,
        "blocks": plan.blocks,
        "changes": [_change_data(change) for change in plan.changes],
        "notes": [_note_data(note) for note in plan.notes],
    }


def _change_data(change: Change) -> dict[str, Any]:
    metadata = change.manifest["metadata"]
    return {
        "action": change.action,
        "tier": None if change.part == ARGO_CD else change.part,
        "wave": change.wave,
        "kind": change.manifest["kind"],
        "namespace": metadata.get("namespace"),
        "name": metadata["name"],
        "moved_from": change.moved_from,
        "fields": [
            {"path": field.path, "before": field.before, "after": field.after, "diff": list(field.diff)}
            for field in change.fields
        ],
    }


def _note_data(note: Note) -> dict[str, Any]:
    return {
        "id": note.id,
        "rule": note.rule,
        "effect": note.effect,
        "blocking": note.blocking,
        "object": note.object,
        "text": note.text,
        "fix": note.steps,
        "accepted": note.accepted,
    }


def summary(plan: Plan) -> str:
    """How many objects, and how many risks."""
    if not plan.changes:
        return "nothing changes"
    counts = Counter(change.action for change in plan.changes)
    words = ", ".join(f"{counts[action]} {word}" for action, word in COUNTED.items() if counts[action])
    blocking = sum(note.blocks for note in plan.notes)
    return f"{words}; {_count(blocking, 'blocking risk')}" if blocking else words


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def name(change: Change) -> str:
    """The object, and what is special about it."""
    text = title(change.manifest)
    if change.action is Action.MOVE:
        return f"{text} (from {change.moved_from})"
    if change.action is Action.RUN_AGAIN and change.before:
        return f"{text} (runs again; was {change.before['metadata']['name']})"
    return f"{text} (stays: Prune=false)" if change.action is Action.KEEP else text


def parts(changes: Iterable[Change]) -> Iterator[tuple[str, list[Change]]]:
    """The changes by what applies them, each under its heading."""
    for (part, wave), group in groupby(changes, lambda change: (change.part, change.wave)):
        yield "Argo CD" if wave is None else f"wave {wave}: {part}", list(group)


def _field(field: FieldChange) -> Iterator[str]:
    if field.diff:
        yield f"{field.path}:"
        yield from (f"  {line}" for line in field.diff)
    else:
        same = " (the same amount)" if field.rewritten else ""
        yield f"{field.path}: {brief(field.before)} -> {brief(field.after)}{same}"


def _risks(notes: Sequence[Note]) -> str:
    blocking = sum(note.blocks for note in notes)
    return f"risks: {blocking} blocking, {_count(len(notes) - blocking, 'other')}"


def _blocking(notes: Iterable[Note]) -> Iterator[str]:
    """Each with the id by which it is accepted."""
    for note in notes:
        yield f"  {'BLOCKS' if note.blocks else 'accepted'} {note.id} ({note.effect}): {note.object}"
        yield f"      {note.text}"
        yield f"      {f'reason: {note.accepted}' if note.accepted else f'fix: {note.steps}'}"


def _others(notes: Iterable[Note]) -> Iterator[str]:
    """Those of a rule together."""
    for rule, group in groupby(notes, lambda note: note.rule):
        mine = list(group)
        yield f"  {rule} ({mine[0].effect})"
        yield from (f"      {note.object}: {note.text}" for note in mine)
        yield from dict.fromkeys(f"      fix: {note.steps}" for note in mine)
