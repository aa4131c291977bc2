"""Strategies: random platforms that are valid, and entries of the catalogue that are anything but."""

from dataclasses import fields, replace
from typing import Any

from hypothesis import strategies as st

from catalogue.components import CATALOGUE, TELEMETRY
from catalogue.namespaces import Namespace
from catalogue.tiers import Tier
from constructs_lib.dashboards.panels import Dashboard
from constructs_lib.defaults import env, http, service_probes
from constructs_lib.machine import Machine, Overhead, Share
from constructs_lib.model import (
    Access,
    Autoscale,
    Bucket,
    BucketAccess,
    Catalogue,
    Component,
    Dependency,
    External,
    Image,
    Port,
    Resources,
    Route,
    Schema,
    Storage,
    Topic,
    Waiver,
)
from constructs_lib.probe import Probe, Probes
from constructs_lib.types import type_names

FOUNDATION = tuple(
    c for c in CATALOGUE.components if c.tier in (Tier.PLATFORM, Tier.FOUNDATION, Tier.SETUP, Tier.MONITORING)
)
AROUND = tuple(c for c in CATALOGUE.components if c.type in ("ingress", "integration-tests"))
BASES = (CATALOGUE.components, (*FOUNDATION, *AROUND))
"""The whole platform, and one without any service of its own."""
TIERS = (Tier.CORE, Tier.PROCESSING, Tier.EDGE)
STORES = (Dependency("kafka", "kafka"), Dependency("minio", "api"))
ACCESS = [
    BucketAccess(bucket=bucket.name, write=bool(number % 2), variable=f"BUCKET_{number}" if number else "")
    for number, bucket in enumerate(CATALOGUE.buckets)
]
PREPARED = {"kafka": "kafka-topics", "minio": "object-store-buckets"}
"""Who makes ready what the stores hold."""
MOST_SERVICES = 4
IN_ANY_ORDER = (
    "needs",
    "talks_to",
    "after",
    "settings",
    "produces",
    "consumes",
    "buckets",
    "generated_secrets",
    "labels",
)
"""Ports and rules of access stand in the manifests as they stand in their entry."""
NAMES = st.from_regex(r"x[a-z0-9]{1,8}", fullmatch=True)
"""No component of the platform begins with an x."""
VALUES = st.text(
    st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff") | st.sampled_from("\t\n")
)
"""Whatever a YAML file can hold."""


@st.composite
def catalogues(draw: st.DrawFn) -> Catalogue:
    """A platform with some services more, each with edges to what is earlier, and traffic to anything."""
    base = draw(st.sampled_from(BASES))
    topics = tuple(
        Topic(name=name, partitions=draw(st.integers(1, 9)), retention_ms=draw(st.sampled_from([-1, 1, 86_400_000])))
        for name in draw(st.lists(NAMES, max_size=2, unique=True))
    )
    made: list[Component] = []
    for name in draw(st.lists(NAMES, min_size=1, max_size=MOST_SERVICES, unique=True)):
        made.append(_service(draw, name, [*base, *made], [*CATALOGUE.topics, *topics]))
    return replace(CATALOGUE, components=(*base, *made), topics=(*CATALOGUE.topics, *topics))


def services(catalogue: Catalogue) -> list[Component]:
    """Those that the strategy has made."""
    return [component for component in catalogue.components if component.name.startswith("x")]


