"""A repository of the version before environments: with changes of its owner, and with this version merged into it."""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from chatdb.deploy.objects import Key, key
from chatdb.git import run_git
from constructs_lib.kustomize import kustomize
from tests.e2e.api import Manifest
from tests.e2e.origin import Origin
from tests.repository import IDENTITY, ROOT

BEFORE = "7575f5f5987d180c107a2ca1f6cf24c85dd0864d"
"""The last commit with one package, one environment, and its settings at the top level of chatdb.yaml."""
SERVICE = "reports"
REQUEST = ("cpu: 350m", "cpu: 340m")
"""In the owner's patch of ml-engine."""
ENTRIES = (
    ("kind=Kind.MICROSERVICE", 'type="microservice"'),
    ('Edge("postgres", "postgres")', 'Dependency("postgres", "postgres")'),
    ('        after=("credentials", "postgres-schema"),\n', ""),
)
"""The owner's entry by the table of docs/upgrading.md: before, and now."""


def known() -> bool:
    """Whether the history of this repository has that version; a shallow clone, or a copy without git, has not."""
    whole = run_git(ROOT, "rev-parse", "--is-shallow-repository").out.strip() == "false"
    return whole and run_git(ROOT, "merge-base", "--is-ancestor", BEFORE, "HEAD").code == 0


def _cloned(work: Path) -> None:
    """That version, and what is installed here."""
    clone = ["git", "clone", "--quiet", "--shared", "--no-checkout", "--origin=upstream"]
    subprocess.run([*clone, str(ROOT), str(work)], check=True)
    subprocess.run(["git", "-C", str(work), "checkout", "--quiet", "-B", "main", BEFORE], check=True)
    (work / ".tools").symlink_to(ROOT / ".tools")


class Fork(Origin):
    """Its code runs as a process of its own, since it is another version."""

    def __init__(self, folder: Path) -> None:
        """That version with a service and a request of the owner; every tier is pinned to it, as its command does."""
        super().__init__(folder, files=_cloned)
        self.run("new-service", SERVICE, "--needs", "postgres:postgres")
        self.replace("overlays/minikube/processing/ml-engine.yaml", REQUEST)
        self.commit("Ours")

    def run(self, *arguments: str) -> None:
        """Run `chatdb` of the clone: its package has another name since."""
        package = "chatdb" if (self.work / "chatdb").is_dir() else "constructs_lib"
        environment = {**os.environ, **IDENTITY, "PYTHONPATH": str(self.work)}
        line = [sys.executable, "-m", package, *arguments]
        done = subprocess.run(line, cwd=self.work, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def pin(self) -> str:
        """Pin all tiers to the present commit by `chatdb release`; the commit."""
        held = self.git("rev-parse", "HEAD")
        self.run("release")
        return held

    def replace(self, path: str, *texts: tuple[str, str]) -> None:
        """Write something else in place of texts that a file has once."""
        text = (self.work / path).read_text()
        for before, now in texts:
            assert text.count(before) == 1, f"{path}: {before}"
            text = text.replace(before, now)
        (self.work / path).write_text(text)

    def rendered(self) -> dict[Key, Manifest]:
        """What the committed files give."""
        return {key(one): one for one in kustomize(self.work, self.work / "overlays/minikube")}

    def take_over(self) -> str:
        """Merge this repository as it is here, and do what docs/upgrading.md says; the commit, which is pushed."""
        with suppress(subprocess.CalledProcessError):
            self.git("merge", "--no-edit", self._this_version())
        conflicts = self.git("diff", "--name-only", "--diff-filter=U").splitlines()
        assert "chatdb.yaml" in conflicts
        assert [name for name in conflicts if not name.startswith(("dist/", "argocd/"))] == ["chatdb.yaml"]
        self.git("checkout", "--ours", "chatdb.yaml")
        self.replace("catalogue/components.py", *ENTRIES)
        self.run("init")
        self.run("remove-environment", "production", "--yes")
        commit = self.commit("Merge the new version")
        self.run("check")
        return commit

    def _this_version(self) -> str:
        """A commit of the files that are here, also those that are not committed yet."""
        objects, index = self.work / ".git/objects", self.work / ".git/index-here"
        env_vars = {"GIT_OBJECT_DIRECTORY": str(objects), "GIT_INDEX_FILE": str(index)}
        trees = [
            subprocess.run(
                ["git", "-C", str(ROOT), *arguments],
                env={**os.environ, **env_vars},
                stdout=subprocess.PIPE,
                text=True,
                check=True,
            ).stdout
            for arguments in (["add", "--all"], ["write-tree"])
        ]
        return self.git("commit-tree", trees[-1].strip(), "-p", BEFORE, "-m", "This version")
