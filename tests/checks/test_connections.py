"""The rule `connections`: the pools of all pods, and what PostgreSQL has for services."""

import copy
from dataclasses import replace
from typing import Any

import pytest

from catalogue.tiers import Tier
from constructs_lib.checks.connections import FILE, Demand, demands, fit
from constructs_lib.checks.model import Inputs, Rendered
from tests.checks.mutations import Manifest, pick

SCALER: Manifest = {
    "apiVersion": "autoscaling/v2",
    "kind": "HorizontalPodAutoscaler",
    "metadata": {"name": "scaler", "namespace": "chatdb-services"},
}


def configured(inputs: Inputs, text: str | None) -> Inputs:
    """The environment with that postgresql.conf, or without one."""
    objects = [Rendered(one.tier, copy.deepcopy(one.manifest)) for one in inputs.rendered]
    data = pick(objects, "ConfigMap", "postgres-files")["data"]
    data.pop(FILE) if text is None else data.update({FILE: text})
    return replace(inputs, rendered=tuple(objects))


def scaled(inputs: Inputs, name: str, number: int) -> Inputs:
    """The environment with an autoscaler that may give the service so many pods."""
    spec: dict[str, Any] = {"scaleTargetRef": {"kind": "Deployment", "name": name}, "maxReplicas": number}
    return replace(inputs, rendered=(*inputs.rendered, Rendered(Tier.CORE, {**SCALER, "spec": spec})))


def only(inputs: Inputs) -> Demand:
    """The demand on the environment's only server."""
    (demand,) = demands(inputs)
    return demand


@pytest.mark.parametrize(
    ("text", "available"),
    [
        (None, 97),
        ("max_connections = 50", 47),
        ("max_connections=50\nMax_Connections '20' # fewer\n", 17),
        ("# max_connections = 5\nmax_connections = 50", 47),
        ("max_connections = 50\nsuperuser_reserved_connections = 10\nreserved_connections = 5", 35),
    ],
)
def test_connections_for_services(rendered: Inputs, text: str | None, available: int) -> None:
    """As PostgreSQL reads its file: the last line counts, and those that are reserved are not for services."""
    assert only(configured(rendered, text)).available == available


def test_parameters_of_a_cluster(rendered: Inputs) -> None:
    """CloudNativePG is told of its settings by the Cluster; another component's says nothing."""
    parameters = {"max_connections": "200", "superuser_reserved_connections": "5", "work_mem": "2MB"}
    inputs = configured(rendered, None)
    for name, available in (("postgres", 195), ("other", 97)):
        cluster = {
            "apiVersion": "postgresql.cnpg.io/v1",
            "kind": "Cluster",
            "metadata": {"name": name, "namespace": "chatdb-system", "labels": {"app": name}},
            "spec": {"postgresql": {"parameters": parameters}},
        }
        objects = (*inputs.rendered, Rendered(Tier.FOUNDATION, cluster))
        assert only(replace(inputs, rendered=objects)).available == available


@pytest.mark.parametrize(("most", "problems"), [(19, []), (18, ["tier foundation: postgres"])])
def test_pools_that_just_fit(rendered: Inputs, most: int, problems: list[str]) -> None:
    """One pod of each of two services, with eight connections each: 16, and three are reserved."""
    inputs = configured(rendered, f"max_connections = {most}")
    assert [problem.where for problem in fit(inputs)] == problems


def test_autoscaler_at_its_most(rendered: Inputs) -> None:
    """The finding names each pool: who raises the most pods of one service sees what the others have."""
    inputs = configured(rendered, "max_connections = 50")
    assert list(fit(scaled(inputs, "model-registry", 4))) == []
    (problem,) = fit(scaled(inputs, "model-registry", 5))
    asked = "5 x 8 of model-registry + 1 x 8 of training-orchestrator are 48 connections"
    assert problem.what == f"{asked}, and it has 47 for services"


def test_pools_of_another_server(rendered: Inputs) -> None:
    """A second server, such as one whose data moves away, has none of the services' pools."""
    platform = rendered.platform
    old = replace(platform.component("postgres"), name="postgres-old")
    inputs = replace(rendered, platform=replace(platform, components=(*platform.components, old)))
    assert {one.server.name: one.total for one in demands(inputs)} == {"postgres": 16, "postgres-old": 0}


def test_environment_without_the_server(rendered: Inputs) -> None:
    """Nothing is said of a server that another environment runs."""
    settings = replace(rendered.settings, tiers=(Tier.CORE,))
    assert list(demands(replace(rendered, settings=settings))) == []
