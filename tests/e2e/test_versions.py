"""What runs is what the modules pin: without this, tests of an older line would be tests of the newest."""

import subprocess
from pathlib import Path

from tests.e2e.cluster import Cluster
from tests.e2e.stack import built, pinned


def test_kubernetes(tmp_path: Path) -> None:
    """The API server is of the version that its module pins."""
    cluster = Cluster(tmp_path / "cluster")
    try:
        cluster.start()
        assert cluster.api.request("GET", "/version")["gitVersion"] == pinned("kubernetes")
    finally:
        cluster.stop()


def test_argo_cd() -> None:
    """So is Argo CD, and the install whose definitions and roles it is given."""
    command = [str(built("bin/argocd")), "version", "--client", "--short"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    assert said.split()[1].split("+")[0] == pinned("argo-cd")
    install = built("etc/argo-cd/core-install/kustomization.yaml").read_text(encoding="utf-8")
    assert f"newTag: {pinned('argo-cd')}\n" in install
