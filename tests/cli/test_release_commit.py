"""The commit of a release: undone where it fails, done once, and of nothing but its own files."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from chatdb import release as releases
from chatdb.git import TIMED_OUT, run_git
from constructs_lib.files import exclusive
from constructs_lib.problem import InvalidInput
from tests.cli.release_project import OWN, WAIT, git, refused, state
from tests.repository import IDENTITY, ROOT

pytestmark = pytest.mark.usefixtures("own_git")


@pytest.fixture
def prepared(project: Path, tmp_path: Path) -> Path:
    """What a release takes over into the project; somebody has staged a file, edited it again, and added another."""
    tree = tmp_path / "tree"
    shutil.copytree(project / "argocd", tree / "argocd")
    (tree / "argocd/minikube/root.yaml").write_text("changed: true\n")
    (tree / "argocd/minikube/apps/core.yaml").unlink()
    (tree / "argocd/minikube/apps/new.yaml").write_text("new: true\n")
    releases.write_pins(tree, "minikube", {"core": f"{0:040}"})
    for text in ("staged", "edited again"):
        (project / "mine").write_text(text)
        if text == "staged":
            git(project, "add", "mine")
    (project / "untracked").touch()
    return tree


def hook(project: Path, name: str, *lines: str) -> None:
    """Give the repository a hook."""
    path = project / ".git/hooks" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)


def no_identity(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody says who commits."""
    for name in IDENTITY:
        monkeypatch.delenv(name)
    git(project, "config", "user.useConfigOnly", "true")


def no_signature(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commits are to be signed, and the program for it fails."""
    git(project, "config", "commit.gpgSign", "true")
    git(project, "config", "gpg.program", "/bin/false")


def hook_rejects(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hook stops the commit."""
    hook(project, "commit-msg", "echo not so >&2; exit 1")


def hook_hangs(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hook waits for somebody."""
    monkeypatch.setattr(releases, "COMMIT_SECONDS", 1)
    hook(project, "pre-commit", "sleep 600")


def merge_under_way(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Git commits no part of a merge."""
    (project / ".git/MERGE_HEAD").write_text(git(project, "rev-parse", "HEAD") + "\n")


FAILURES = {
    no_identity: "git commit",
    no_signature: "failed to sign",
    hook_rejects: "not so",
    hook_hangs: "has not ended within 1 s",
    merge_under_way: "partial commit during a merge",
}


@pytest.mark.parametrize("fail", FAILURES, ids=lambda fail: fail.__name__)
def test_failed_commit_is_undone(
    project: Path, prepared: Path, monkeypatch: pytest.MonkeyPatch, fail: Callable[..., None]
) -> None:
    """Index and files are as before; what the user has staged is staged."""
    fail(project, monkeypatch)
    before = state(project)
    with pytest.raises(InvalidInput, match=FAILURES[fail]):
        releases.take(project, prepared, "minikube", "Release")
    assert state(project) == before
    assert git(project, "show", ":mine") == "staged"
    assert (project / "mine").read_text() == "edited again"


def test_commit_leaves_the_users_index(project: Path, prepared: Path) -> None:
    """The release's files alone are committed, deletions and new ones too; the hooks of the user run."""
    hook(project, "pre-commit", "touch .git/ran")
    releases.take(project, prepared, "minikube", "Release")
    assert (project / ".git/ran").exists()
    changed = git(project, "show", "--format=", "--name-status", "HEAD").split("\n")
    apps = "argocd/minikube/apps"
    assert changed == [f"D\t{apps}/core.yaml", f"A\t{apps}/new.yaml", "M\targocd/minikube/root.yaml", f"A\t{OWN[0]}"]
    assert git(project, "status", "--porcelain") == "AM mine\n?? untracked"


@pytest.mark.parametrize("pattern", ["pins", "argocd/minikube/apps/new.yaml"])
def test_ignored_files(project: Path, prepared: Path, pattern: str) -> None:
    """What git ignores would be missing in the commit, and is not touched."""
    (project / ".git/info/exclude").write_text(f"{pattern}\n")
    before = state(project)
    with pytest.raises(InvalidInput, match="is ignored by git"):
        releases.take(project, prepared, "minikube", "Release")
    assert state(project) == before


def test_locked_index(project: Path, prepared: Path) -> None:
    """Where another git holds the index, nothing can be undone yet; the next run does it."""
    before = state(project)
    lock = project / ".git/index.lock"
    hook(project, "pre-commit", "exit 1")
    lock.touch()
    with pytest.raises(InvalidInput, match=r"it brings back pins/minikube\.yaml and argocd/minikube"):
        releases.take(project, prepared, "minikube", "Release")
    lock.unlink()
    releases.recover(project)
    assert state(project) == before


TAKE = """
import sys
from pathlib import Path
from chatdb.release import take
take(Path(sys.argv[1]), Path(sys.argv[2]), "minikube", "Release")
"""


@pytest.fixture
def killed(project: Path, prepared: Path) -> Path:
    """A release is killed while a hook runs, and so is its git."""
    hook(project, "pre-commit", "ps -o pgid= $$ > .git/group.new; mv .git/group.new .git/group; sleep 600")
    process = subprocess.Popen([sys.executable, "-c", TAKE, str(project), str(prepared)], cwd=ROOT)
    group = project / ".git/group"
    deadline = time.monotonic() + WAIT
    while not group.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.kill()
    process.wait()
    os.killpg(int(group.read_text()), signal.SIGTERM)
    while (project / ".git/index.lock").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    (project / ".git/hooks/pre-commit").unlink()
    return project


def test_killed_in_the_middle(killed: Path) -> None:
    """The next run begins by bringing everything back."""
    status = git(killed, "status", "--porcelain")
    assert "argocd/minikube/apps/core.yaml" in status
    releases.recover(killed)
    assert git(killed, "status", "--porcelain") == "AM mine\n?? untracked"
    releases.recover(killed)


def test_started_twice(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second run waits for the first one, and not for ever."""
    monkeypatch.setattr(releases, "exclusive", partial(exclusive, seconds=0.2))
    with exclusive(project / releases.ONE_AT_A_TIME):
        refused(project, "another run has been going on")


def running(pid: int) -> bool:
    """Whether the process runs; one that has ended may wait for its parent."""
    path = Path(f"/proc/{pid}/stat")
    return path.exists() and path.read_text().rpartition(")")[2].split()[0] != "Z"


def test_git_ends_in_time(tmp_path: Path) -> None:
    """With its children; what a command leaves in the background is not waited for."""
    began = time.monotonic()
    slow = {"alias.slow": "!sleep 600 & echo $! ; wait", "alias.background": "!sleep 600 & echo $!"}
    done = run_git(tmp_path, "slow", seconds=2, settings=slow)
    assert (done.code, "within 2 s" in done.err) == (TIMED_OUT, True)
    while running(int(done.out)):
        assert time.monotonic() - began < WAIT
        time.sleep(0.05)
    left = int(run_git(tmp_path, "background", settings=slow).out)
    assert running(left)
    os.kill(left, signal.SIGKILL)
    assert time.monotonic() - began < WAIT


def test_git_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That is advice, too."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InvalidInput, match="install git"):
        run_git(tmp_path, "status")
