"""Kills of CloudNativePG's primary: how long none was acknowledged, and what is deployed for them."""

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from catalogue.components import CATALOGUE
from chatdb.deploy.objects import component_of
from constructs_lib.gitops.regenerate import regenerate
from constructs_lib.kustomize import kustomize
from tests.node import cloudnative_pg
from tests.node.deployed import Deployed
from tests.node.long import postgres
from tests.node.long.acknowledged import Order
from tests.node.long.postgres import Kill
from tests.repository import copy_generated

MANIFESTS = """
{kind: Deployment, spec: {imagePullPolicy: Always}}
---
{kind: Namespace}
---
{kind: CustomResourceDefinition}
"""


def orders(*moments: float | None) -> list[Order]:
    """Orders that were acknowledged then."""
    return [Order(tag=number, acknowledged=moment) for number, moment in enumerate(moments)]


@pytest.mark.parametrize(
    ("moments", "seconds"),
    [
        # The primary still answers for a moment; then nothing is acknowledged until 40.
        ((9.0, 12.0, 11.0, None, 40.0, 41.0, 60.0), 30.0),
        ((12.0, 25.0, 26.0), 15.0),
        ((30.0,), 20.0),
    ],
)
def test_outage(moments: Sequence[float | None], seconds: float) -> None:
    """The longest time without an acknowledged job, from the kill to its end."""
    assert Kill("", at=10.0, led=20.0, whole=50.0).outage(orders(*moments)) == seconds


def test_table() -> None:
    """A row for each way, and one for all."""
    kills = [Kill(how, at=0.0, led=2.0 + number, whole=100.0) for number, how in enumerate(postgres.WAYS)]
    first, *_, last = list(postgres.table(kills, orders(50.0, 60.0)))[2:]
    assert first == f"| {kills[0].how} | 1 | 2.0 s | 2.0 s | 50.0 s | 50.0 s |"
    assert last == "| all | 3 | 3.0 s | 4.0 s | 50.0 s | 50.0 s |"


def test_what_is_deployed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three small instances in place of the one server; no monitoring, no tests."""
    installed: list[str] = []
    monkeypatch.setattr(cloudnative_pg, "install", lambda _node, image: installed.append(image))
    work = copy_generated(tmp_path)
    where = SimpleNamespace(place=SimpleNamespace(node=object()), origin=SimpleNamespace(work=work))
    postgres.three_instances(cast(Deployed, where))
    regenerate(work, lambda: CATALOGUE)
    rendered = kustomize(work, work / "overlays/minikube")
    (cluster,) = (one for one in rendered if one["kind"] == "Cluster")
    workloads = {component_of(one) for one in rendered if one["kind"] in ("Deployment", "StatefulSet")}
    assert workloads & {"kafka", "postgres", "prometheus", "chaos"} == {"kafka"}
    assert (cluster["spec"]["resources"], installed) == (postgres.RESOURCES, [cluster["spec"]["imageName"]])


def test_operator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """First what the rest is of or in; no image is pulled again."""
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/operator.yaml").write_text(MANIFESTS)
    monkeypatch.setattr(cloudnative_pg, "BUILT", tmp_path)
    *first, last = cloudnative_pg.manifests()
    assert {one["kind"] for one in first} == {"Namespace", "CustomResourceDefinition"}
    assert last["spec"] == {"imagePullPolicy": "IfNotPresent"}
