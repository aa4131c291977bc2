"""The section on capacity: what the nodes have, what each tier takes of it, and what is left."""

from chatdb.report.data import Report
from chatdb.report.markup import Html, count, joined, tag
from chatdb.report.parts import NONE, Column, Section, numbers, paragraph, table
from constructs_lib.checks.capacity import Ledger, Line, amount, lines
from constructs_lib.footprint import Footprint
from constructs_lib.quantity import MIB

UNKNOWN = "Nothing is known of this environment's nodes: name its machine or its nodes in chatdb.yaml."


def section(report: Report) -> Section:
    """The nodes as a whole, then the tiers."""
    sums = report.capacity
    body = joined((_lead(sums), _nodes(sums), tag("h3", "By tier"), _tiers(sums))) if sums else paragraph(UNKNOWN)
    return Section(id="capacity", title="Capacity", body=body)


def _lead(sums: Ledger) -> Html:
    peak = "the platform at its peak: at rest, and the heaviest wave's Jobs and rollouts on top"
    lost = "; with one node lost, at rest" if sums.nodes.count > 1 else ""
    return paragraph(f"{count(sums.nodes.count, 'node')}; {peak}{lost}.")


def _nodes(sums: Ledger) -> Html:
    columns: list[Column | str] = [
        "resource",
        *numbers("total", "system", "platform", "free", "has to stay free"),
        "use",
    ]
    rows = (
        (
            line.name,
            *(amount(line, number) for number in (line.total, line.system, line.platform)),
            tag("strong", amount(line, line.free), class_="bad" if line.short else None),
            amount(line, line.reserve),
            _bar(line),
        )
        for line in lines(sums)
    )
    keys = (
        tag("li", tag("span", class_=f"swatch {name}"), words)
        for name, words in (("system", "system"), ("own", "platform"), ("reserve", "from here on it has to stay free"))
    )
    return joined((table("Capacity of the nodes", columns, rows), tag("ul", *keys, class_="keys", aria_hidden="true")))


def _bar(line: Line) -> Html:
    """Of all that there is: the system's part, the platform's, what is free, and where the reserve begins."""
    total = max(line.total, 1)
    widths = [100 * number / total for number in (line.system, line.platform)]
    percent = 100 * line.free / total
    words = f"{percent:.0f} % free" + (", less than the reserve" if line.short else "")
    return tag(
        "div",
        tag(
            "svg",
            tag("rect", class_="system", width=f"{widths[0]:.1f}", height=10),
            tag("rect", class_="own", x=f"{widths[0]:.1f}", width=f"{widths[1]:.1f}", height=10),
            tag("rect", class_="reserve", x=f"{100 - 100 * line.reserve / total:.1f}", width="0.8", height=10),
            class_="bar",
            viewBox="0 0 100 10",
            preserveAspectRatio="none",
            aria_hidden="true",
        ),
        tag("span", words),
        class_="use",
    )


def _tiers(sums: Ledger) -> Html:
    heads = ("pods", "CPU requests", "memory requests", "memory limits")
    groups = (("at rest", len(heads)), ("added by rollouts and Jobs", len(heads)))
    rows = [(tier, *_cells(rest), *_cells(sums.extra[tier], "+")) for tier, rest in sums.steady.items()]
    total = (tag("strong", "all at rest"), *_cells(sums.rest), *("" for _ in heads))
    return table("Capacity by tier", ["tier", *numbers(*heads, *heads)], (*rows, total), groups=groups)


def _cells(footprint: Footprint, sign: str = "") -> tuple[str, ...]:
    amounts = (
        (footprint.pods, str(footprint.pods)),
        (footprint.cpu, f"{footprint.cpu}m"),
        (footprint.memory, f"{footprint.memory // MIB}Mi"),
        (footprint.memory_limit, f"{footprint.memory_limit // MIB}Mi"),
    )
    return tuple(sign + words if number else NONE for number, words in amounts)
