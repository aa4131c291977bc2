"""The gate on the real controller: what the root sees of a tier that is not whole, and that nothing above it moves.

Each test releases a change of core and of the tiers above, has something wrong with core, and mends it.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from deployment import Deployment, deployed
from faults import never_ready, refused

BOUND = 15
"""A smaller bound than the gate's own saves waiting; it changes when a held child reads Degraded, and nothing else."""
HELD = 4
"""Seconds for which the tiers above are watched: twice Argo CD's pause between waves."""
SERVICE = ("Service", "chatdb-services", "model-registry")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """The platform, held at a commit."""
    with deployed(tmp_path_factory.mktemp("gate")) as made:
        made.argo_cd.gate(bound=BOUND)
        made.bootstrap()
        made.wait_settled()
        made.wait_released(made.release("Pins"))
        yield made


@pytest.fixture
def platform(running: Deployment) -> Iterator[Deployment]:
    """The platform at rest before and after; and nothing came too early in between."""
    running.origin.reset()
    running.wait_settled()
    since = running.version()
    yield running
    assert running.violations(since) == []


@contextmanager
def holding(platform: Deployment, name: str, sees: Callable[[dict[str, str]], bool]) -> Iterator[None]:
    """Release a change of core, processing and edge; core is held as long as it lasts, afterwards all goes on."""
    for tier in ("core", "processing", "edge"):
        platform.origin.mark(tier, name)
    old = platform.pin("processing")
    held = platform.release(name)
    platform.wait("core has moved", 60, lambda: platform.pin("core") == held)
    platform.wait("the root sees it", 60, lambda: platform.pin("core") == held and sees(platform.seen("core")))
    print(f"{name}: {platform.seen('core')}")
    time.sleep(HELD)
    assert platform.pin("processing") == old, platform.argo_cd.states()
    yield
    assert platform.pin("processing") == old, platform.argo_cd.states()


def saying(status: str, text: str) -> Callable[[dict[str, str]], bool]:
    """Whether the gate answers so."""
    return lambda health: health.get("status") == status and text in health.get("message", "")


def released(platform: Deployment) -> str:
    """The commit of the last release."""
    return str(platform.pin("core"))


def test_progressing(platform: Deployment) -> None:
    """A rollout that goes on holds what is above."""
    with (
        never_ready(platform, "model-registry"),
        holding(platform, "progressing", saying("Progressing", "its resources are Progressing")),
    ):
        pass
    platform.wait_released(released(platform))


def test_held_for_longer_than_the_bound(platform: Deployment) -> None:
    """After the bound the same child reads Degraded: still nothing above moves, and later it goes on by itself."""
    with (
        never_ready(platform, "model-registry"),
        holding(platform, "late", saying("Degraded", f"held for over {BOUND} s")),
    ):
        pass
    platform.wait_released(released(platform))


def test_degraded(platform: Deployment) -> None:
    """A rollout that Kubernetes has given up holds what is above."""
    deadline = {"op": "add", "path": "/spec/progressDeadlineSeconds", "value": 3}
    platform.origin.patch("core", {"kind": "Deployment"}, [deadline])
    with (
        never_ready(platform, "model-registry"),
        holding(platform, "degraded", saying("Degraded", "its resources are Degraded")),
    ):
        pass
    platform.wait_released(released(platform))


def test_missing_resource(platform: Deployment) -> None:
    """A child that lacks an object is OutOfSync though its own health may read Healthy: it holds what is above."""
    with refused(platform, *SERVICE):
        platform.api.delete(platform.api.path("v1", *SERVICE))
        with holding(platform, "missing", saying("Progressing", "refused by the test")):
            print(f"core says of itself: {platform.status('core')}")
    platform.wait_released(released(platform))


def test_change_by_hand_that_cannot_be_undone(platform: Deployment) -> None:
    """OutOfSync with all that is there Healthy: it holds what is above."""
    path = platform.api.path("v1", *SERVICE)
    port = {"name": "http", "port": 8004, "targetPort": 8004, "protocol": "TCP"}
    platform.api.patch(path, {"spec": {"ports": [port | {"targetPort": 9}]}})
    with refused(platform, *SERVICE), holding(platform, "by-hand", saying("Progressing", "refused by the test")):
        assert platform.status("core")[0] == "OutOfSync"
    platform.wait_released(released(platform))


def test_manifests_that_do_not_build(platform: Deployment) -> None:
    """A child whose manifests cannot be made is Unknown: it holds what is above until a later commit mends it."""
    platform.origin.patch("core", {"kind": "Deployment"}, [{"op": "remove", "path": "/spec/nothing"}])
    with holding(platform, "does-not-build", saying("Progressing", "not synced (Unknown)")):
        platform.origin.reset()
        fix = platform.release("It builds")
    platform.wait_released(fix)


def test_deleted_and_made_again(platform: Deployment) -> None:
    """A child that somebody deletes goes with all it made, and comes back: what is above waits for it."""
    path = platform.api.path("argoproj.io/v1alpha1", "Application", "argocd", "chatdb-core")
    uid = platform.argo_cd.application("chatdb-core")["metadata"]["uid"]
    with never_ready(platform, "model-registry"):
        platform.api.delete(path)
        platform.wait("core is made again", 60, lambda: _uid(platform) not in (None, uid))
        with holding(platform, "deleted", saying("Progressing", "")):
            pass
    platform.wait_released(released(platform))


def _uid(platform: Deployment) -> str | None:
    return platform.argo_cd.application("chatdb-core").get("metadata", {}).get("uid")


def test_stale_status(platform: Deployment) -> None:
    """Between the new pin and the next comparison a child still reads Synced and Healthy: nothing above starts then."""
    since = platform.version()
    with (
        never_ready(platform, "model-registry"),
        holding(platform, "stale", saying("Progressing", "")),
    ):
        pass
    platform.wait_released(released(platform))
    new = released(platform)
    stale = [
        event
        for event in platform.recorder.sorted()
        if event.version > since
        and event.key == ("Application", "argocd", "chatdb-core")
        and event.manifest["spec"]["source"]["targetRevision"] == new
        and event.manifest["status"]["sync"]["comparedTo"]["source"]["targetRevision"] != new
        and event.manifest["status"]["sync"]["status"] == "Synced"
        and event.manifest["status"]["health"]["status"] == "Healthy"
    ]
    assert stale, "the status was never older than the spec: this test proves nothing"
