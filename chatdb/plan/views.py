"""A plan as text for a terminal, as Markdown for a pull request, and as data for programs."""

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
LARGEST = 60_000
"""Characters of a comment on a pull request; GitHub takes 65,536."""


def as_text(plan: Plan) -> Iterator[str]:
    """Lines: every object with its fields, tier by tier, and then the risks."""
    yield f"{plan.environment}: {summary(plan)}"
    for part, changes in _parts(plan.changes):
        yield ""
        yield part
        for change in changes:
            yield f"  {SIGNS[change.action]} {name(change)}"
            yield from (f"      {line}" for field in change.fields for line in _field(field))
    if plan.notes:
        yield ""
        yield _risks(plan.notes)
    for note in plan.notes:
        yield f"  {_severity(note)} {note.id}: {note.object}"
        yield f"      {note.text}"
        yield f"      {f'accepted: {note.accepted}' if note.accepted else f'fix: {note.steps}'}"


def as_markdown(plans: Sequence[Plan]) -> str:
    """For a pull request: risks first, each object folded; shortened where it would be too long."""
    lines = [line for plan in plans for line in _markdown(plan)]
    length = 0
    for number, line in enumerate(lines):
        length += len(line) + 1
        if length > LARGEST:
            lines[number:] = ["", f"…and {len(lines) - number} more lines: run `chatdb plan` to see all of them."]
            break
    return "\n".join(lines)


def _markdown(plan: Plan) -> Iterator[str]:
    yield f"### Plan of `{plan.environment}`: {summary(plan)}"
    yield ""
    if plan.notes:
        yield "| risk | object | what happens | fix |"
        yield "|---|---|---|---|"
        for note in plan.notes:
            fix = f"accepted: {note.accepted}" if note.accepted else note.steps
            mark = "**blocks** " if note.blocks else ""
            cells = (f"{mark}`{note.id}` ({note.effect})", f"`{note.object}`", note.text, fix)
            yield f"| {' | '.join(_cell(cell) for cell in cells)} |"
        yield ""
    for part, changes in _parts(plan.changes):
        yield f"<details><summary>{part}: {len(changes)} objects</summary>"
        yield ""
        yield "```diff"
        for change in changes:
            yield f"{_diff_sign(change)} {name(change)}"
            yield from (f"    {line}" for field in change.fields for line in _field(field))
        yield "```"
        yield "</details>"
    yield ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def _diff_sign(change: Change) -> str:
    return {Action.CREATE: "+", Action.DELETE: "-"}.get(change.action, "!")


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
    return f"{words}; {blocking} blocking risks" if blocking else words


def name(change: Change) -> str:
    """The object, and what is special about it."""
    text = title(change.manifest)
    if change.action is Action.MOVE:
        return f"{text} (from {change.moved_from})"
    if change.action is Action.RUN_AGAIN and change.before:
        return f"{text} (runs again; was {change.before['metadata']['name']})"
    return f"{text} (stays: Prune=false)" if change.action is Action.KEEP else text


def _parts(changes: Iterable[Change]) -> Iterator[tuple[str, list[Change]]]:
    for (part, wave), group in groupby(changes, lambda change: (change.part, change.wave)):
        yield "Argo CD" if wave is None else f"wave {wave}: {part}", list(group)


def _field(field: FieldChange) -> Iterator[str]:
    if field.diff:
        yield f"{field.path}:"
        yield from (f"  {line}" for line in field.diff)
    else:
        yield f"{field.path}: {brief(field.before)} -> {brief(field.after)}"


def _risks(notes: Sequence[Note]) -> str:
    blocking = sum(note.blocks for note in notes)
    return f"risks: {blocking} blocking, {len(notes) - blocking} others"


def _severity(note: Note) -> str:
    return f"{'BLOCKS ' if note.blocks else ''}{note.effect}"
