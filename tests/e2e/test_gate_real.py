"""The gate on the real controller: what the root sees of a tier that is not whole, and that nothing above it moves.

Each test releases a change of core and of the tiers above, has something wrong with core, and fixes it.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.e2e.api import Manifest
from tests.e2e.deployment import BOUND, Deployment
from tests.e2e.faults import never_ready, refused

HELD = 4
"""Seconds for which the tiers above are watched: twice Argo CD's own pause between waves."""
SERVICE = ("Service", "chatdb-services", "model-registry")


@contextmanager
def holding(
    platform: Deployment,
    name: str,
    sees: Callable[[dict[str, str]], bool],
    release: Callable[[Deployment, str], str] = Deployment.release,
) -> Iterator[None]:
    """Release a change of core, processing and edge; core is held as long as it lasts, afterwards all goes on."""
    for tier in ("core", "processing", "edge"):
        platform.origin.mark(tier, name)
    old = platform.pin("processing")
    held = release(platform, name)
    platform.wait("core has moved", 60, lambda: platform.pin("core") == held)
    platform.wait("the root sees it", 60, lambda: platform.pin("core") == held and sees(platform.seen("core")))
    print(f"{name}: {platform.seen('core')}")
    time.sleep(HELD)
    assert platform.pin("processing") == old, platform.argo_cd.states()
    yield
    assert platform.pin("processing") == old, platform.argo_cd.states()


def saying(text: str, *statuses: str) -> Callable[[dict[str, str]], bool]:
    """Whether the gate answers so, with one of these; both hold unless it is said."""
    return lambda health: (
        health.get("status") in (statuses or ("Progressing", "Degraded")) and text in health.get("message", "")
    )


def sees(platform: Deployment, text: str, *statuses: str) -> None:
    """Wait until the gate answers so; nothing above has moved then, nor some seconds later."""
    platform.wait(f"the root sees {text}", 60, lambda: saying(text, *statuses)(platform.seen("core")))
    time.sleep(HELD)
    assert platform.pin("processing") != platform.pin("core"), platform.argo_cd.states()


def released(platform: Deployment) -> str:
    """The commit of the last release."""
    return str(platform.pin("core"))


def test_progressing_then_late_then_deleted(platform: Deployment) -> None:
    """A rollout holds what is above, also when it is over the bound, and when somebody deletes the child meanwhile."""
    since = platform.version()
    with (
        never_ready(platform, "model-registry"),
        holding(platform, "progressing", saying("its resources are Progressing")),
    ):
        sees(platform, f"held for over {BOUND} s", "Degraded")
        uid = _uid(platform)
        platform.api.delete(platform.api.path("argoproj.io/v1alpha1", "Application", "argocd", "chatdb-core"))
        platform.wait("core is made again", 60, lambda: _uid(platform) not in (None, uid))
        sees(platform, "its resources are Progressing")
    platform.wait_released(released(platform))
    assert _stale(platform, since, released(platform)), "the status was never older than the spec"


def _uid(platform: Deployment) -> str | None:
    metadata: Manifest = platform.argo_cd.application("chatdb-core").get("metadata", {})
    return metadata.get("uid")


def _stale(platform: Deployment, since: int, pin: str) -> list[int]:
    """When core still read Synced and Healthy, but of the pin before: a check of its own health would have passed."""
    versions = []
    for event in platform.recorder.sorted():
        if event.version <= since or event.key != ("Application", "argocd", "chatdb-core"):
            continue
        status = event.manifest.get("status", {})
        compared = status.get("sync", {}).get("comparedTo", {}).get("source", {}).get("targetRevision")
        fine = (status.get("sync", {}).get("status"), status.get("health", {}).get("status")) == ("Synced", "Healthy")
        if fine and compared != pin and event.manifest["spec"]["source"]["targetRevision"] == pin:
            versions.append(event.version)
    return versions


def test_degraded(platform: Deployment) -> None:
    """A rollout that Kubernetes has given up holds what is above."""
    deadline = {"op": "add", "path": "/spec/progressDeadlineSeconds", "value": 3}
    platform.origin.patch("core", {"kind": "Deployment"}, [deadline])
    with (
        never_ready(platform, "model-registry"),
        holding(platform, "degraded", saying("its resources are Degraded", "Degraded")),
    ):
        pass
    platform.wait_released(released(platform))


def test_changed_by_hand_then_missing(platform: Deployment) -> None:
    """OutOfSync, at first with all that is there Healthy, then with an object missing: both hold what is above."""
    path = platform.api.path("v1", *SERVICE)
    with refused(platform, *SERVICE, unless="object.spec.selector.app == 'elsewhere'"):
        platform.api.patch(path, {"spec": {"selector": {"app": "elsewhere"}}})
        with holding(platform, "by-hand", saying("refused by the test")):
            assert platform.status("core")[0] == "OutOfSync"
            platform.delete_by_hand("v1", *SERVICE)
            platform.wait("the object is missing", 60, lambda: _missing(platform))
            print(f"core says of itself: {platform.status('core')}")
            time.sleep(HELD)
    platform.wait_released(released(platform))


def _missing(platform: Deployment) -> bool:
    resources = platform.argo_cd.application("chatdb-core")["status"]["resources"]
    return any(entry.get("health", {}).get("status") == "Missing" for entry in resources)


def test_manifests_that_do_not_build(platform: Deployment) -> None:
    """A child whose manifests cannot be made is Unknown: it holds what is above until a later commit fixes it."""
    platform.origin.patch("core", {"kind": "Deployment"}, [{"op": "remove", "path": "/spec/nothing"}])
    with holding(platform, "does-not-build", saying("not synced (Unknown)"), Deployment.release_as_it_is):
        platform.origin.reset()
        fix = platform.release("It builds")
    platform.wait_released(fix)
