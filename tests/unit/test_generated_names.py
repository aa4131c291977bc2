"""Objects that constructs name are each there once, and no name of an entry meets one of the generator's own."""

from dataclasses import replace

import pytest

from catalogue.components import CATALOGUE
from constructs_lib.dashboards.panels import DERIVED
from constructs_lib.model import Component, Storage
from constructs_lib.problem import InvalidInput
from constructs_lib.render import render
from constructs_lib.resolve import resolve
from constructs_lib.resolved import ResolvedPlatform
from constructs_lib.types.grafana.dashboards import dashboards


def store(name: str, claim: str) -> Component:
    """A second object store, of which nobody is told."""
    minio = CATALOGUE.component("minio")
    assert isinstance(minio.storage, Storage)
    ports = tuple(replace(port, env={}, credentials={}) for port in minio.ports)
    return replace(minio, name=name, ports=ports, storage=replace(minio.storage, claim=claim))


def with_stores(*stores: Component) -> ResolvedPlatform:
    """The platform's foundation alone, with these."""
    platform = resolve(replace(CATALOGUE, components=(*CATALOGUE.components, *stores)))
    components = tuple(component for component in platform.components if component.tier == "foundation")
    return replace(platform, components=components, gateway=None)


@pytest.mark.parametrize("claim", ["service", "deployment", "minio-b-config", "config-minio-b-config", "policy-x"])
def test_a_claim_may_have_any_name(claim: str) -> None:
    """Whatever the other objects of its chart are called."""
    charts = render(with_stores(store("minio-b", claim))).charts
    names = [one["metadata"]["name"] for one in charts["foundation", "minio-b"] if "Claim" in one["kind"]]
    assert names == [claim]


@pytest.mark.parametrize(
    ("claim", "clash"),
    [
        ("minio-pvc", "chatdb-system/minio-pvc is made by minio and by minio-b"),
        ("data-kafka-0", "chatdb-system/data-kafka-0 is made by kafka and by minio-b"),
    ],
)
def test_one_claim_is_of_one_server(claim: str, clash: str) -> None:
    """Two servers on one volume would destroy its data, also where one is a StatefulSet."""
    with pytest.raises(InvalidInput, match=f"PersistentVolumeClaim {clash}; rename one of them"):
        render(with_stores(store("minio-b", claim)))


def test_names_of_derived_dashboards() -> None:
    """They are those that no dashboard of the catalogue may have."""
    assert set(dashboards(replace(CATALOGUE, dashboards=()))) == {f"{name}.json" for name in DERIVED}
