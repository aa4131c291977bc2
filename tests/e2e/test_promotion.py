"""`chatdb promote` from an environment that a real Argo CD deploys to one that is only committed."""

import os
from collections.abc import Iterator

import pytest
import yaml
from click.testing import CliRunner

from catalogue.components import CATALOGUE
from chatdb.cli import main
from constructs_lib.settings import read_settings
from tests.e2e.deployment import Deployment
from tests.e2e.faults import never_ready
from tests.e2e.stack import search_path
from tests.repository import IDENTITY


@pytest.fixture
def promoting(platform: Deployment) -> Iterator[Deployment]:
    """The repository has a second environment, whose cluster Argo CD does not know."""
    platform.origin.run("new-environment", "live", "--like", "minikube")
    platform.wait_released(platform.release("Two environments"))
    yield platform
    platform.origin.run("remove-environment", "live", "--yes")
    platform.wait_released(platform.release("One environment"))


def promote(platform: Deployment) -> tuple[int, str]:
    """The command as the user of the clone runs it."""
    environment = {
        **IDENTITY,
        "KUBECONFIG": str(platform.cluster.kubeconfig),
        "PATH": f"{search_path()}:{os.environ['PATH']}",
    }
    arguments = ("promote", "--from=minikube", "--to=live", "--push")
    done = CliRunner().invoke(main, arguments, obj=platform.origin.work, env=environment)
    return done.exit_code, done.output


def test_promotion(promoting: Deployment) -> None:
    """What every Application runs is promoted; while one of them moves, it is named, and nothing is."""
    held = promoting.pin("core")
    code, output = promote(promoting)
    assert code == 0, output
    assert f"every tier of live: main -> {str(held)[:12]}" in output
    branch = f"promote/live-{str(held)[:12]}"
    tip = promoting.origin.git("ls-remote", "origin", branch).split()[0]
    pins = yaml.safe_load(promoting.origin.git("show", f"{tip}:pins/live.yaml"))
    assert pins == dict.fromkeys(read_settings(promoting.origin.work, CATALOGUE, "live").tiers, held)
    with never_ready(promoting, "model-registry"):
        promoting.origin.mark("core", "promoted")
        moving = promoting.release("Core moves")
        promoting.wait("core has moved", 60, lambda: promoting.at("core") == moving)
        code, output = promote(promoting)
        assert code == 1
        assert "Application chatdb-core: " in output
        assert f"wait until it is Healthy on {str(held)[:12]}" in output
        assert "Traceback" not in output
    promoting.wait_released(moving)
    code, output = promote(promoting)
    assert code == 0, output
    assert f"main -> {moving[:12]}" in output
