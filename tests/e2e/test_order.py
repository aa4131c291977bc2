"""The order holds on a real Argo CD: on the first install, and on updates that are released."""

from collections.abc import Iterator

import pytest

from tests.e2e.deployment import Deployment, deployed


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """The platform, installed once."""
    with deployed(tmp_path_factory.mktemp("order")) as made:
        made.bootstrap()
        yield made


def test_first_install(platform: Deployment) -> None:
    """From an empty cluster, every tier waits for all tiers below at the same commit."""
    seconds = platform.wait_settled(platform.origin.git("rev-parse", "HEAD"))
    print(f"installed in {seconds:.0f} s, {len(platform.recorder.events)} events")
    assert platform.violations() == []


def test_released_update(platform: Deployment) -> None:
    """A commit that changes several tiers, then its release: tier after tier."""
    platform.wait_released(platform.origin.release())
    since = platform.version()
    platform.origin.mark("core", "two")
    platform.origin.mark("processing", "two")
    platform.origin.mark("edge", "two")
    platform.origin.commit("Two")
    seconds = platform.wait_released(platform.origin.release())
    print(f"updated in {seconds:.0f} s")
    assert platform.violations(since) == []
