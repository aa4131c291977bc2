"""The page as a whole: a head with what matters, the sections, and the data of all of it."""

import base64
import hashlib
from collections.abc import Iterator, Sequence
from importlib.resources import files
from string import Template

from chatdb.report import capacity, components, connections, faults, order, rules, supply
from chatdb.report.data import Report
from chatdb.report.markup import Content, Html, count, embedded, joined, tag
from chatdb.report.parts import Section
from constructs_lib.checks.capacity import amount, lines

FOLDER = files("chatdb.report") / "files"
SECTIONS = (order.section, faults.section, connections.section, capacity.section, rules.section, supply.section)
SHOWN_OF_COMMIT = 12


def page(report: Report, further: Sequence[Section] = ()) -> str:
    """The HTML of the report; `further` sections come before its own."""
    every = (*further, *(make(report) for make in SECTIONS), components.section(report))
    script = _file("report.js")
    return Template(_file("report.html")).substitute(
        title=tag("title", f"{report.platform.name} {report.settings.environment}: report"),
        policy=f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'",
        style=_file("report.css"),
        head=_head(report),
        navigation=joined(tag("li", tag("a", one.title, href=f"#{one.id}")) for one in every),
        sections=joined(_section(one) for one in every),
        data=embedded(report.values()),
        script=script,
    )


def _file(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def _section(one: Section) -> Html:
    heading = tag("h2", one.title, id=f"{one.id}-title")
    return tag("section", heading, one.body, id=one.id, aria_labelledby=f"{one.id}-title")


def _head(report: Report) -> Html:
    title = tag("h1", tag("span", report.platform.name), " ", report.settings.environment)
    made = f"{report.made:%Y-%m-%d %H:%M} UTC"
    facts = joined((tag("span", *_commit(report)), tag("time", made, datetime=report.made.isoformat())), " · ")
    figures = (tag("div", tag("dt", name), tag("dd", *value)) for name, value in _figures(report))
    return joined((title, tag("p", facts, class_="made"), tag("dl", *figures, class_="figures")))


def _commit(report: Report) -> Iterator[Content]:
    if report.commit is None:
        yield "no commit is known"
        return
    yield from ("commit ", tag("code", report.commit.id[:SHOWN_OF_COMMIT]))
    if report.commit.changed:
        yield ", with changes that are not committed"


def _figures(report: Report) -> Iterator[tuple[str, tuple[Content, ...]]]:
    """What one wants to know first; each number is in a section, too."""
    waves = len({one.wave for one in report.explanations})
    tiers = len({one.tier for one in report.explanations})
    yield "components", (tag("b", len(report.explanations)), f"in {count(tiers, 'tier')}, {count(waves, 'wave')}")
    yield "connections", (tag("b", len(report.flows)), "allowed, and DNS")
    number = len(report.findings)
    state = tag("b", number or "no", class_="bad" if number else "good")
    yield "findings", (state, f"of {count(len(report.rules), 'rule')}")
    if report.capacity:
        least = min(lines(report.capacity), key=lambda line: (line.free - line.reserve) / max(line.total, 1))
        free = tag("b", amount(least, least.free), class_="bad" if least.short else None)
        yield "least head-room", (free, f"{least.name}, of {amount(least, least.total)}")
    digests = sum(image.digest is not None for image in report.images)
    yield "images", (tag("b", len({image.image for image in report.images})), f"{digests} pinned by digest")