def _service(draw: st.DrawFn, name: str, others: list[Component], topics: list[Topic]) -> Component:
    tier = draw(st.sampled_from(TIERS))
    earlier = [other for other in others if CATALOGUE.wave(other.tier) < CATALOGUE.wave(tier)]
    known = [Dependency(other.name, "http") for other in others if other.type == "microservice"]
    needs = _some(draw, [*STORES, *(edge for edge in known if edge.to in {other.name for other in earlier})])
    numbers = draw(st.lists(st.integers(1, 65535), min_size=1, max_size=2, unique=True))
    ports = (http(name, numbers[0]), *(Port(name="more", number=number) for number in numbers[1:]))
    told = [topic.name for topic in topics] if STORES[0] in needs else []
    strip = draw(st.sampled_from(["/api/v1", f"/{name}"]))
    path = f"/api/v1/{name}" if strip == "/api/v1" else strip
    secrets = draw(st.sampled_from([env(), env(OWN_PASSWORD="password")]))
    # What is prepared for it comes first anyway: an entry that says so is refused.
    derived = {edge.to for edge in needs} | {PREPARED[edge.to] for edge in needs if edge in STORES}
    derived |= {"credentials"} if secrets or STORES[1] in needs else set()
    return Component(
        name=name,
        tier=tier,
        type="microservice",
        namespace=draw(st.sampled_from(Namespace)),
        image="query-parser",
        ports=ports,
        needs=needs,
        after=_some(draw, [other.name for other in earlier if other.name not in derived]),
        talks_to=_some(draw, [TELEMETRY, *(edge for edge in known if edge not in needs)]),
        settings=draw(st.dictionaries(st.sampled_from(["LEVEL", "MODE"]), VALUES, max_size=2)),
        produces={f"OUT_{number}": topic for number, topic in enumerate(_some(draw, told))},
        consumes={f"IN_{number}": topic for number, topic in enumerate(_some(draw, told))},
        buckets=_some(draw, ACCESS) or tuple(ACCESS[:1]) if STORES[1] in needs else (),
        generated_secrets=secrets,
        labels=draw(st.sampled_from([env(), env(team="a", cost="b")])),
        replicas=draw(st.integers(1, 3)),
        resources=Resources(cpu="10m", memory="16Mi", cpu_limit="20m", memory_limit="32Mi"),
        probes=service_probes(),
        route=draw(st.sampled_from([None, Route(path=path, strip=strip)])),
        metrics=draw(st.sampled_from([None, *(port.name for port in ports)])),
    )


def _some(draw: st.DrawFn, values: list[Any]) -> tuple[Any, ...]:
    return tuple(draw(st.lists(st.sampled_from(values), max_size=3, unique=True))) if values else ()


@st.composite
def permuted(draw: st.DrawFn, catalogue: Catalogue) -> Catalogue:
    """The same platform, written down in another order."""
    random = draw(st.randoms(use_true_random=False))

    def mixed(values: Any) -> Any:
        if isinstance(values, tuple):
            return tuple(random.sample(values, len(values)))
        return dict(random.sample(list(values.items()), len(values)))

    components = tuple(
        replace(component, **{name: mixed(getattr(component, name)) for name in IN_ANY_ORDER})
        for component in mixed(catalogue.components)
    )
    return replace(
        catalogue,
        components=components,
        externals=mixed(catalogue.externals),
        topics=mixed(catalogue.topics),
        buckets=mixed(tuple(replace(bucket, samples=mixed(bucket.samples)) for bucket in catalogue.buckets)),
        images=mixed(catalogue.images),
    )


