"""The section on what merging the working tree changes: risks first, then every object with its fields."""

from collections.abc import Iterable, Iterator, Sequence

from chatdb.plan.changes import Change
from chatdb.plan.fields import brief
from chatdb.plan.notes import Note
from chatdb.plan.plan import Plan
from chatdb.plan.views import name, parts, summary
from chatdb.report.markup import Content, Html, count, joined, tag
from chatdb.report.parts import Section, code, folded, paragraph, table

SHORT = 12
CHANGED = ("object", "field", "before", "after")


def section(plan: Plan, base: str) -> Section:
    """The plan from the commit `base`; the same as `chatdb plan --json` prints."""
    lead = paragraph(summary(plan), ", from ", tag("code", base[:SHORT]), " to the working tree.")
    tiers = (_tier(part, changes) for part, changes in parts(plan.changes))
    return Section(id="plan", title="Plan", body=joined((lead, _risks(plan.notes), *tiers)))


def _risks(notes: Iterable[Note]) -> Html:
    rows = [(tag("code", one.id), _effect(one), one.object, one.text, one.accepted or one.steps) for one in notes]
    columns = ("risk", "effect", "object", "what happens", "fix, or why it is accepted")
    return table("Risks", columns, rows, class_="findings") if rows else paragraph("No risk is known.")


def _effect(note: Note) -> Html:
    return tag("span", f"{note.effect}, blocks" if note.blocks else note.effect, class_="bad" if note.blocks else None)


def _tier(part: str, changes: Sequence[Change]) -> Html:
    rows = (row for change in changes for row in _rows(change))
    return folded(f"{part}: {count(len(changes), 'object')}", table(f"Changes of {part}", CHANGED, rows))


def _rows(change: Change) -> Iterator[tuple[Content, ...]]:
    title = f"{change.action}: {name(change)}"
    if not change.fields:
        yield title, None, None, None
    for field in change.fields:
        diff = "\n".join(field.diff)
        values = (tag("pre", diff), None) if diff else (code(brief(field.before)), code(brief(field.after)))
        yield title, code(field.path), *values
