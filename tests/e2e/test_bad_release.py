"""A release that never gets ready, then its fix: Argo CD takes it by itself; above the bad tier nothing has moved."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext

import pytest
from deployment import Deployment, deployed
from faults import never_ready, refused

from constructs_lib.catalogue.model import Tier

BOUND = 15
"""A smaller bound than the gate's own saves waiting; it changes when a held child reads Degraded, and nothing else."""
BACKOFF = 30
"""The longest pause of the root between two tries."""
PICKED_UP = BOUND + BACKOFF + 15
"""Seconds within which the fix is there: the bound, one pause, and what the comparisons take on a small machine."""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """The platform, held at a commit."""
    with deployed(tmp_path_factory.mktemp("bad-release")) as made:
        made.argo_cd.gate(bound=BOUND)
        made.bootstrap()
        made.wait_settled()
        made.wait_released(made.release("Pins"))
        yield made


def strand(tier: Tier, component: str) -> Callable[[Deployment], None]:
    """Make a release whose component no node takes."""
    return lambda platform: platform.origin.strand(tier, component)


def failing_job(platform: Deployment) -> None:
    """Make a release with a new Job that has three seconds, and fails for good when they are over."""
    operations = [
        {"op": "replace", "path": "/metadata/name", "value": "kafka-topics-bad"},
        {"op": "add", "path": "/spec/activeDeadlineSeconds", "value": 3},
    ]
    platform.origin.patch("setup", {"kind": "Job", "name": "kafka-topics-.*"}, operations)


def missing_object(platform: Deployment) -> None:
    """Make a release that Kubernetes refuses: a ConfigMap of it cannot be changed."""
    label = {"op": "add", "path": "/data/RELEASE", "value": "bad"}
    platform.origin.patch("core", {"kind": "ConfigMap", "name": "model-registry-config"}, [label])


def no_fault(_: Deployment) -> AbstractContextManager[None]:
    """The release itself is what is wrong."""
    return nullcontext()


def no_topics(platform: Deployment) -> AbstractContextManager[None]:
    """Pods of the Job are not taken by a node; those of kwok would succeed at once."""
    return never_ready(platform, "kafka-topics")


def no_config(platform: Deployment) -> AbstractContextManager[None]:
    """The API server does not take the object."""
    return refused(platform, "ConfigMap", "chatdb-services", "model-registry-config")


@pytest.mark.parametrize(
    ("tier", "spoil", "fault"),
    [
        pytest.param(Tier.CORE, strand(Tier.CORE, "model-registry"), no_fault, id="deployment"),
        pytest.param(Tier.FOUNDATION, strand(Tier.FOUNDATION, "postgres"), no_fault, id="stateful-set"),
        pytest.param(Tier.SETUP, failing_job, no_topics, id="job"),
        pytest.param(Tier.CORE, missing_object, no_config, id="refused-object"),
    ],
)
def test_fix_is_taken_without_a_hand(
    running: Deployment,
    tier: Tier,
    spoil: Callable[[Deployment], None],
    fault: Callable[[Deployment], AbstractContextManager[None]],
) -> None:
    """Tiers below the bad one have the new commit and those above the old one, until the fix is there."""
    since, old = running.version(), running.pin(Tier.TESTING)
    below = [found for found in running.tiers if found.wave < tier.wave]
    above = [found for found in running.tiers if found.wave > tier.wave]
    with fault(running):
        _change(running, "bad")
        spoil(running)
        bad = running.release("Bad")
        running.wait("the bad tier has moved", 60, lambda: running.pin(tier) == bad)
        time.sleep(BOUND)
        assert {running.pin(found) for found in below} <= {bad}, running.argo_cd.states()
        assert {running.pin(found) for found in above} == {old}, running.argo_cd.states()
        running.origin.reset()
        _change(running, "good")
        fix = running.release("Fix")
        seconds = running.wait("the fix is picked up", PICKED_UP, lambda: running.pin(tier) == fix)
        print(f"picked up after {seconds:.0f} s")
    print(f"whole after {running.wait_released(fix):.0f} s more")
    assert running.violations(since) == []


def _change(platform: Deployment, value: str) -> None:
    for tier in (Tier.FOUNDATION, Tier.CORE, Tier.PROCESSING, Tier.EDGE):
        platform.origin.mark(tier, value)
