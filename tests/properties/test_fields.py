"""Each field of an entry takes effect or is refused, for every type of component, and also for one that a test adds."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import fields, replace
from functools import cache
from typing import ClassVar

import pytest
from constructs import Construct

from constructs_lib import component_type
from constructs_lib.component_type import POD, register
from constructs_lib.model import Component, Storage
from constructs_lib.parts.chart import ComponentChart
from constructs_lib.parts.pod import PodOptions
from constructs_lib.parts.workload import deployment
from constructs_lib.render import render
from constructs_lib.resolve import resolve
from constructs_lib.resolve.problems import problems
from constructs_lib.resolved import ResolvedComponent
from constructs_lib.types import type_names, type_of
from tests.platforms.test_component_types import ENTRY, Cache
from tests.properties.effects import (
    ENTRIES,
    LEAVES,
    WITH_ACCOUNTS,
    Base,
    Outcome,
    catalogue_with,
    changes,
    filled,
    nested_changes,
    prepared,
    records,
    scaled,
    values,
)

FIELDS = [field.name for field in fields(Component)]
ALWAYS = ("name", "tier", "type")
"""What they mean depends on other entries: a change that stands alone is mostly refused."""
WITH_RECORDS = ("postgres", "microservice", "object-store", "prometheus")
"""Types that read every record between them, by the parts that all types have in common."""
ALONE = {"produces", "consumes", "after"}
"""Of what starts before Kafka, or first of all: there is nothing that they could name."""


@cache
def outcomes(type_: str) -> Mapping[str, Counter[Outcome]]:
    """What becomes of each field of the type's entry."""
    return of_entry(ENTRIES[type_], nested=type_ in WITH_RECORDS)


def of_entry(entry: Component, *, nested: bool) -> Mapping[str, Counter[Outcome]]:
    """What becomes of each field of the entry, and where `nested` of each field of the records in it."""
    base = Base(prepared(entry))
    autoscaled = Base(scaled(base.entry))
    counters: dict[str, Counter[Outcome]] = defaultdict(Counter)
    for field in FIELDS:
        one = autoscaled if field == "autoscale" else base
        for change in changes(one.entry, field):
            counters[field][one.outcome(change)] += 1
    if nested:
        full = Base(scaled(filled(base.entry)))
        accounts = Base(full.entry, WITH_ACCOUNTS) if full.entry.buckets else full
        for path, change in nested_changes(full.entry):
            one = accounts if path.startswith("buckets") else full
            counters[path][one.outcome(change)] += 1
    return counters


def silent(counters: Mapping[str, Counter[Outcome]]) -> list[str]:
    """The fields of which some value has no effect and is not refused."""
    return [path for path, counts in counters.items() if counts[Outcome.SILENT]]


def test_every_field_is_tried() -> None:
    """The values are those of the model's fields, of an entry and of every record in it, and of each type."""
    entry = next(iter(ENTRIES.values()))
    assert list(values(entry)) == FIELDS
    inner = {(kind, field.name) for kind in records() for field in fields(kind) if field.name not in PROBES}
    assert set(LEAVES) == inner
    assert set(type_names()) - set(ENTRIES) == OF_TRAITS


OF_TRAITS = {"cloudnative-pg", "external-credentials", "object-store-accounts", "versitygw"}
"""Types that stand in for others, of which no entry of the base is."""
PROBES = ("liveness", "readiness", "startup")
"""Fields of a record that are records themselves."""


@pytest.mark.parametrize("type_", sorted(ENTRIES))
def test_effect_or_refusal(type_: str) -> None:
    """No field vanishes; what the type takes has an effect, and all else is refused by name."""
    counters = outcomes(type_)
    assert silent(counters) == []
    taken = set(type_of(ENTRIES[type_]).fields)
    effective = {field for field in FIELDS if counters[field][Outcome.EFFECT]}
    assert effective - taken == set()
    assert taken - effective - {*ALWAYS, *ALONE} == set()


@pytest.mark.parametrize("type_", sorted(ENTRIES))
def test_refusal_names_type_and_field(type_: str) -> None:
    """With the list of what the type takes."""
    entry = prepared(ENTRIES[type_])
    taken = type_of(entry).fields
    for field in sorted(set(FIELDS) - set(taken)):
        texts = [str(problem) for problem in problems(catalogue_with(changes(entry, field)[0]))]
        text = f"{entry.name}: it is of type {type_}, but has {field}, which this type does not take; "
        assert any(text in line and f"{type_} takes {', '.join(taken)}" in line for line in texts), texts


def test_each_field_has_an_effect_somewhere() -> None:
    """What every type refuses would be no field."""
    per_type = [outcomes(type_) for type_ in ENTRIES]
    for field in set(FIELDS) - {"name", "type"}:
        assert any(counts[field][Outcome.EFFECT] for counts in per_type), field
    places: dict[str, bool] = defaultdict(bool)
    for counts in per_type:
        for path, count in counts.items():
            places[path] |= bool(count[Outcome.EFFECT])
    assert {path for path, there in places.items() if not there} <= UNKNOWN_ALONE


UNKNOWN_ALONE = {"name", "type", "ports[0].name", "talks_to[0].to", "needs[0].to", "needs[0].port"}
"""Other entries, and the demands of the type, name them."""


class Careless(Cache):
    """A type whose construct makes no ConfigMap, although it takes settings."""

    name = "careless"
    construct: ClassVar[str] = __name__
    takes = POD | {"ports", "probes"}


class CarelessChart(ComponentChart):
    """A Deployment without variables."""

    def __init__(self, scope: Construct, id_: str, *, component: ResolvedComponent) -> None:
        """What is told to the component is lost."""
        super().__init__(scope, id_)
        deployment(self, component, PodOptions())


CONSTRUCT = CarelessChart


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two types are known until the end of the test."""
    monkeypatch.setattr(component_type, "_TYPES", dict(component_type._TYPES))
    register(Cache())
    register(Careless())


def test_a_registered_type_has_the_same_guarantee(registered: None) -> None:
    """A type that says nothing of its fields takes those of a server, and refuses the others."""
    counters = of_entry(ENTRY, nested=True)
    assert silent(counters) == []
    refused = {field for field in FIELDS if set(counters[field]) == {Outcome.REFUSED}} - {*ALWAYS}
    assert refused >= {
        "replicas",
        "storage",
        "route",
        "metrics",
        "schema",
        "access",
        "ready_without",
        "autoscale",
        "autoscaled",
    }


def test_a_field_without_effect_is_found(registered: None) -> None:
    """Where a construct does not read what its type takes."""
    assert silent(of_entry(replace(ENTRY, type="careless"), nested=False)) == ["settings", "buckets"]


def test_an_object_store_serves_its_volume() -> None:
    """Wherever its entry mounts it: another folder would be on a read-only disk."""
    entry = ENTRIES["object-store"]
    storage = Storage(claim="data", mount_path="/srv/objects", size="1Gi")
    platform = resolve(catalogue_with(replace(entry, storage=storage)))
    one = replace(platform, components=(platform.component(entry.name),), gateway=None)
    (made,) = (m for m in render(one).charts[entry.tier, entry.name] if m["kind"] == "Deployment")
    (container,) = made["spec"]["template"]["spec"]["containers"]
    assert container["args"][:2] == ["server", "/srv/objects"]
