"""The section on traffic: the matrix of who may talk to whom, and the list with the policies."""

from collections.abc import Iterator, Sequence

from chatdb.report.data import Report
from chatdb.report.markup import Html, count, joined, tag
from chatdb.report.parts import Section, folded, link, paragraph, scrolled, table
from chatdb.report.traffic import Flow

MOST = 60
"""Rows or columns of a matrix that can be read; a larger one would grow with the square of the platform."""


def section(report: Report) -> Section:
    """Ports in a matrix of consumers and providers."""
    known = frozenset(one.name for one in report.explanations)
    place = {name: number for number, name in enumerate(one.name for one in report.explanations)}
    consumers, providers = (
        sorted(ends, key=lambda name: (place.get(name, -1), name))
        for ends in ({flow.consumer for flow in report.flows}, {flow.provider for flow in report.flows})
    )
    findings = sum(finding.rule == "reachability" for finding in report.findings)
    verdict = count(findings, "finding") if findings else "no difference"
    lead = paragraph(
        "NetworkPolicies allow exactly this, and DNS for every pod. The rule ",
        tag("code", "reachability"),
        f" compares it with the rendered policies: {verdict}.",
    )
    readable = max(len(consumers), len(providers)) <= MOST
    matrix = _matrix(report.flows, consumers, providers, known) if readable else Html("")
    rows = (
        (
            _node(flow.consumer, known),
            _node(flow.provider, known),
            ", ".join(flow.ports),
            ", ".join(flow.relations),
            tag("ul", *(tag("li", tag("code", name)) for name in flow.policies), class_="places"),
        )
        for flow in report.flows
    )
    listed = table("Connections", ("from", "to", "ports", "relation", "NetworkPolicies"), rows)
    summary = f"As a list, with the policies: {count(len(report.flows), 'connection')}"
    return Section(id="traffic", title="Traffic", body=joined((lead, matrix, folded(summary, listed))))


def _node(name: str, known: frozenset[str]) -> Html:
    return link(name) if name in known else tag("span", name, class_="outside")


def _matrix(flows: Sequence[Flow], consumers: Sequence[str], providers: Sequence[str], known: frozenset[str]) -> Html:
    by_pair: dict[tuple[str, str], list[Flow]] = {}
    for flow in flows:
        by_pair.setdefault((flow.consumer, flow.provider), []).append(flow)
    corner = tag("td", tag("span", "from ↓ to →", class_="corner"))
    heads = (tag("th", tag("span", _node(name, known)), scope="col") for name in providers)
    rows = (
        tag(
            "tr",
            tag("th", _node(consumer, known), scope="row"),
            *(tag("td", *_cell(by_pair.get((consumer, provider), ()))) for provider in providers),
        )
        for consumer in consumers
    )
    caption = tag("caption", "Ports by consumer and provider", class_="hidden")
    grid = tag("table", caption, tag("thead", tag("tr", corner, *heads)), tag("tbody", *rows), class_="matrix")
    relations = sorted({relation for flow in flows for relation in flow.relations})
    keys = tag("ul", *(tag("li", _port("0", one), one) for one in relations), class_="keys", aria_hidden="true")
    return joined((scrolled("Traffic matrix", grid), keys))


def _cell(flows: Sequence[Flow]) -> Iterator[Html]:
    for flow in flows:
        for port in flow.ports:
            number, _, protocol = port.partition("/")
            yield _port(number if protocol == "TCP" else port, flow.relations[0])
            yield tag("span", f" {', '.join(flow.relations)} ", class_="hidden")


def _port(number: str, relation: str) -> Html:
    return tag("span", number, class_=f"port {relation}")
