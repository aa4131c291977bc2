"""What bounds replicas in each environment: database connections, and the partitions of topics."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from chatdb import repository
from constructs_lib.checks.connections import Demand, demands
from constructs_lib.checks.model import Inputs, Rendered
from constructs_lib.checks.render import inputs
from constructs_lib.footprint import at_most, replicas, surge
from constructs_lib.pods import LONG_RUNNING
from constructs_lib.settings import read_environments


def tables(root: Path) -> str:
    """For docs/scale.md: both, of each environment as it is rendered."""
    settings = read_environments(root, repository.catalogue())
    environments = [inputs(root, repository.platform(), one) for one in settings]
    return f"{connections(environments)}\n\n{partitions(environments)}"


def connections(environments: Sequence[Inputs]) -> str:
    """The pools of each environment at rest, and while all of their services roll out."""
    rows = [
        f"| {one.settings.environment} | {_pools(demand)} | {demand.total} | {rolling.total} | {demand.available} |"
        for one in environments
        for demand, rolling in zip(demands(one), demands(_rolling(one)), strict=True)
    ]
    head = "| environment | pools at most | connections | while all roll out | PostgreSQL has for services |"
    return "\n".join([head, "|---|---|---|---|---|", *rows])


def _pools(demand: Demand) -> str:
    return ", ".join(f"{pool.name} {pool.pods} x {pool.connections}" for pool in demand.pools)


def _at_most(environment: Inputs) -> list[Rendered]:
    """All objects, with the most replicas that autoscalers may give."""
    manifests = at_most(one.manifest for one in environment.rendered)
    return [Rendered(one.tier, most) for one, most in zip(environment.rendered, manifests, strict=True)]


def _rolling(environment: Inputs) -> Inputs:
    """With the surge of each Deployment; what autoscalers say is in it already."""
    kept = (one for one in _at_most(environment) if one.kind != "HorizontalPodAutoscaler")
    return replace(environment, rendered=tuple(Rendered(one.tier, _surging(one.manifest)) for one in kept))


def _surging(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    if manifest["kind"] != "Deployment":
        return manifest
    return {**manifest, "spec": {**manifest["spec"], "replicas": replicas(manifest) + surge(manifest)}}


def partitions(environments: Sequence[Inputs]) -> str:
    """Each topic that a component consumes, with the component's pods."""
    catalogue = repository.catalogue()
    pods = [
        {one.name: replicas(one.manifest) for one in _at_most(each) if one.kind in LONG_RUNNING}
        for each in environments
    ]
    rows = [
        [f"`{topic.name}`", str(topic.partitions), consumer.name, *(str(of.get(consumer.name, 0)) for of in pods)]
        for topic in catalogue.topics
        for consumer in catalogue.components
        if topic.name in consumer.consumes.values()
    ]
    heads = ["topic", "partitions", "consumer", *(f"pods in {one.settings.environment}" for one in environments)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (heads, ["---"] * len(heads), *rows))
