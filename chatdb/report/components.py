"""The section on each component: all that is derived from its entry, as `chatdb explain` has it."""

from collections.abc import Iterable, Iterator, Sequence

from chatdb.explain.model import Explanation, Object, Place, Traffic
from chatdb.report.data import Report
from chatdb.report.markup import Content, Html, count, joined, tag
from chatdb.report.outages import Outage
from chatdb.report.parts import Column, Section, code, link, names, paragraph, table


def section(report: Report) -> Section:
    """One part for each, closed until somebody opens it."""
    outage = {one.component: one for one in report.outages}
    known = frozenset(outage)
    parts = (_component(one, outage[one.name], known) for one in report.explanations)
    lead = paragraph(
        "All that is derived from each entry of the catalogue; ", tag("code", "chatdb explain"), " prints the same."
    )
    return Section(id="components", title="Components", body=joined((lead, *parts)))


def _component(one: Explanation, outage: Outage, known: frozenset[str]) -> Html:
    own = [item for item in one.objects if item.owner == one.name]
    head = (
        tag("h3", one.name),
        tag("span", one.type, class_="type"),
        tag("span", f"wave {one.wave} · {one.tier}", class_="place"),
        tag("span", count(len(one.dependents), "dependent"), class_="dependents"),
        tag("span", count(len(own), "object") if own else "not rendered here", class_="size"),
    )
    return tag(
        "details",
        tag("summary", *head),
        tag("article", *_blocks(one, outage, known, own), id=f"c-{one.name}"),
        class_="component",
        data_component=one.name,
    )


def _blocks(one: Explanation, outage: Outage, known: frozenset[str], own: Sequence[Object]) -> Iterator[Html]:
    yield tag("dl", *(joined((tag("dt", name), tag("dd", value))) for name, value in _facts(one)), class_="facts")
    yield _block("Starts after", names(one.after) if one.after else None)
    yield _block("Dependents", names(one.dependents) if one.dependents else None)
    yield _block("When it is down", _down(outage))
    yield _block("Calls", _traffic(f"Calls of {one.name}", one.calls, known))
    yield _block("Is called by", _traffic(f"Callers of {one.name}", one.called_by, known))
    variables = ((_two(tag("code", v.name), f"from {v.origin}"), code(v.value)) for v in one.variables)
    columns = ("variable", "value")
    yield _block("Variables", table(f"Variables of {one.name}", columns, variables) if one.variables else None)
    buckets = ((tag("code", own.name), "reads and writes" if own.write else "reads") for own in one.buckets)
    columns = ("bucket", "access")
    yield _block("Buckets", table(f"Buckets of {one.name}", columns, buckets) if one.buckets else None)
    for secret in one.secrets:
        yield _block(f"Secret {secret.name}", tag("ul", *(tag("li", tag("code", key)) for key in secret.keys)))
    yield _block("Objects of its own", _objects(f"Objects of {one.name}", own))
    others = [item for item in one.objects if item.owner != one.name]
    yield _block("Objects of others that name it", _objects(f"Objects that name {one.name}", others))
    yield _block("Patches", _places(one.overlays))
    yield _block("Applications", _places(one.applications))
    yield _block("Files", _places(one.files))
    yield _block("Pages", _places(one.docs))


def _block(title: str, content: Html | None) -> Html:
    return tag("section", tag("h4", title), content, class_="block") if content else Html("")


def _facts(one: Explanation) -> Iterator[tuple[str, Content]]:
    yield "type", one.type
    yield "tier", f"{one.tier} (wave {one.wave})"
    yield "namespace", code(one.namespace)
    yield "entry", code(one.entry)
    if one.construct:
        yield "construct", code(one.construct)
    if one.image:
        yield "image", code(one.image)
    if one.source:
        yield "built from", code(one.source)


def _down(outage: Outage) -> Html | None:
    lines = (
        ("stop", outage.stops),
        ("cannot start", tuple(name for name in outage.held if name not in outage.stops)),
        ("lose a call", outage.loses),
    )
    rows = [joined((tag("dt", words), tag("dd", names(every)))) for words, every in lines if every]
    return tag("dl", *rows) if rows else None


def _traffic(caption: str, every: Sequence[Traffic], known: frozenset[str]) -> Html | None:
    rows = ((link(one.other) if one.other in known else one.other, one.number, one.port, one.relation) for one in every)
    columns = ("component", Column(title="port", number=True), "name", "relation")
    return table(caption, columns, rows) if every else None


def _objects(caption: str, every: Sequence[Object]) -> Html | None:
    rows = (
        (_two(one.name, f"{one.kind} in {one.namespace}" if one.namespace else one.kind), code(one.place))
        for one in every
    )
    return table(caption, ("object", "place"), rows) if every else None


def _two(first: Content, second: Content) -> Html:
    """What matters, and below it what it is."""
    return joined((first, tag("small", second)))


def _places(every: Iterable[Place | str]) -> Html | None:
    items = [tag("li", code(one)) for one in every]
    return tag("ul", *items, class_="places") if items else None
