"""The platform on a node as the quick start says: `scripts/*.sh` in a clone of one's own, Argo CD from a git server."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from catalogue.components import CATALOGUE
from catalogue.tiers import Tier
from chatdb.deploy.reasons.applications import is_fine
from chatdb.local.processes import wait_for
from constructs_lib.settings import read_settings
from tests.e2e.api import Manifest
from tests.e2e.argo_cd import API_VERSION, LOOK
from tests.e2e.order import violations
from tests.e2e.origin import Origin
from tests.e2e.recorder import Recorder
from tests.e2e.stack import CLUSTER
from tests.images.image_builders import Buildah
from tests.node.images import FOLDER as IMAGES
from tests.node.namespaces import ADDRESS
from tests.node.node import API_PORT
from tests.node.outside import open_outside
from tests.node.place import Place
from tests.node.up import install
from tests.repository import ROOT

FOLDER = ROOT / ".tools/run-node-test"
"""Where a test has its node: logs stay where something has failed."""
GIT_PORT = 3080
KUBELET_PORT = 10250
GIT_SERVER = Path(__file__).with_name("git_server.py")
SCRIPT_SECONDS = 1200
INSTALLED = (".venv", ".tools", "node_modules")


class Deployed:
    """A place, a clone, and the scripts of the quick start; nothing is deployed yet."""

    def __init__(self, place: Place, folder: Path) -> None:
        """The folder may hold other things; on a node that somebody else names there is no Argo CD."""
        self.place, self.api = place, place.api
        self.folder = folder / "repository"
        self.folder.mkdir()
        self.origin = Origin(self.folder, url=f"http://{ADDRESS}:{GIT_PORT}/origin.git", files=checkout)
        self.tiers = [Tier(name) for name in read_settings(self.origin.work, CATALOGUE, "minikube").tiers]
        self.recorder = Recorder(self.api)

    def script(self, name: str, *arguments: str, env_vars: Mapping[str, str] = os.environ) -> str:
        """What a script of the quick start prints; it has to end well."""
        code, output = self.attempt(name, *arguments, env_vars=env_vars)
        assert code == 0, f"scripts/{name} {' '.join(arguments)} ended with {code}\n{output}"
        return output

    def attempt(self, name: str, *arguments: str, env_vars: Mapping[str, str] = os.environ) -> tuple[int, str]:
        """Its exit code, and what it prints."""
        work = self.origin.work
        environment = {
            **env_vars,
            "KUBECONFIG": str(self.api.kubeconfig),
            "NO_COLOR": "1",
            "PATH": f"{CLUSTER / 'bin'}:{os.environ['PATH']}",
            "PYTHONPATH": str(work),
        }
        line = [str(work / "scripts" / name), *arguments]
        pipe, both, seconds = subprocess.PIPE, subprocess.STDOUT, SCRIPT_SECONDS
        done = subprocess.run(
            line, cwd=work, env=environment, stdout=pipe, stderr=both, text=True, timeout=seconds, check=False
        )
        return done.returncode, done.stdout

    @cached_property
    def argo_cd(self) -> tuple[str, ...]:
        """The options that have Argo CD deploy, from an install that needs no network."""
        return "--argocd", "--install", str(install(self.folder / "argo-cd"))

    @cached_property
    def outside(self) -> dict[str, tuple[int, ...]]:
        """Addresses that are no pod's, and the ports that somebody listens on there."""
        node = self.place.node
        return {ADDRESS: (API_PORT, KUBELET_PORT), **open_outside(node)} if node else {}

    def build(self) -> str:
        """Build the images, which our node and its builder have already; who names a node has built them there."""
        if self.place.node is None:
            return ""
        builder = Buildah(IMAGES / "buildah", "overlay")
        output = self.script("build-images.sh", "--builder", "buildah", env_vars=builder.env_vars)
        self.origin.commit("Images")
        return output

    def deploy(self) -> str:
        """Have Argo CD deploy what is pushed; without Argo CD where it could not reach the repository."""
        self.recorder.start()
        if self.place.node is None:
            return self.script("deploy-all.sh")
        server = [sys.executable, str(GIT_SERVER), str(self.folder), ADDRESS, str(GIT_PORT)]
        self.place.node.launch("git", server)
        return self.script("deploy-all.sh", *self.argo_cd)

    def released(self, held: str, seconds: float) -> None:
        """Have Argo CD look at once, and wait until every tier is held at that commit, and all of it is there."""
        self._look()
        wait_for(f"every tier is at {held[:7]}", seconds, lambda: self._at(held))

    def seen(self, commit: str, seconds: float) -> None:
        """Have Argo CD look at once, and wait until it has compared all with that commit, and has applied it."""
        self._look()

        def applied() -> bool:
            statuses = [one.get("status", {}) for one in self.applications()]
            synced = all(one.get("sync", {}).get("status") == "Synced" for one in statuses)
            return synced and {one["sync"].get("revision") for one in statuses} == {commit}

        wait_for(f"{commit[:7]} is applied", seconds, applied)

    def _look(self) -> None:
        for one in self.applications():
            self.api.patch(self.api.of(one), LOOK)

    def applications(self) -> list[Manifest]:
        """Argo CD's: the root, and each tier's."""
        return self.api.list(API_VERSION, "Application")

    def _at(self, held: str) -> bool:
        every = self.applications()
        tiers = [one for one in every if one["metadata"]["name"] != "chatdb"]
        pinned = all(one["spec"]["source"]["targetRevision"] == held for one in tiers)
        return (
            pinned
            and all(is_fine(one) for one in every)
            and all(one["status"]["sync"].get("revision") == held for one in tiers)
        )

    def kubectl(self, *arguments: str) -> str:
        """What it prints."""
        line = [str(CLUSTER / "bin/kubectl"), f"--kubeconfig={self.api.kubeconfig}", *arguments]
        return subprocess.run(line, stdout=subprocess.PIPE, text=True, timeout=SCRIPT_SECONDS, check=True).stdout

    def pods(self) -> list[Manifest]:
        """All of the cluster."""
        return self.api.list("v1", "Pod")

    def violations(self) -> list[str]:
        """What came before what it has to wait for."""
        assert not self.recorder.failures
        return list(violations(self.recorder.sorted(), self.tiers))


def checkout(work: Path) -> None:
    """Every file that git has here or would take, with its time; what make has installed is not installed again."""
    refuse_outdated(ROOT)
    line = ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(line, stdout=subprocess.PIPE, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (work / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, work / name)
    for name in INSTALLED:
        (work / name).symlink_to(ROOT / name)


def refuse_outdated(root: Path) -> None:
    """A script of the clone would install again what is older than its lock, through the links, from the clone."""
    done = subprocess.run(["make", "--silent", "--question", "setup-synth"], cwd=root, check=False)
    assert done.returncode == 0, "what is installed is older than its locks: run `make setup-synth`"
