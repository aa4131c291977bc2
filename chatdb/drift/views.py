"""Drift as text and as data; values of Secrets are in neither."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from chatdb.deploy.objects import title
from chatdb.drift.compare import FieldDrift
from chatdb.drift.live import Drift, ObjectDrift, State
from chatdb.plan.fields import brief

SIGNS = {State.MISSING: "-", State.CHANGED: "~", State.UNDECLARED: "+"}
SHORT = 12


def as_text(drift: Drift) -> Iterator[str]:
    """Every object that differs, tier by tier."""
    yield f"{drift.environment}: {summary(drift)}"
    for tier, group in groupby(drift.objects, lambda one: one.tier):
        yield ""
        yield "not declared" if tier is None else f"{tier}, at {drift.commits[tier][:SHORT]}"
        for one in group:
            yield f"  {SIGNS[one.state]} {_name(one)}"
            yield from (f"      {_field(field)}" for field in one.fields)


def _name(one: ObjectDrift) -> str:
    text = title(one.manifest)
    if one.state is State.MISSING:
        return f"{text} is missing"
    return f"{text}, by {one.manager}" if one.manager else text


def _field(field: FieldDrift) -> str:
    by = f", set by {field.manager}" if field.manager else ""
    return f"{field.path}: {brief(field.declared)} in git, {brief(field.live)} live{by}"


def summary(drift: Drift) -> str:
    """How many objects differ, and how."""
    counts = {state: sum(one.state is state for one in drift.objects) for state in State}
    words = ", ".join(f"{number} {state}" for state, number in counts.items() if number)
    return words or "no drift"


def as_data(drift: Drift) -> dict[str, Any]:
    """As docs/schemas describes it."""
    return {
        "environment": drift.environment,
        "commits": [{"tier": tier, "commit": commit} for tier, commit in drift.commits.items()],
        "drifted": bool(drift.objects),
        "objects": [
            {
                "state": one.state,
                "tier": one.tier,
                "kind": one.manifest["kind"],
                "namespace": one.manifest["metadata"].get("namespace"),
                "name": one.manifest["metadata"]["name"],
                "manager": one.manager,
                "fields": [
                    {"path": field.path, "declared": field.declared, "live": field.live, "manager": field.manager}
                    for field in one.fields
                ],
            }
            for one in drift.objects
        ],
    }
