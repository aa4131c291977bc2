"""A commit on a branch that is not checked out: what it holds, and that nothing of the user's changes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from chatdb.branch import commit_on_branch, push_branch
from chatdb.committed import checked_out
from constructs_lib.problem import InvalidInput
from tests.cli.release_project import WAIT, commit, git, state
from tests.repository import IDENTITY, ROOT

BRANCH = "promote/production-0123"
PATHS = ("pins/production.yaml", "argocd/production")

pytestmark = pytest.mark.usefixtures("own_git")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder in a larger repository, which ignores what is committed here."""
    top = tmp_path / "mono"
    made = top / "teams/my répö"
    (made / "argocd/production").mkdir(parents=True)
    (made / "pins").mkdir()
    for name in ("argocd/production/gone.yaml", "argocd/production/kept.yaml", "other"):
        (made / name).write_text("before\n")
    git(top, "init", "--quiet", "--initial-branch=main")
    commit(top, "contents")
    (top / ".git/info/exclude").write_text("pins\n")
    (made / ".gitattributes").write_text("*.yaml text eol=crlf\n")
    commit(top, "line ends")
    return made


def promoted(folder: Path, text: str = "after\n") -> str:
    """The branch, after its files were changed in a tree to one side."""
    base = git(folder, "rev-parse", "HEAD")
    with checked_out(folder, base) as tree:
        (tree / "argocd/production/gone.yaml").unlink()
        (tree / "other").write_text("not among the paths\n")
        for name in ("pins/production.yaml", "argocd/production/new.yaml"):
            (tree / name).parent.mkdir(exist_ok=True)
            (tree / name).write_text(text)
        commit_on_branch(folder, tree, base, BRANCH, PATHS, "Release")
    return git(folder, "rev-parse", BRANCH)


def test_only_its_paths(folder: Path) -> None:
    """New, changed and removed files of the paths; HEAD, index and files stay, and a second run changes nothing."""
    (folder / "other").write_text("staged")
    git(folder, "add", "other")
    (folder / "other").write_text("edited again")
    (folder / "pins").mkdir(exist_ok=True)
    before = git(folder, "rev-parse", "HEAD"), git(folder, "ls-files", "--stage"), (folder / "other").read_text()
    tip = promoted(folder)
    assert git(folder, "rev-parse", f"{tip}^") == before[0]
    changed = git(folder, "-c", "core.quotePath=false", "show", "--format=", "--name-status", "--relative", tip)
    assert changed.split("\n") == [
        "D\targocd/production/gone.yaml",
        "A\targocd/production/new.yaml",
        "A\tpins/production.yaml",
    ]
    assert git(folder, "show", f"{tip}:./other") == "before"
    assert (
        git(folder, "rev-parse", "HEAD"), git(folder, "ls-files", "--stage"), (folder / "other").read_text()
    ) == before  # fmt: skip
    assert promoted(folder) == tip
    with pytest.raises(InvalidInput, match=f"branch {BRANCH}: is there with other content; merge it, or delete it"):
        promoted(folder, "later\n")
    git(folder, "checkout", "--quiet", "HEAD", "--", "other")
    commit(folder, "HEAD goes on")
    with pytest.raises(InvalidInput, match="is there with other content"):
        promoted(folder)
    assert git(folder, "rev-parse", BRANCH) == tip


def test_nobody_commits(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Git's words, and no branch."""
    for name in IDENTITY:
        monkeypatch.delenv(name)
    git(folder, "config", "user.useConfigOnly", "true")
    with pytest.raises(InvalidInput, match="git commit-tree: "):
        promoted(folder)
    assert git(folder, "for-each-ref", "--format=%(refname)") == "refs/heads/main"


def test_push(folder: Path, tmp_path: Path) -> None:
    """The branch is pushed under its own name and nothing else is; twice is fine, over others' content it is not."""
    bare = tmp_path / "bare.git"
    git(tmp_path, "init", "--quiet", "--bare", str(bare))
    tip = promoted(folder)
    git(folder, "tag", "-a", "mine", "-m", "mine", "HEAD")
    git(folder, "config", "push.followTags", "true")
    for _ in range(2):
        push_branch(folder, str(bare), BRANCH)
        assert git(bare, "for-each-ref", "--format=%(objectname) %(refname)") == f"{tip} refs/heads/{BRANCH}"
    git(folder, "branch", "-D", BRANCH)
    commit(folder, "HEAD goes on")
    other = promoted(folder)
    with pytest.raises(InvalidInput, match=f"git push {BRANCH}: "):
        push_branch(folder, str(bare), BRANCH)
    assert git(bare, "rev-parse", BRANCH) == tip != other


PROMOTED = """
import sys
from pathlib import Path
from tests.cli.test_branch import promoted
promoted(Path(sys.argv[1]))
"""


def test_killed_while_it_signs(folder: Path, tmp_path: Path) -> None:
    """There is no branch and nothing to undo; the next run does all of it."""
    program, group = tmp_path / "sign", tmp_path / "group"
    program.write_text(f"#!/bin/sh\nps -o pgid= $$ > {group}.new; mv {group}.new {group}; sleep 600\n")
    program.chmod(0o755)
    git(folder, "config", "commit.gpgSign", "true")
    git(folder, "config", "gpg.program", str(program))
    before = state(folder)
    process = subprocess.Popen([sys.executable, "-c", PROMOTED, str(folder)], cwd=ROOT)
    deadline = time.monotonic() + WAIT
    while not group.exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.kill()
    process.wait()
    os.killpg(int(group.read_text()), signal.SIGKILL)
    assert state(folder) == before
    git(folder, "config", "commit.gpgSign", "false")
    assert promoted(folder)
