"""`chatdb deploy --argocd`: the install, the projects and the root, and its waves watched on a real Argo CD."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from catalogue.components import CATALOGUE
from catalogue.namespaces import Namespace
from catalogue.tiers import Tier
from chatdb.cli import main
from tests.argo_cd_install import built_install
from tests.e2e.deployment import Deployment, deployed
from tests.e2e.stack import built, search_path
from tests.repository import ROOT


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A cluster with Argo CD's servers, and nothing of the platform."""
    with deployed(tmp_path_factory.mktemp("deploy-argocd")) as made:
        yield made


def run(platform: Deployment, *arguments: str, root: Path | None = None) -> tuple[int, str]:
    """The command as the user of the clone runs it."""
    environment = {"KUBECONFIG": str(platform.cluster.kubeconfig), "PATH": search_path()}
    done = CliRunner().invoke(main, arguments, obj=root or platform.origin.work, env=environment)
    return done.exit_code, done.output


def test_example_repository_is_refused(platform: Deployment) -> None:
    """Argo CD could not fetch it: nothing is installed, and the fix is said."""
    code, output = run(platform, "deploy", "--argocd", "-e", "minikube", root=ROOT)
    assert code == 1
    assert "the repository is still the example" in output
    assert "`chatdb init --repository <yours>`" in output


def test_no_network_is_said(platform: Deployment, tmp_path: Path) -> None:
    """The install's base cannot be fetched: that it needs a network, and the way without one."""
    path = tmp_path / "kustomization.yaml"
    path.write_text("resources: ['https://127.0.0.1:1/argo-cd/manifests/core-install?ref=v3.6.1&timeout=10s']\n")
    code, output = run(platform, "deploy", "--argocd", f"--install={tmp_path}")
    assert code == 1
    assert "the install's base is remote, and needs git and a network" in output
    assert "--install" in output
    assert "Traceback" not in output


def test_waves_are_shown_until_all_is_there(platform: Deployment, tmp_path: Path) -> None:
    """Every tier becomes ready in the order of the waves, and at the end all of it is Synced and Healthy."""
    built_install(tmp_path, built("etc/argo-cd"))
    code, output = run(platform, "deploy", "--argocd", f"--install={tmp_path / 'install'}", "--timeout=240")
    assert code == 0, output
    assert platform.settled()
    ready = re.findall(r"(\w+)/chatdb-\w+ ready: at [0-9a-f]{7}", output)
    waves = [CATALOGUE.wave(Tier(name)) for name in ready]
    assert set(ready) == set(Tier)
    assert waves == sorted(waves), output


def test_plain_deploy_is_refused_there(platform: Deployment) -> None:
    """Argo CD would heal away what is applied beside it."""
    code, output = run(platform, "deploy")
    assert code == 1
    assert "Argo CD deploys the platform here" in output


def test_cleanup_takes_applications_first(platform: Deployment) -> None:
    """Nothing heals what is deleted: no Application, no namespace and no volume is left; then Argo CD itself goes."""
    code, output = run(platform, "cleanup", "--yes", "--argocd")
    assert code == 0, output
    names = {namespace["metadata"]["name"] for namespace in platform.api.list("v1", "Namespace")}
    assert not names & {*Namespace, "argocd"}
