"""A release that never gets ready, then its fix: Argo CD takes it by itself; above the bad tier nothing has moved."""

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import partial

from catalogue.components import CATALOGUE
from catalogue.tiers import Tier
from tests.e2e.deployment import BOUND, Deployment
from tests.e2e.faults import never_ready, refused

PICKED_UP = BOUND + 60
"""Seconds within which the fix is there: the bound, and what pauses and comparisons take on a small machine."""


def strand(tier: Tier, component: str) -> Callable[[Deployment], None]:
    """Make a release whose component no node takes."""
    return lambda platform: platform.origin.strand(tier, component)


def failing_job(platform: Deployment) -> None:
    """Make a release with a new Job that has three seconds, and fails for good when they are over."""
    operations: list[Mapping[str, object]] = [
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


BAD = [
    (Tier.CORE, strand(Tier.CORE, "model-registry"), no_fault),
    (Tier.SETUP, failing_job, no_topics),
    (Tier.FOUNDATION, strand(Tier.FOUNDATION, "postgres"), no_fault),
    (Tier.CORE, missing_object, no_config),
]
"""What is wrong with each: a Deployment, a Job, a StatefulSet, an object that cannot be made."""


def test_each_release_is_taken_though_the_one_before_never_got_ready(platform: Deployment) -> None:
    """Four bad releases, then a good one: tiers below the bad one have the new commit, those above the first one."""
    old = platform.pin(Tier.TESTING)
    for number, (tier, spoil, fault) in enumerate(BAD):
        below = [other for other in platform.tiers if CATALOGUE.wave(other) < CATALOGUE.wave(tier)]
        above = [
            other
            for other in platform.tiers
            if CATALOGUE.wave(other) > max(CATALOGUE.wave(tier), CATALOGUE.wave(Tier.CORE))
        ]
        with fault(platform):
            platform.origin.reset()
            _change(platform, f"bad-{number}")
            spoil(platform)
            bad = platform.release(f"Bad {number}")
            seconds = platform.wait("it is picked up", PICKED_UP, partial(_pinned, platform, tier, bad))
            print(f"picked up after {seconds:.0f} s")
            time.sleep(BOUND)
            assert {platform.pin(other) for other in below} <= {bad}, platform.argo_cd.states()
            assert {platform.pin(other) for other in above} == {old}, platform.argo_cd.states()
    platform.origin.reset()
    _change(platform, "good")
    print(f"whole after {platform.wait_released(platform.release('Good')):.0f} s")


def _change(platform: Deployment, value: str) -> None:
    for tier in (Tier.FOUNDATION, Tier.CORE, Tier.PROCESSING, Tier.EDGE):
        platform.origin.mark(tier, value)


def _pinned(platform: Deployment, tier: Tier, commit: str) -> bool:
    return platform.pin(tier) == commit
