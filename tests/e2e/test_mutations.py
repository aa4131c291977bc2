"""What keeps the order is taken away, one by one: the order breaks on the real Argo CD, and the check sees it.

Without these a checker that never says anything would pass every other test.
"""

import time
from collections.abc import Iterator

import pytest
import yaml

from tests.e2e.argo_cd import WAVE_DELAY
from tests.e2e.deployment import BOUND, Deployment, deployed
from tests.e2e.faults import never_ready
from tests.e2e.recorder import Event

PAUSE = "ARGOCD_SYNC_WAVE_DELAY"
MODEL_REGISTRY = ("apps/v1", "Deployment", "chatdb-services", "model-registry")


@pytest.fixture(scope="module")
def without_gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Deployment, list[str]]]:
    """The platform, first installed without the gate while PostgreSQL does not start; the gate is put in afterwards."""
    with deployed(tmp_path_factory.mktemp("mutations")) as made:
        made.argo_cd.gate(bound=None)
        with never_ready(made, "postgres"):
            made.bootstrap(soon=True)
            made.wait("core is started", 60, lambda: made.api.get(*MODEL_REGISTRY))
            violations = made.violations()
        made.argo_cd.gate(bound=BOUND)
        made.wait_settled()
        yield made, violations


@pytest.fixture
def platform(without_gate: tuple[Deployment, list[str]]) -> Deployment:
    """The platform, whole, with the gate."""
    made, _ = without_gate
    made.origin.reset()
    made.wait_settled()
    return made


@pytest.fixture
def pinned(platform: Deployment) -> Deployment:
    """The same, every tier held at a commit: one that tracks the branch moves by itself, whatever the waves are."""
    if platform.pin("core") == "main":
        platform.wait_released(platform.release("Pins"))
    return platform


def change(platform: Deployment, value: str) -> None:
    """Change three tiers."""
    for tier in ("core", "processing", "edge"):
        platform.origin.mark(tier, value)


def test_without_the_gate_nothing_waits(without_gate: tuple[Deployment, list[str]]) -> None:
    """Application health is not in argocd-cm: on the first install core starts though PostgreSQL does not run."""
    _, violations = without_gate
    assert any("of setup at" in line and "but foundation" in line for line in violations), violations
    assert any("of core at" in line and "but foundation" in line for line in violations), violations


def test_without_pins_an_update_is_not_ordered(platform: Deployment) -> None:
    """Children that track the branch move by themselves as soon as they see the commit."""
    assert platform.pin("core") == "main"
    since = platform.version()
    with never_ready(platform, "model-registry"):
        change(platform, "unpinned")
        commit = platform.origin.commit("Three tiers")
        platform.wait("edge has moved", 60, lambda: platform.at("edge") == commit)
        platform.wait("edge is whole", 60, lambda: platform.status("edge") == ("Synced", "Healthy"))
        violations = platform.violations(since)
    assert any("of edge at" in line and "but core" in line for line in violations), violations
    platform.wait_settled(commit)


def test_swapped_waves(pinned: Deployment) -> None:
    """The waves of core and processing are exchanged: processing moves first."""
    since = pinned.version()
    with never_ready(pinned, "query-parser"):
        change(pinned, "swapped")
        held = pinned.origin.commit("Three tiers")
        pinned.origin.pin()
        _swap(pinned, "core", "processing")
        pinned.origin.commit_as_it_is("Exchange two waves")
        pinned.argo_cd.look("chatdb")
        pinned.wait("processing has moved", 60, lambda: pinned.pin("processing") == held)
    pinned.wait_released(held)
    violations = pinned.violations(since)
    assert any("of processing at" in line and "but core" in line for line in violations), violations


def test_without_a_wave_after_the_last_tier_a_release_overtakes_it(platform: Deployment) -> None:
    """The root does not wait for its last wave: it begins the next release while the tests are not ready."""
    platform.wait_released(_release_without_last_wave(platform))
    platform.argo_cd.gate(bound=100_000)
    with never_ready(platform, "locust-master"):
        platform.origin.mark("testing", "overtaken")
        first = _release_without_last_wave(platform)
        platform.wait("the tests have moved", 60, lambda: platform.pin("testing") == first)
        second = _release_without_last_wave(platform)
        platform.wait("the next release begins", 60, lambda: platform.pin("platform") == second)
        assert (platform.at("testing"), *platform.status("testing")) != (first, "Synced", "Healthy")
    platform.argo_cd.gate(bound=BOUND)
    platform.wait_released(platform.release("With the last wave"))


