"""A platform for lending books: as little as a platform can be, and the example for one of your own."""

from pathlib import Path
from types import MappingProxyType

from constructs_lib.defaults import env, http, service_probes, tool_probes
from constructs_lib.model import (
    DNS,
    INGRESS_CONTROLLER,
    Catalogue,
    Component,
    Dependency,
    External,
    Image,
    Port,
    Resources,
    Route,
    Storage,
)

SMALL = Resources(cpu="10m", memory="32Mi", cpu_limit="100m", memory_limit="64Mi")

BASE = (
    Component(
        name="ledger",
        tier="base",
        type="kafka",
        namespace="lending-data",
        image="kafka",
        uid=1000,
        ports=(Port(name="kafka", number=9092, env=env(LEDGER="{host}:{port}")),),
        settings=env(CLUSTER_ID="bGVuZGluZy1sZWRnZXItMQ"),
        resources=Resources(cpu="100m", memory="512Mi", cpu_limit="500m", memory_limit="1Gi"),
        probes=tool_probes("kafka"),
        storage=Storage(claim="pages", mount_path="/var/lib/kafka", size="1Gi"),
    ),
    Component(
        name="footprints",
        tier="base",
        type="jaeger",
        namespace="lending-data",
        image="jaeger",
        ports=(
            Port(name="otlp-http", number=4318, env=env(FOOTPRINTS_URL="http://{host}:{port}")),
            Port(name="query", number=16686),
        ),
        resources=SMALL,
        probes=tool_probes("query", live="/"),
    ),
)

APP = (
    Component(
        name="desk",
        tier="app",
        type="microservice",
        namespace="lending-web",
        image="desk",
        ports=(http("desk", 8080),),
        needs=(Dependency("ledger", "kafka"),),
        talks_to=(Dependency("footprints", "otlp-http"),),
        replicas=2,
        resources=SMALL,
        probes=service_probes(),
        route=Route(path="/books", strip="/books"),
    ),
    Component(name="door", tier="app", type="ingress", namespace="lending-web", image=None),
)

CATALOGUE = Catalogue(
    name="lending",
    title="Lending",
    root=Path(__file__).resolve().parents[1],
    waves=(("base",), ("app",)),
    namespaces=("lending-data", "lending-web"),
    components=(*BASE, *APP),
    externals=(
        External(
            name=DNS,
            namespace="kube-system",
            pod_labels=env(**{"k8s-app": "kube-dns"}),
            ports=(Port(name="dns", number=53),),
            protocols=("UDP", "TCP"),
        ),
        External(
            name=INGRESS_CONTROLLER,
            namespace="ingress-nginx",
            pod_labels=env(**{"app.kubernetes.io/component": "controller"}),
            ports=(Port(name="http", number=80),),
        ),
    ),
    images=MappingProxyType(
        {
            "kafka": Image(repository="apache/kafka", tag="4.3.1"),
            "jaeger": Image(repository="jaegertracing/jaeger", tag="2.19.0"),
            "desk": Image(repository="lending/desk", tag="1.0.0", source="services/desk"),
        }
    ),
    host="books.example",
)
