"""What becomes of a field of an entry that is set: an effect, a refusal, or neither."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from enum import StrEnum
from typing import Any, get_args, get_type_hints

from catalogue.components import CATALOGUE
from catalogue.namespaces import Namespace
from catalogue.tiers import Tier
from chatdb.chaos.experiments import experiments
from constructs_lib.defaults import http, service_probes
from constructs_lib.job_names import used_config_maps
from constructs_lib.model import (
    INGRESS_CONTROLLER,
    Access,
    Autoscale,
    BucketAccess,
    Catalogue,
    Component,
    Dependency,
    Port,
    Resources,
    Route,
    Schema,
    Storage,
)
from constructs_lib.probe import Probe
from constructs_lib.problem import InvalidInput
from constructs_lib.render import render
from constructs_lib.resolve import resolve, varied
from constructs_lib.resolve.problems import problems
from constructs_lib.resolved import ResolvedComponent, ResolvedPlatform
from constructs_lib.types import type_of
from tests.repository import PLATFORM, ROOT
from tests.three_brokers import THREE_BROKERS

KAFKA, STORE = Dependency("kafka", "kafka"), Dependency("minio", "api")
READER = "reader"
ENTRIES = {component.type: component for component in reversed(THREE_BROKERS.components)}
"""The first entry of each type; the number of brokers is no field for itself, so there are several."""
OTHERS = [one for type_, one in ENTRIES.items() if type_ not in ("chaos", "grafana", "locust-worker")]
"""Entries that others need, and a few that look at all of them."""
ACCOUNTS = varied(PLATFORM, ["object-store-versitygw"]).catalogue
WITH_ACCOUNTS = [ACCOUNTS.component(one.name) for one in OTHERS]
"""The same where an object store asks who may do what: that of the base does not."""
DATA = BucketAccess(bucket="test")


class Outcome(StrEnum):
    """What becomes of a change."""

    EFFECT = "effect"
    REFUSED = "refused"
    SILENT = "silent"


def catalogue_with(entry: Component, entries: Sequence[Component] = OTHERS) -> Catalogue:
    """The platform with this entry in the place of its name, and a service that connects to all of its ports."""
    others = [component for component in entries if component.name not in (entry.name, READER)]
    ports = tuple(Dependency(entry.name, port.name) for port in entry.ports)
    needs = (Dependency("postgres", "postgres"),)
    shared = {f"SHARED_{key}": f"{entry.name}/{key}" for key in entry.generated_secrets}
    reader = Component(
        name=READER,
        tier=Tier.EDGE,
        type="microservice",
        namespace=Namespace.SERVICES,
        image="query-parser",
        ports=(http(READER, 8099),),
        needs=needs,
        talks_to=tuple(one for one in ports if one not in needs),
        buckets=(DATA,) if type_of(entry).holds == "buckets" else (),
        shared_secrets=shared,
        resources=Resources(cpu="1m", memory="8Mi", cpu_limit="2m", memory_limit="16Mi"),
        probes=service_probes(),
        schema=Schema(name="reader", migrations="services/model-registry/migrations"),
    )
    return replace(CATALOGUE, components=(*others, entry, reader))


def prepared(entry: Component) -> Component:
    """The entry with what other fields need to take effect: a secret of its own, Kafka and a bucket where it may."""
    taken = type_of(entry).fields
    if "generated_secrets" in taken:
        entry = replace(entry, generated_secrets={**entry.generated_secrets, "OWN_PASSWORD": "password"})
    for more in (
        replace(entry, needs=(*entry.needs, KAFKA)) if KAFKA not in entry.needs else entry,
        replace(entry, talks_to=(*entry.talks_to, STORE), buckets=(DATA,)) if not entry.buckets else entry,
    ):
        entry = more if not problems(catalogue_with(more)) else entry
    return entry


class Base:
    """The platform with an entry, to compare with; what it renders is rendered once."""

    def __init__(self, entry: Component, entries: Sequence[Component] = OTHERS) -> None:
        """InvalidInput where the entry is refused."""
        self.entry, self.entries = entry, entries
        self.platform = resolve(catalogue_with(entry, entries))
        self.charts: dict[str, str] = {}

    def outcome(self, change: Component) -> Outcome:
        """What becomes of the entry's change."""
        try:
            platform = resolve(catalogue_with(change, self.entries))
        except InvalidInput:
            return Outcome.REFUSED
        return Outcome.SILENT if self._same(platform) else Outcome.EFFECT

    def _same(self, other: ResolvedPlatform) -> bool:
        """Whether what is generated and done is the same; a chart is a function of its resolved component."""
        old = {component.name: component for component in self.platform.components}
        for component in other.components:
            if component.name not in old or (component != old[component.name] and self._renders_else(other, component)):
                return False
        return _done(self.platform) == _done(other)

    def _renders_else(self, other: ResolvedPlatform, component: ResolvedComponent) -> bool:
        name = component.name
        if name not in self.charts:
            self.charts[name] = _rendered(self.platform, self.platform.component(name))
        return self.charts[name] != _rendered(other, component)


