"""Tests on a real control plane; without one they fail, and do not pass by being left out."""

from collections.abc import Iterator

import pytest
from cluster import built
from deployment import BOUND, Deployment, deployed


def pytest_sessionstart() -> None:
    """Say loudly what is missing."""
    if not built():
        pytest.exit("there is no control plane in .tools/cluster: run `make e2e`, which builds it", returncode=1)


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
