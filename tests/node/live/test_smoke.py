"""The quick start on a real node: what it deploys is whole, connected as the graph says, and comes back when killed."""

import re
import shutil
from collections.abc import Iterator

import pytest

from tests.node import smoke
from tests.node.deployed import FOLDER, Deployed
from tests.node.place import place
from tests.public_paths import ENCODED, REQUESTS, UNANSWERED
from tests.repository import PLATFORM


@pytest.fixture(scope="module")
def deployed(request: pytest.FixtureRequest) -> Iterator[Deployed]:
    """Deployed once, by the scripts; logs stay where something has failed."""
    failed = request.session.testsfailed
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    with place(FOLDER) as where:
        made = Deployed(where, FOLDER)
        made.build()
        print(made.deploy().splitlines()[-1])
        yield made
    if request.session.testsfailed == failed:
        shutil.rmtree(FOLDER)


def test_tiers_wait_for_real_readiness(deployed: Deployed) -> None:
    """No object of a tier appears before every tier below is ready, and at the end all Applications are whole."""
    if deployed.place.node is None:
        pytest.skip("not run: Argo CD on a node that somebody else has could not reach the repository")
    assert deployed.violations() == []
    assert smoke.applications(deployed) == []


def test_nothing_failed_meanwhile(deployed: Deployed) -> None:
    """No container was started twice, and every Warning event is one that a first start has to have."""
    assert smoke.restarts(deployed) == []
    assert smoke.warnings(deployed) == []


def test_health(deployed: Deployed) -> None:
    """The script of the quick start finds all of it well."""
    assert "all is well" in deployed.script("health-check.sh")


def test_integration_tests(deployed: Deployed) -> None:
    """The Job of the last tier has run its tests on the node."""
    passed = re.search(r"(\d+) passed", smoke.job_log(deployed, "integration-tests"))
    assert passed and int(passed[1]) > 40


def test_packets_go_where_the_graph_says(deployed: Deployed) -> None:
    """Every pod with every port of the others, the API server, the node, and an address outside."""
    ways = smoke.ways(deployed)
    assert len(ways.tried) > 300
    assert ways.differences() == []


def test_public_paths(deployed: Deployed) -> None:
    """Through the real controller: what users need, and nothing else."""
    assert [path for path, _, _ in REQUESTS if not smoke.answered(deployed.place, path)] == []
    assert [path for path in (*UNANSWERED, *ENCODED) if smoke.answered(deployed.place, path)] == []


def test_large_artifact(deployed: Deployed) -> None:
    """A body of 2 MiB goes through the controller, which takes 1 MiB where nobody says more."""
    assert smoke.put_artifact(deployed, 2 * 2**20) == 200


def test_killed(deployed: Deployed) -> None:
    """SIGKILL to a container of each type, all at once: they are started again, and the platform is whole."""
    components = smoke.one_of_each_type(PLATFORM)
    assert len(components) >= 10
    smoke.kill(deployed, components)
    smoke.wait_whole(deployed)
    assert "all is well" in deployed.script("health-check.sh")


def test_clean_up(deployed: Deployed) -> None:
    """The last script leaves nothing of the platform, nor of Argo CD."""
    deployed.script("cleanup.sh", "--yes", *(["--argocd"] if deployed.place.node else []))
    assert smoke.left(deployed) == []
