"""What cases in Python begin with: the platform with another entry, or with a service of the case's own."""

from dataclasses import replace
from typing import Any

from catalogue.namespaces import Namespace
from catalogue.tiers import Tier
from constructs_lib.defaults import http, service_probes
from constructs_lib.model import Catalogue, Component, Dependency, Resources


def changed(catalogue: Catalogue, entry: str, **values: Any) -> Catalogue:
    """The catalogue with fields of one entry changed."""
    components = tuple(replace(c, **values) if c.name == entry else c for c in catalogue.components)
    return replace(catalogue, components=components)


def added(catalogue: Catalogue, *components: Component) -> Catalogue:
    """The catalogue with further entries."""
    return replace(catalogue, components=(*catalogue.components, *components))


def toy(**values: Any) -> Component:
    """A small service; the case says what is special about it."""
    entry = Component(
        name="toy",
        tier=Tier.PROCESSING,
        type="microservice",
        namespace=Namespace.SERVICES,
        image="query-parser",
        ports=(http("toy", 8099),),
        needs=(Dependency("kafka", "kafka"),),
        resources=Resources(cpu="1m", memory="8Mi", cpu_limit="2m", memory_limit="16Mi"),
        probes=service_probes(),
    )
    return replace(entry, **values)