def _done(platform: ResolvedPlatform) -> object:
    """What commands take from a platform that is in no manifest: order, pools, and what is expected of a fault."""
    own = {one.name: (one.after, one.schema.connections if one.schema else 0) for one in platform.components}
    return own, experiments(platform, ROOT)


def _rendered(platform: ResolvedPlatform, component: ResolvedComponent) -> str:
    """The component's objects, by their folders; a ConfigMap that no pod reads, and its checksum, are no effect."""
    one = replace(platform.namespaces, names=platform.namespaces.names[:1])
    made = render(replace(platform, components=(component,), namespaces=one, gateway=None))
    every = (*made.charts.items(), *made.templates.items())
    placed = [(tier, manifest) for (tier, _), objects in every for manifest in objects]
    pods = [manifest["spec"]["template"] for _, manifest in placed if "template" in manifest.get("spec", {})]
    read = {name for pod in pods for name in used_config_maps(pod)}
    for pod in pods:
        annotations = pod["metadata"].get("annotations") or {}
        annotations.pop(f"{platform.name}.io/config-checksum", None)
    kept = [(tier, m) for tier, m in placed if m["kind"] != "ConfigMap" or m["metadata"]["name"] in read]
    return json.dumps(kept, sort_keys=True)


def values(entry: Component) -> Mapping[str, list[Any]]:
    """For each field of an entry: other values, which are valid at least for some type."""
    sample = service_probes()
    port = Port(name="extra", number=4999)
    external = Dependency(INGRESS_CONTROLLER, "http")
    access = Access(namespace=Namespace.TESTING, resources=("pods",), verbs=("get",))
    return {
        "name": ["renamed"],
        "tier": [Tier.FOUNDATION, Tier.PROCESSING, Tier.MONITORING],
        "type": ["chaos", "microservice"],
        "namespace": [Namespace.TESTING, Namespace.MONITORING],
        "image": ["python", "kafka"],
        "uid": [4242],
        "ports": [(*entry.ports, port)],
        "needs": [(*entry.needs, external), (*entry.needs, Dependency("dns", "dns"))],
        "after": [(name,) for name in ("jaeger", "kafka-topics", "training-orchestrator") if name != entry.name],
        "talks_to": [(*entry.talks_to, Dependency("jaeger", "query")), (*entry.talks_to, external)],
        "settings": [{**entry.settings, "EXTRA": "1"}],
        "produces": [{**entry.produces, "EXTRA": "queries"}],
        "consumes": [{**entry.consumes, "EXTRA": "queries"}],
        "buckets": [(*entry.buckets, BucketAccess(bucket="datasets", write=True, variable="EXTRA_BUCKET"))],
        "generated_secrets": [{**entry.generated_secrets, "EXTRA": "user"}],
        "shared_secrets": [{**entry.shared_secrets, "EXTRA": "minio/MINIO_ROOT_USER"}],
        "labels": [{**entry.labels, "team": "x"}],
        "replicas": [5],
        "resources": [Resources(cpu="11m", memory="17Mi", cpu_limit="22m", memory_limit="34Mi")],
        "probes": [sample, replace(sample, liveness=COMMAND, readiness=COMMAND, startup=COMMAND)],
        "storage": [Storage(claim="extra", mount_path="/var/extra", size="3Gi")],
        "route": [Route(path="/extra", strip="/extra")],
        "metrics": [*(port.name for port in entry.ports), "http", None],
        "schema": [Schema(name="extra", migrations="services/model-registry/migrations")],
        "access": [(access, *entry.access)],
        "grace_period": [entry.grace_period + 7],
        "ready_without": [tuple(one.to for one in entry.needs) or ("kafka",)],
        "autoscale": [Autoscale(min=1, max=3, cpu_percent=55)],
        "autoscaled": [True],
    }


