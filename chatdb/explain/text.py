"""An explanation for people: one heading for each part that is there."""

from collections.abc import Iterable, Iterator

from chatdb.explain.model import Explanation, Traffic


def as_text(found: Explanation) -> str:
    """The head line, then the parts, indented."""
    head = f"{found.name}: {found.type} in tier {found.tier} (wave {found.wave}), namespace {found.namespace}"
    parts = (
        (name, [str(line) for line in lines]) for name, lines in (*_facts(found), *_relations(found), *_places(found))
    )
    return "\n".join(
        [head, *(f"\n{name}\n" + "\n".join(f"  {line}" for line in lines) for name, lines in parts if lines)]
    )


def _facts(found: Explanation) -> Iterator[tuple[str, Iterable[object]]]:
    yield "entry", [found.entry]
    yield "construct", [found.construct]
    built = f"  built from {found.source}" if found.source else ""
    yield "image", [found.image + built] if found.image else []


def _relations(found: Explanation) -> Iterator[tuple[str, Iterable[object]]]:
    yield "depends on (starts after)", found.after
    yield "dependents", found.dependents
    yield "calls", map(_line, found.calls)
    yield "is called by", map(_line, found.called_by)
    yield "variables", (f"{v.name}={v.value}  from {v.origin}" for v in found.variables)
    yield "secret keys", (f"{found.secret.name}: {key}" for key in found.secret.keys) if found.secret else []


def _places(found: Explanation) -> Iterator[tuple[str, Iterable[object]]]:
    yield "objects of its own", (o for o in found.objects if o.owner == found.name)
    yield (
        "objects of others that are there because of it, or name it",
        (f"{o}  of {o.owner}" for o in found.objects if o.owner != found.name),
    )
    yield "patches", found.overlays
    yield "Applications", found.applications
    yield "files", found.files
    yield "pages", found.docs


def _line(link: Traffic) -> str:
    return f"{link.other}  port {link.number} ({link.port}), {link.relation}"
