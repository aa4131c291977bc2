"""Tests on a real control plane; without one they fail, and do not pass by being left out."""

from collections.abc import Iterator

import pytest

from tests.e2e.deployment import BOUND, Deployment, deployed
from tests.e2e.stack import missing
from tests.e2e.target import ANYWHERE, VARIABLE, named, refusal


def pytest_sessionstart() -> None:
    """Say loudly what is missing, or why the cluster that was named is left alone."""
    path = named()
    if path and (reason := refusal(path)):
        pytest.exit(reason, returncode=1)
    if not path and (wanting := missing()):
        pytest.exit(": ".join(wanting), returncode=1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """On a cluster that was named, leave out what starts, breaks or fills one."""
    if named():
        for item in items:
            if item.path.stem not in ANYWHERE:
                item.add_marker(pytest.mark.skip(reason=f"needs a cluster of its own, and {VARIABLE} is set"))


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A platform that many tests use, held at a commit."""
    with deployed(tmp_path_factory.mktemp("running")) as made:
        made.argo_cd.gate(bound=BOUND)
        made.install(soon=True)
        yield made


@pytest.fixture
def platform(running: Deployment) -> Iterator[Deployment]:
    """The same, at rest before; and nothing came too early in the test."""
    running.origin.reset()
    running.wait_settled()
    since = running.version()
    yield running
    assert running.violations(since) == []
