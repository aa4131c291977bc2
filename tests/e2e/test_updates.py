"""Updates of other kinds: a tier that comes and goes, a change by hand, a Job that waits."""

import yaml
from deployment import Deployment
from faults import never_ready
from order import tier_of

from constructs_lib.catalogue.model import Tier

ALL = [str(tier) for tier in Tier]
WITHOUT_TESTS = [str(tier) for tier in Tier if tier is not Tier.TESTING]
CORE = ("apps/v1", "Deployment", "chatdb-services", "model-registry")


def choose(platform: Deployment, tiers: list[str]) -> str:
    """Release the platform with these tiers."""
    path = platform.origin.work / "chatdb.yaml"
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | {"tiers": tiers}, sort_keys=False))
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
    found = platform.api.get(*CORE)
    return int(found["spec"]["replicas"]) if found else 0
