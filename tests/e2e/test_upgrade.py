"""A running repository of the version before environments takes over this one, as docs/upgrading.md says."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import pytest

from catalogue.namespaces import Namespace
from chatdb.deploy.objects import Key
from tests.e2e.api import Manifest
from tests.e2e.changes import changed, deleted, lost_pods
from tests.e2e.deployment import BOUND, Deployment, deployed
from tests.e2e.fork import BEFORE, Fork, known
from tests.e2e.recorder import Event
from tests.repository import NOT_RUN

RUNNING = ("Deployment", "StatefulSet", "Job")
GONE = 60
"""Seconds within which the pods of a Job that is gone are gone, too."""


@dataclass(frozen=True, kw_only=True)
class Upgrade:
    """What was there before and after, and what happened: at first the merge, then its release."""

    platform: Deployment
    before: dict[Key, Manifest]
    after: dict[Key, Manifest]
    kept: tuple[dict[str, str], dict[str, str]]
    merged: int
    released: int

    @cached_property
    def events(self) -> list[Event]:
        """All events since the start."""
        return self.platform.recorder.sorted()

    @property
    def differing(self) -> set[Key]:
        """Objects that are rendered otherwise, or in one of both versions only."""
        every = self.before.keys() | self.after.keys()
        return {key for key in every if self.before.get(key) != self.after.get(key)}

    @property
    def rolled(self) -> set[Key]:
        """Workloads of the version before whose pods cannot stay: their template is another one, or they are gone."""
        return {
            key
            for key in self.before
            if key[0] in RUNNING and _template(self.before, key) != _template(self.after, key)
        }


def _template(rendered: dict[Key, Manifest], key: Key) -> object:
    return rendered[key]["spec"]["template"] if key in rendered else None


def kept(platform: Deployment) -> dict[str, str]:
    """Applications, namespaces and claims by their identity: the name of each, and the volume of a claim."""
    api = platform.api
    every = [
        *platform.argo_cd.applications().values(),
        *api.list("v1", "Namespace"),
        *api.list("v1", "PersistentVolumeClaim"),
    ]
    return {one["metadata"]["uid"]: f"{one['metadata']['name']} {one['spec'].get('volumeName')}" for one in every}


@pytest.fixture(scope="module")
def upgrade(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upgrade]:
    """Installed as that version has it, and upgraded; the seconds of both are printed."""
    if not known():
        pytest.skip(f"{NOT_RUN}the history of this clone has no {BEFORE[:12]}: git fetch --unshallow")
    folder = tmp_path_factory.mktemp("upgrade")
    fork = Fork(folder)
    with deployed(folder, origin=fork) as platform:
        platform.argo_cd.gate(bound=BOUND)
        held = fork.release()
        platform.bootstrap(soon=True)
        installed = platform.wait_released(held)
        rendered, before = fork.rendered(), kept(platform)
        pods = [pod for pod in platform.api.list("v1", "Pod") if pod["metadata"]["namespace"] in list(Namespace)]
        merged = platform.version()
        commit = fork.take_over()
        platform.argo_cd.look(platform.root)
        platform.wait("the root has the merged commit", GONE, lambda: _compared_with(platform, commit))
        platform.wait_released(held)
        released = platform.version()
        now = fork.release()
        platform.argo_cd.look(platform.root)
        upgraded = platform.wait_released(now)
        made = Upgrade(
            platform=platform,
            before=rendered,
            after=fork.rendered(),
            kept=(before, kept(platform)),
            merged=merged,
            released=released,
        )
        platform.wait("pods of what is gone are gone", GONE, lambda: _lost(made) >= made.rolled)
        lost = lost_pods(made.events, merged)
        print(f"installed in {installed:.0f} s, upgraded in {upgraded:.0f} s; of {len(pods)} pods went {dict(lost)}")
        yield made


def _compared_with(platform: Deployment, commit: str) -> bool:
    status: Manifest = platform.argo_cd.application(platform.root)["status"]
    return bool(status["sync"]["revision"] == commit)


def _lost(made: Upgrade) -> set[Key]:
    return set(lost_pods(made.platform.recorder.sorted(), made.merged))


def test_merge_alone_changes_nothing(upgrade: Upgrade) -> None:
    """Until the release each tier runs its old commit."""
    until = [event for event in upgrade.events if event.version <= upgrade.released]
    assert changed(until, upgrade.merged) == set()
    assert lost_pods(until, upgrade.merged) == {}


def test_pods_stay_unless_their_template_is_another(upgrade: Upgrade) -> None:
    """Pods are deleted of exactly those workloads that are rendered with another template, or no more."""
    assert set(lost_pods(upgrade.events, upgrade.merged)) == upgrade.rolled != set()


def test_nothing_else_is_deleted_or_changed(upgrade: Upgrade) -> None:
    """What is rendered as before is not written to, and only what left git is deleted."""
    assert deleted(upgrade.events, upgrade.merged) == upgrade.before.keys() - upgrade.after.keys()
    assert changed(upgrade.events, upgrade.merged) == upgrade.differing


def test_applications_namespaces_and_claims_are_the_same(upgrade: Upgrade) -> None:
    """By their identity in the cluster; each claim has the volume that it had."""
    before, after = upgrade.kept
    assert before == after
    assert {f"{name} None" for name in ("chatdb", "chatdb-core", "chatdb-system")} <= set(after.values())


def test_order_of_the_waves(upgrade: Upgrade) -> None:
    """Each tier waits for all tiers below, at the new commit."""
    assert upgrade.platform.violations(upgrade.merged) == []