TEXT = st.text(max_size=12)
NUMBER = st.integers(-(2**70), 2**70)
TABLE = st.dictionaries(TEXT, TEXT, max_size=3)
PROBE = st.builds(
    Probe, port=TEXT, path=st.none() | TEXT, command=st.tuples(TEXT) | st.just(()), period=NUMBER, timeout=NUMBER
)
PORT = st.builds(Port, name=TEXT, number=NUMBER, env=TABLE, credentials=TABLE)
NODES = st.sampled_from([component.name for component in CATALOGUE.components]) | TEXT
EDGE = st.builds(Dependency, NODES, st.sampled_from(["http", "kafka", "api"]) | TEXT)
OF_TYPE: dict[str, st.SearchStrategy[Any]] = {
    "name": TEXT | NODES,
    "tier": st.sampled_from(Tier) | TEXT,
    "type": st.sampled_from(type_names()) | TEXT,
    "namespace": st.sampled_from(Namespace) | TEXT,
    "image": st.none() | TEXT,
    "uid": NUMBER,
    "ports": st.lists(PORT, max_size=3).map(tuple),
    "needs": st.lists(EDGE, max_size=3).map(tuple),
    "after": st.lists(NODES, max_size=3).map(tuple),
    "talks_to": st.lists(EDGE, max_size=3).map(tuple),
    **dict.fromkeys(("settings", "produces", "consumes", "generated_secrets", "shared_secrets", "labels"), TABLE),
    "buckets": st.lists(st.builds(BucketAccess, bucket=TEXT, write=st.booleans(), variable=TEXT), max_size=2).map(
        tuple
    ),
    "ready_without": st.lists(NODES, max_size=3).map(tuple),
    "autoscale": st.none() | st.builds(Autoscale, min=NUMBER, max=NUMBER, cpu_percent=NUMBER),
    "autoscaled": st.booleans(),
    "replicas": NUMBER,
    "resources": st.none() | st.builds(Resources, cpu=TEXT, memory=TEXT, cpu_limit=TEXT, memory_limit=TEXT),
    "probes": st.none() | st.builds(Probes, liveness=PROBE, readiness=PROBE, startup=PROBE),
    "storage": st.none() | st.builds(Storage, claim=TEXT, mount_path=TEXT, size=TEXT),
    "route": st.none() | st.builds(Route, path=TEXT, strip=TEXT),
    "metrics": st.none() | TEXT,
    "schema": st.none() | st.builds(Schema, name=TEXT, migrations=TEXT),
    "access": st.lists(
        st.builds(
            Access,
            namespace=st.sampled_from(Namespace) | TEXT,
            resources=st.lists(TEXT, max_size=2).map(tuple),
            verbs=st.lists(TEXT, max_size=2).map(tuple),
        ),
        max_size=2,
    ).map(tuple),
    "grace_period": NUMBER,
}
"""For each field of a component: what is of its type, and mostly wrong."""
WORDS = st.lists(st.sampled_from(Tier) | TEXT, max_size=3)
BUCKET = st.builds(Bucket, name=TEXT, samples=st.lists(TEXT, max_size=1).map(tuple))
SHARE = st.builds(Share, name=TEXT, cpu=NUMBER, memory=NUMBER)
MACHINE = st.builds(Machine, cpu=NUMBER, memory=NUMBER, disk=NUMBER, disk_used=NUMBER, system=st.tuples(SHARE))
DASHBOARD = st.builds(Dashboard, name=TEXT, title=TEXT, rows=st.just(()))
OF_PLATFORM: dict[str, st.SearchStrategy[Any]] = {
    "name": TEXT,
    "title": TEXT,
    "waves": st.lists(WORDS.map(tuple), max_size=3).map(tuple),
    "namespaces": WORDS.map(tuple),
    "buckets": st.lists(BUCKET, max_size=2).map(tuple),
    "optional_tiers": WORDS.map(frozenset),
    "host": TEXT,
    "main_prefix": TEXT,
    "gateway_controller": st.none() | st.builds(External, name=TEXT, ports=st.lists(PORT, max_size=1).map(tuple)),
    "machines": st.dictionaries(TEXT, MACHINE, max_size=1),
    "node_overhead": st.builds(Overhead, disk_used=NUMBER, system=st.tuples(SHARE)),
    "dashboards": st.lists(DASHBOARD, max_size=2).map(tuple),
    "waivers": st.lists(st.builds(Waiver, TEXT, TEXT, TEXT), max_size=1).map(tuple),
}
"""For each field of a platform but its entries and its root: the same."""
ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | NUMBER | st.floats() | TEXT | EDGE | PORT,
    lambda inner: st.lists(inner, max_size=2) | st.lists(inner, max_size=2).map(tuple) | st.dictionaries(TEXT, inner),
    max_leaves=4,
)
"""Of any type."""


@st.composite
def garbage(draw: st.DrawFn) -> Catalogue:
    """The platform with some fields of some entries replaced by what nobody should write."""
    typed = draw(st.booleans())
    components: list[Any] = list(CATALOGUE.components)
    for _ in range(draw(st.integers(1, 3))):
        number = draw(st.integers(0, len(components) - 1))
        names = draw(st.lists(st.sampled_from([field.name for field in fields(Component)]), min_size=1, unique=True))
        values = {name: draw(OF_TYPE[name] if typed else OF_TYPE[name] | ANYTHING) for name in names}
        components[number] = replace(components[number], **values)
    topics = st.builds(Topic, name=TEXT, partitions=NUMBER, retention_ms=NUMBER, replication=NUMBER)
    images = st.builds(Image, repository=TEXT, tag=TEXT, digest=st.none() | TEXT)
    externals = st.builds(External, name=TEXT, ports=st.lists(PORT, max_size=1).map(tuple), protocols=st.tuples(TEXT))
    whole = draw(st.lists(st.sampled_from([*OF_PLATFORM]), max_size=2, unique=True)) if draw(st.booleans()) else []
    of_platform: dict[str, Any] = {
        name: draw(OF_PLATFORM[name] if typed else OF_PLATFORM[name] | ANYTHING) for name in whole
    }
    return replace(
        CATALOGUE,
        **of_platform,
        components=draw(st.just(tuple(components)) | st.permutations(components).map(tuple)),
        externals=draw(st.just(CATALOGUE.externals) | st.lists(externals, max_size=2).map(tuple)),
        images=draw(st.just(CATALOGUE.images) | st.dictionaries(TEXT, images, max_size=2)),
        topics=draw(st.just(CATALOGUE.topics) | st.lists(topics, max_size=3).map(tuple)),
    )
