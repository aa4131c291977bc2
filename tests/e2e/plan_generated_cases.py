"""Changes of the catalogue, of settings and of overlays, each with the rules that have to find something in it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.e2e import plan_edits as edit
from tests.e2e.plan_case import Case, generated
from tests.e2e.plan_edits import Inputs


def _topics(root: Path, catalogue: Any) -> Any:
    first, *rest = catalogue.topics
    return replace(catalogue, topics=(replace(first, partitions=6), *rest))


def _plus(name: str, like: str) -> Inputs:
    """One more component beside that one."""
    return edit.components(lambda every: (*every, *(replace(one, name=name) for one in every if one.name == like)))


def _minus(name: str) -> Inputs:
    return edit.components(lambda every: tuple(one for one in every if one.name != name))


OPERATED = edit.both(edit.without_patch("foundation", "postgres.yaml"), edit.traits("postgres-cloudnative-pg"))
TIERS = ["platform", "foundation", "setup", "core", "processing", "edge", "monitoring"]
GENERATED: tuple[Case, ...] = (
    generated(
        "setting", edit.component("query-parser", settings={"LOG_LEVEL": "debug"}), rules="pods-restart job-runs"
    ),
    generated("probes", edit.component("jaeger", grace_period=45), rules="pods-restart job-runs"),
    generated(
        "replicas",
        edit.overlay("processing", "Deployment", "query-parser", ("replace", "/spec/replicas", 2)),
        rules="job-runs",
    ),
    generated("postgres-18", edit.image("postgres", tag="18.1"), rules="pods-restart job-runs postgres-major"),
    generated("postgres-older", edit.image("postgres", tag="17.5"), rules="pods-restart job-runs engine-downgraded"),
    generated("kafka-3.9", edit.image("kafka", tag="3.9.1"), rules="pods-restart job-runs engine-downgraded"),
    generated(
        "cluster-id",
        edit.component("kafka", settings={"CLUSTER_ID": "b3RoZXItY2x1c3Rlci0wMQ"}),
        rules="pods-restart job-runs data-identity",
    ),
    generated("topic-partitions", _topics, rules="job-runs"),
    generated("tier-removed", edit.settings(tiers=TIERS), rules="tier-deleted"),
    generated("tier-moved", edit.component("chaos", tier="monitoring"), rules="object-moved"),
    generated("component-removed", _minus("chaos"), rules="job-runs"),
    generated(
        "component-added", _plus("chaos-two", "chaos"), rules="job-runs policy-opened rights-widened rights-given"
    ),
    generated("autoscaled", edit.traits("autoscaling"), rules="pods-restart job-runs"),
    generated(
        "autoscaled-with-replicas",
        edit.both(
            edit.traits("autoscaling"),
            edit.overlay("processing", "Deployment", "query-parser", ("add", "/spec/replicas", 3)),
        ),
        rules="pods-restart job-runs autoscaler-replicas",
    ),
    # The credentials Job reads and makes two Secrets more.
    generated(
        "store-attached",
        edit.traits("object-store-versitygw"),
        rules="pods-restart job-runs engine-replaced rights-widened",
    ),
    generated("operator-attached", OPERATED, rules="statefulset-deleted job-runs config-unread policy-opened"),
    generated(
        "operator-detached",
        lambda _, catalogue: catalogue,
        before=OPERATED,
        rules="definition-deleted job-runs config-unread policy-closed rights-widened",
    ),
)
