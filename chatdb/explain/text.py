"""An explanation for people: one heading for each part that is there."""

from collections.abc import Iterable, Iterator

from chatdb.explain.model import Explanation, Traffic


def as_text(explanation: Explanation) -> str:
    """The head line, then the parts, indented."""
    place = f"tier {explanation.tier} (wave {explanation.wave}), namespace {explanation.namespace}"
    head = f"{explanation.name}: {explanation.type} in {place}"
    parts = (
        (name, [str(line) for line in lines])
        for name, lines in (*_facts(explanation), *_relations(explanation), *_places(explanation))
    )
    return "\n".join(
        [head, *(f"\n{name}\n" + "\n".join(f"  {line}" for line in lines) for name, lines in parts if lines)]
    )


def _facts(explanation: Explanation) -> Iterator[tuple[str, Iterable[object]]]:
    yield "entry", [explanation.entry]
    yield "construct", [explanation.construct] if explanation.construct else []
    built = f"  built from {explanation.source}" if explanation.source else ""
    yield "image", [explanation.image + built] if explanation.image else []


def _relations(explanation: Explanation) -> Iterator[tuple[str, Iterable[object]]]:
    yield "depends on (starts after)", explanation.after
    yield "dependents", explanation.dependents
    yield "calls", map(_line, explanation.calls)
    yield "is called by", map(_line, explanation.called_by)
    yield "variables", (f"{v.name}={v.value}  from {v.origin}" for v in explanation.variables)
    yield "buckets", (f"{one.name}  {'reads and writes' if one.write else 'reads'}" for one in explanation.buckets)
    yield "secret keys", (f"{secret.name}: {key}" for secret in explanation.secrets for key in secret.keys)


def _places(explanation: Explanation) -> Iterator[tuple[str, Iterable[object]]]:
    yield "objects of its own", (o for o in explanation.objects if o.owner == explanation.name)
    yield (
        "objects of others that are there because of it, or name it",
        (f"{o}  of {o.owner}" for o in explanation.objects if o.owner != explanation.name),
    )
    yield "patches", explanation.overlays
    yield "Applications", explanation.applications
    yield "files", explanation.files
    yield "pages", explanation.docs


def _line(link: Traffic) -> str:
    return f"{link.other}  port {link.number} ({link.port}), {link.relation}"
