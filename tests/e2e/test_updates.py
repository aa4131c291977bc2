"""Updates of other kinds: a tier that comes and goes, a change by hand, a Job that waits."""

from collections.abc import Iterator

import pytest
import yaml
from deployment import Deployment, deployed
from faults import never_ready
from order import tier_of

from constructs_lib.catalogue.model import Tier

WITHOUT_TESTS = [str(tier) for tier in Tier if tier is not Tier.TESTING]
CORE = ("apps/v1", "Deployment", "chatdb-services", "model-registry")


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """The platform without its tests, held at a commit."""
    with deployed(tmp_path_factory.mktemp("updates"), WITHOUT_TESTS) as made:
        made.argo_cd.gate(bound=15)
        made.bootstrap()
        made.wait_settled()
        made.wait_released(made.release("Pins"))
        yield made


def choose(platform: Deployment, tiers: list[str]) -> str:
    """Release the platform with these tiers."""
    path = platform.origin.work / "chatdb.yaml"
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | {"tiers": tiers}, sort_keys=False))
    platform.tiers = [Tier(tier) for tier in tiers]
    return platform.release(f"{len(tiers)} tiers")


def test_tier_that_is_added_waits_for_those_below(platform: Deployment) -> None:
    """The tests come into a platform that changes at the same time: they start when all of it is ready."""
    since = platform.version()
    with never_ready(platform, "model-registry"):
        platform.origin.mark("core", "with-tests")
        held = choose(platform, [str(tier) for tier in Tier])
        platform.wait("core has moved", 60, lambda: platform.pin("core") == held)
        platform.wait("core waits", 60, lambda: platform.seen("core").get("status") in ("Progressing", "Degraded"))
        assert platform.pin("testing") is None
    platform.wait_released(held)
    assert platform.violations(since) == []


def test_tier_that_is_removed_goes_with_all_it_made(platform: Deployment) -> None:
    """Argo CD prunes the Application, whose finalizer takes its objects along; nothing else changes."""
    platform.wait_released(choose(platform, [str(tier) for tier in Tier]))
    since = platform.version()
    held = choose(platform, WITHOUT_TESTS)
    platform.wait("the tests are gone", 60, lambda: platform.pin("testing") is None)
    platform.wait_released(held)
    changed = {
        (tier_of(event.owner), event.type)
        for event in platform.recorder.sorted()
        if event.version > since and event.owner
    }
    assert (Tier.TESTING, "DELETED") in changed
    assert not [entry for entry in changed if entry[1] == "DELETED" and entry[0] is not Tier.TESTING]
    left = [entry["metadata"]["name"] for entry in platform.api.list("apps/v1", "Deployment", "chatdb-testing")]
    assert left == []


def test_change_by_hand_is_undone(platform: Deployment) -> None:
    """Self-heal puts back what somebody changes, and rolls nothing else."""
    platform.wait_settled()
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


def test_job_that_waits_for_a_node_holds_what_is_above(platform: Deployment) -> None:
    """A new Job whose pod is not taken by a node holds core; it goes on when a node takes it."""
    platform.wait_settled()
    since, old = platform.version(), platform.pin("core")
    with never_ready(platform, "kafka-topics"):
        renamed = {"op": "replace", "path": "/metadata/name", "value": "kafka-topics-two"}
        platform.origin.patch("setup", {"kind": "Job", "name": "kafka-topics-.*"}, [renamed])
        platform.origin.mark("core", "two")
        held = platform.release("A new Job")
        platform.wait("setup has moved", 60, lambda: platform.pin("setup") == held)
        platform.wait("setup waits", 60, lambda: platform.seen("setup").get("status") == "Progressing")
        assert platform.pin("core") == old
    platform.wait_released(held)
    assert platform.violations(since) == []
