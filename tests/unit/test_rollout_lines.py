"""What a deployment says of components that wait, while some of those that they wait for are ready."""

from collections.abc import Sequence

import pytest

from catalogue.components import CATALOGUE
from catalogue.tiers import Tier
from chatdb.deploy.grace import Limits
from chatdb.deploy.kubectl import Kubectl
from chatdb.deploy.objects import component_of
from chatdb.deploy.plan import Plan, plan
from chatdb.deploy.rollout import Line, Rollout, State
from chatdb.deploy.snapshot import Snapshot
from constructs_lib.settings import read_settings
from tests.repository import PLATFORM, ROOT


@pytest.fixture(scope="module")
def planned() -> Plan:
    """All waves of the platform."""
    return plan(ROOT, PLATFORM, read_settings(ROOT, CATALOGUE, "minikube"))


def told(planned: Plan, slow: set[str]) -> dict[str, Line]:
    """The last lines, when these of their wave are not ready, and all others of it and of the waves before are."""
    heard: list[Sequence[Line]] = []
    limits = Limits(wave=1, grace=1)
    rollout = Rollout(kubectl=Kubectl(), platform=PLATFORM, plan=planned, limits=limits, tell=heard.append)
    for wave in planned:
        pending = [object_ for step in wave for object_ in step.waited if component_of(object_) in slow]
        rollout._update(wave, pending, Snapshot())
        if pending:
            break
    return {line.name: line for line in heard[-1]}


def test_nobody_waits_for_who_is_ready(planned: Plan) -> None:
    """Who is ready is no longer named by those that waited for it; where nobody is left, the tier is."""
    lines = told(planned, {"training-orchestrator"})
    assert lines["model-registry"].state is State.READY
    assert lines["ml-engine"] == Line(Tier.PROCESSING, "ml-engine", State.WAITING, "tier core")
    assert lines["test-service"].detail == "ml-engine, query-parser, training-orchestrator"


@pytest.mark.parametrize(("slow", "tier"), [("test-service", "edge"), ("grafana", "monitoring")])
def test_slow_tier_of_a_wave_is_named(planned: Plan, slow: str, tier: str) -> None:
    """Of two tiers that are rolled out together, the one that is not ready."""
    assert told(planned, {slow})["locust-master"].detail == f"tier {tier}"


def test_quotas_come_first(planned: Plan) -> None:
    """Namespaces, and what limits them, are there before anything that they limit."""
    ((platform,), *_) = planned
    assert {object_["kind"] for object_ in platform.early} == {"Namespace", "ResourceQuota", "LimitRange"}
    assert "Job" in {object_["kind"] for object_ in platform.late}