def _release_without_last_wave(platform: Deployment) -> str:
    """No commit that Argo CD sees has it: it would wait for the last tier before it takes the ConfigMap away, too."""
    last = platform.origin.work / "argocd/minikube/apps/released.yaml"
    platform.origin.run("synth")
    last.unlink()
    held = platform.origin.commit_as_it_is("Contents")
    platform.origin.pin()
    last.unlink()
    platform.origin.commit_as_it_is("Pins")
    platform.argo_cd.look("chatdb")
    return held


def _swap(platform: Deployment, *tiers: str) -> None:
    paths = [platform.origin.work / f"argocd/minikube/apps/{tier}.yaml" for tier in tiers]
    first, second = (yaml.safe_load(path.read_text()) for path in paths)
    one, other = first["metadata"]["annotations"], second["metadata"]["annotations"]
    wave = "argocd.argoproj.io/sync-wave"
    one[wave], other[wave] = other[wave], one[wave]
    for path, manifest in zip(paths, (first, second), strict=True):
        path.write_text(yaml.safe_dump(manifest))


def test_gate_without_a_bound_never_takes_a_fix(pinned: Deployment) -> None:
    """A tier that never gets ready holds the root's sync on the old commit, and a later commit that fixes it waits."""
    pinned.argo_cd.gate(bound=100_000)
    with never_ready(pinned, "model-registry"):
        change(pinned, "bad")
        bad = pinned.release("A bad release")
        pinned.wait("core has moved", 60, lambda: pinned.pin("core") == bad)
        pinned.origin.reset()
        fix = pinned.release("The fix")
        with pytest.raises(TimeoutError):
            pinned.wait("core has the fix", 3 * BOUND, lambda: pinned.pin("core") == fix)
        since = pinned.version()
        pinned.argo_cd.gate(bound=BOUND)
        pinned.wait("core has the fix", 4 * BOUND, lambda: pinned.pin("core") == fix)
    pinned.wait_released(fix)
    assert pinned.violations(since) == []


def test_without_a_pause_between_waves_the_gate_is_asked_too_early(pinned: Deployment) -> None:
    """Argo CD asks its cache for the child's health, which does not know of the new pin yet."""
    controller = pinned.cluster.servers["argocd-application-controller"]
    pause = controller.env_vars[PAUSE]
    controller.env_vars[PAUSE] = "0"
    controller.restart()
    try:
        assert any(_overtaken(pinned, f"no-pause-{attempt}") for attempt in range(4))
    finally:
        controller.env_vars[PAUSE] = pause
        controller.restart()


def _overtaken(platform: Deployment, value: str) -> list[str]:
    """Release an update whose core does not get ready, and then does; the violations."""
    since = platform.version()
    with never_ready(platform, "model-registry"):
        change(platform, value)
        held = platform.release(value)
        platform.wait("core has moved", 60, lambda: platform.pin("core") == held)
        time.sleep(WAVE_DELAY)
    platform.wait_released(held)
    return platform.violations(since)


def test_job_with_a_time_to_live(platform: Deployment) -> None:
    """A finished Job that Kubernetes removes is made again by Argo CD, for ever: the tier never comes to rest."""
    platform.origin.patch(
        "setup", {"kind": "Job"}, [{"op": "add", "path": "/spec/ttlSecondsAfterFinished", "value": 1}]
    )
    since = platform.version()
    platform.release("A time to live")

    def made() -> int:
        return sum(1 for event in platform.recorder.sorted() if _is_new_job(event, since))

    platform.wait("Jobs are made again and again", 60, lambda: made() >= 6)
    states = {
        event.manifest["status"]["sync"]["status"]
        for event in platform.recorder.sorted()
        if event.version > since and event.key == ("Application", "argocd", "chatdb-setup")
    }
    assert "OutOfSync" in states


def _is_new_job(event: Event, since: int) -> bool:
    return event.version > since and event.type == "ADDED" and event.kind == "Job"
