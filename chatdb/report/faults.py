"""The section on outages: what stands still when a component is down."""

from chatdb.report.data import Report
from chatdb.report.markup import Html, joined, tag
from chatdb.report.outages import Outage
from chatdb.report.parts import NONE, Section, link, names, paragraph, table


def section(report: Report) -> Section:
    """The components whose loss reaches most others first; those that nobody depends on are left out."""
    reached = [one for one in report.outages if one.stops or one.held or one.loses]
    reached.sort(key=lambda one: (-len(one.stops), -len(one.held), one.component))
    alone = [one.component for one in report.outages if not (one.stops or one.held or one.loses)]
    rows = ((link(one.component), *_cells(one)) for one in reached)
    lead = paragraph(
        tag("b", "Stops"),
        ": needs it while it runs, directly or through others. ",
        tag("b", "Cannot start"),
        ": starts after it, directly or through others, and keeps running. ",
        tag("b", "Loses a call"),
        ": calls it, and goes on without an answer.",
    )
    rest = tag("div", "Nothing depends on", names(alone), class_="alone") if alone else Html("")
    listed = table("Outages", ("when this is down", "stops", "cannot start", "loses a call"), rows, class_="outages")
    return Section(id="outages", title="Outages", body=joined((lead, listed, rest)))


def _cells(one: Outage) -> tuple[Html, ...]:
    held = tuple(name for name in one.held if name not in one.stops)
    return tuple(_counted(every) for every in (one.stops, held, one.loses))


def _counted(every: tuple[str, ...]) -> Html:
    if not every:
        return tag("span", NONE, class_="faint")
    return tag("div", tag("b", len(every)), names(every), class_="counted")