COMMAND = Probe(command=("true",))
LEAVES: Mapping[tuple[type, str], Callable[[Any], list[Any]]] = {
    (Port, "name"): lambda old: [f"{old}x"],
    (Port, "number"): lambda old: [old + 1],
    (Port, "env"): lambda old: [{**old, "TOLD": "{host}"}],
    (Port, "admin_env"): lambda old: [{**old, "TOLD_ADMIN": "{host}"}],
    (Port, "credentials"): lambda old: [{**old, "TOLD_SECRET": "{OWN_PASSWORD}"}],
    (Port, "secret"): lambda _: ["extra"],
    (Dependency, "to"): lambda old: ["dns" if old == INGRESS_CONTROLLER else "prometheus"],
    (Dependency, "port"): lambda _: ["query", "otlp-http"],
    (Resources, "cpu"): lambda _: ["11m"],
    (Resources, "memory"): lambda _: ["17Mi"],
    (Resources, "cpu_limit"): lambda _: ["3000m"],
    (Resources, "memory_limit"): lambda _: ["5Gi"],
    (Probe, "port"): lambda _: ["extra", "console"],
    (Probe, "path"): lambda old: ["/extra", *([None] if old else [])],
    (Probe, "command"): lambda old: [("true",)] if old else [],
    (Probe, "initial_delay"): lambda old: [old + 7],
    (Probe, "period"): lambda old: [old + 7],
    (Probe, "timeout"): lambda old: [old + 7],
    (Probe, "failures"): lambda old: [old + 7],
    (Storage, "claim"): lambda _: ["extra"],
    (Storage, "mount_path"): lambda _: ["/var/extra"],
    (Storage, "size"): lambda _: ["3Gi"],
    (Route, "path"): lambda old: [f"{old}/extra"],
    (Route, "strip"): lambda _: ["/api"],
    (Route, "also"): lambda old: [(*old, "/extra")],
    (Route, "body_limit"): lambda old: [old + 1],
    (BucketAccess, "bucket"): lambda _: ["datasets"],
    (BucketAccess, "write"): lambda old: [not old],
    (BucketAccess, "variable"): lambda _: ["EXTRA_BUCKET"],
    (Schema, "name"): lambda _: ["extra"],
    (Schema, "connections"): lambda old: [old + 1],
    (Schema, "migrations"): lambda _: ["services/training-orchestrator/migrations"],
    (Autoscale, "min"): lambda old: [old + 1],
    (Autoscale, "max"): lambda old: [old - 1],
    (Autoscale, "cpu_percent"): lambda old: [old + 1],
    (Access, "namespace"): lambda _: [Namespace.TESTING, Namespace.MONITORING],
    (Access, "resources"): lambda _: [("services",)],
    (Access, "verbs"): lambda _: [("get", "patch")],
    (Access, "api_group"): lambda _: ["apps"],
    (Access, "resource_names"): lambda _: [("extra",)],
}
"""Other values for the fields of the records that an entry is made of."""


def records(kind: Any = Component) -> Iterator[Any]:
    """The records that a field of that one holds, and theirs."""
    for annotation in get_type_hints(kind).values():
        for part in (annotation, *get_args(annotation)):
            if is_dataclass(part):
                yield part
                yield from records(part)


def changes(entry: Component, field: str) -> list[Component]:
    """The entry with other values of the field."""
    old = getattr(entry, field)
    return [replace(entry, **{field: value}) for value in values(entry)[field] if value != old]


def scaled(entry: Component) -> Component:
    """The entry as the trait has it, where its type can be autoscaled: without it, `autoscale` has no effect."""
    return replace(entry, autoscaled=entry.autoscale is not None)


def nested_changes(entry: Component) -> Iterator[tuple[str, Component]]:
    """The path of each field of each record in the entry, and the entry with another value there."""
    for field in fields(entry):
        for path, value in _others(field.name, getattr(entry, field.name)):
            yield path, replace(entry, **{field.name: value})


def _others(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The value with one leaf of its records changed, and the leaf's path; the first of a tuple stands for all."""
    if isinstance(value, tuple):
        for number, item in enumerate(value[:1]):
            for place, other in _others(f"{path}[{number}]", item):
                yield place, (*value[:number], other, *value[number + 1 :])
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            old = getattr(value, field.name)
            leaf = LEAVES.get((type(value), field.name))
            if leaf is None:
                others = _others(f"{path}.{field.name}", old)
            else:
                others = ((f"{path}.{field.name}", other) for other in leaf(old) if other != old)
            for place, other in others:
                yield place, replace(value, **{field.name: other})


def filled(entry: Component) -> Component:
    """The entry with a value for each record that its type takes, where it has none."""
    for field in type_of(entry).fields:
        if getattr(entry, field) in (None, ()):
            better = (replace(entry, **{field: value}) for value in values(entry)[field])
            entry = next((one for one in better if not problems(catalogue_with(one))), entry)
    return entry
