"""The section on the start-up order: the graph, and the same as a table."""

from chatdb.report.data import Report
from chatdb.report.graph import edges, tiers
from chatdb.report.layout import below, beside
from chatdb.report.markup import Html, count, joined, tag
from chatdb.report.parts import Column, Section, folded, link, names, paragraph, table
from chatdb.report.picture import picture

KEYS = (
    ("direct", "starts after"),
    ("implied", "follows from others"),
    ("traffic", "traffic without order"),
    ("above", "what it depends on"),
    ("below", "what depends on it"),
)
HINT = "Point at a component, or focus it, to see what depends on what. Click or Enter opens its details."
WAYS = (("wide-only", "left to right"), ("narrow-only", "top to bottom"))


def section(report: Report) -> Section:
    """Point at a component, or focus it: what it depends on, and what depends on it."""
    lines = edges(report.platform)
    every = tiers(report.platform, lines)
    rows = (
        (link(one.name), one.wave, one.tier, names(one.after), names(one.dependents)) for one in report.explanations
    )
    columns = ("component", Column(title="wave", number=True), "tier", "starts after", "dependents")
    direct = sum(line.kind == "direct" for line in lines)
    return Section(
        id="order",
        title="Startup order",
        body=joined(
            (
                *(
                    paragraph(
                        f"Argo CD applies the waves from {way}, each when the one before is ready.", class_=class_
                    )
                    for class_, way in WAYS
                ),
                tag(
                    "figure",
                    picture(beside(every), lines, "graph wide"),
                    picture(below(every), lines, "graph narrow"),
                    tag("figcaption", tag("p", HINT, id="note", role="status"), _keys()),
                    id="graph",
                ),
                folded(
                    f"As a table: {count(len(report.explanations), 'component')}, {direct} direct dependencies",
                    table("Startup order", columns, rows),
                ),
            )
        ),
    )


def _keys() -> Html:
    return tag("ul", *(tag("li", _sample(kind), words) for kind, words in KEYS), class_="keys")


def _sample(kind: str) -> Html:
    line = tag("path", class_=kind, d="M0 5H28")
    return tag("svg", line, class_="sample", viewBox="0 0 28 10", aria_hidden="true")
