"""Updates of other kinds: a tier that comes and goes, a release that follows at once, a change by hand."""

import time

import yaml

from catalogue.tiers import Tier
from tests.e2e.argo_cd import WAVE_DELAY
from tests.e2e.deployment import BOUND, Deployment
from tests.e2e.faults import never_ready
from tests.e2e.order import tier_of

ALL = [str(tier) for tier in Tier]
WITHOUT_TESTS = [str(tier) for tier in Tier if tier is not Tier.TESTING]
CORE = ("apps/v1", "Deployment", "chatdb-services", "model-registry")


def choose(platform: Deployment, tiers: list[str]) -> str:
    """Release the platform with these tiers."""
    path = platform.origin.work / "chatdb.yaml"
    settings = yaml.safe_load(path.read_text())
    settings["environments"]["minikube"]["tiers"] = tiers
    path.write_text(yaml.safe_dump(settings, sort_keys=False))
    platform.tiers = [Tier(tier) for tier in tiers]
    return platform.release(f"{len(tiers)} tiers")


def test_tier_is_removed_and_added(running: Deployment) -> None:
    """Removed, it goes with all it made and nothing else goes; added, it waits for all that is below."""
    platform = running
    platform.origin.reset()
    platform.wait_settled()
    since = platform.version()
    held = choose(platform, WITHOUT_TESTS)
    platform.wait("the tests are gone", 60, lambda: platform.pin("testing") is None)
    platform.wait_released(held)
    gone = [event for event in platform.recorder.sorted() if event.version > since and event.type == "DELETED"]
    owners = {tier_of(event.owner) for event in gone if event.owner}
    assert Tier.TESTING in owners
    assert owners <= {Tier.TESTING, None}
    assert platform.api.list("apps/v1", "Deployment", "chatdb-testing") == []
    since = platform.version()
    with never_ready(platform, "kafka-topics"):
        _new_topics(platform)
        platform.origin.mark("core", "with-tests")
        held = choose(platform, ALL)
        platform.wait("setup has moved", 60, lambda: platform.pin("setup") == held)
        platform.wait("setup waits", 60, lambda: platform.seen("setup").get("status") in ("Progressing", "Degraded"))
        assert platform.pin("core") != held
        assert platform.pin("testing") is None
    platform.wait_released(held)
    assert platform.violations(since) == []


def _new_topics(platform: Deployment) -> None:
    """A new Job; its pod is not taken by a node."""
    renamed = {"op": "replace", "path": "/metadata/name", "value": "kafka-topics-two"}
    platform.origin.patch("setup", {"kind": "Job", "name": "kafka-topics-.*"}, [renamed])


def test_tiers_go_from_the_top(running: Deployment) -> None:
    """Of two tiers that are removed the upper one is gone before the lower one begins to go."""
    platform = running
    platform.origin.reset()
    platform.wait_settled()
    since = platform.version()
    held = choose(platform, [tier for tier in WITHOUT_TESTS if tier != Tier.MONITORING])
    platform.wait_released(held)
    platform.wait("both are gone", 60, lambda: {platform.pin("testing"), platform.pin("monitoring")} == {None})
    gone: dict[Tier | None, list[int]] = {}
    for event in platform.recorder.sorted():
        if event.version > since and event.type == "DELETED":
            gone.setdefault(tier_of(event.owner), []).append(event.version)
    print({tier: (min(versions), max(versions)) for tier, versions in gone.items()})
    assert max(gone[Tier.TESTING]) < min(gone[Tier.MONITORING])
    since = platform.version()
    platform.wait_released(choose(platform, ALL))
    assert platform.violations(since) == []


def test_next_release_waits_for_the_last_tier(platform: Deployment) -> None:
    """What is released while the tests are not ready begins when they are: else both would move at once."""
    platform.argo_cd.gate(bound=100_000)
    try:
        with never_ready(platform, "locust-master"):
            platform.origin.mark("testing", "slow")
            first = platform.release("Slow tests")
            platform.wait("the tests have moved", 60, lambda: platform.pin("testing") == first)
            second = platform.release("The next release")
            time.sleep(4 * WAVE_DELAY)
            assert platform.pin("platform") == first, platform.argo_cd.states()
        platform.wait_released(second)
    finally:
        platform.argo_cd.gate(bound=BOUND)


def test_change_by_hand_is_undone(platform: Deployment) -> None:
    """Self-heal puts back what somebody changes, and rolls nothing else."""
    since = platform.version()
    path = platform.api.path(*CORE)
    platform.api.patch(path, {"metadata": {"labels": {"component": "changed"}}, "spec": {"replicas": 0}})
    seconds = platform.wait("it is undone", 60, lambda: _replicas(platform) == 1)
    print(f"undone after {seconds:.0f} s")
    platform.wait_settled()
    others = {
        event.key
        for event in platform.recorder.sorted()
        if event.version > since and event.kind in ("Deployment", "StatefulSet") and event.key != CORE[1:]
    }
    assert others == set()


def _replicas(platform: Deployment) -> int:
    workload = platform.api.get(*CORE)
    return int(workload["spec"]["replicas"]) if workload else 0
