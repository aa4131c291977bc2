"""What a clone knows of the commits that tiers run: their times, and the tip of the branch."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from catalogue.components import CATALOGUE
from chatdb.status.commits import Commits
from constructs_lib.settings import read_settings
from tests.repository import IDENTITY, ROOT

SETTINGS = read_settings(ROOT, CATALOGUE, "minikube")
DATES = {"GIT_AUTHOR_DATE": "2026-11-29T10:00:00+00:00", "GIT_COMMITTER_DATE": "2026-11-29T10:00:00+00:00"}


def git(folder: Path, *arguments: str) -> str:
    """Run git there."""
    line = ["git", "-C", str(folder), *arguments]
    env_vars = {**IDENTITY, **DATES, "PATH": "/usr/bin:/bin", "HOME": str(folder)}
    return subprocess.run(line, env=env_vars, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """One commit, pushed to a repository of its own, and one that is not."""
    bare, work = tmp_path / "bare", tmp_path / "work"
    subprocess.run(["git", "init", "--quiet", "--bare", bare], check=True)
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", work], check=True)
    git(work, "remote", "add", "other", "https://git.example/other.git")
    git(work, "remote", "add", "upstream", str(bare))
    git(work, "commit", "--quiet", "--allow-empty", "--message", "pushed")
    git(work, "push", "--quiet", "upstream", "main")
    git(work, "commit", "--quiet", "--allow-empty", "--message", "not pushed")
    return work


@pytest.mark.parametrize("prefix", ["", "file://"])
def test_known_commits(clone: Path, prefix: str) -> None:
    """The tip is what was pushed last, and only that has a time of its push."""
    commits = Commits(clone, replace(SETTINGS, repository=f"{prefix}{clone.parent / 'bare'}"))
    ahead, pushed = git(clone, "rev-list", "HEAD").split()
    assert commits.tip == pushed
    assert commits.committed(ahead) == commits.committed(pushed) == "2026-11-29T10:00:00+00:00"
    assert commits.pushed(pushed)
    assert commits.pushed(ahead) == ""
    assert commits.contains(ahead, pushed)
    assert not commits.contains(pushed, ahead)


def test_unknown_commits(clone: Path, tmp_path: Path) -> None:
    """Another repository, another commit, or no clone at all: every answer is empty."""
    other = Commits(clone, SETTINGS)
    assert (other.tip, other.pushed("a" * 40), other.committed("a" * 40), other.committed("main")) == ("",) * 4
    assert not other.contains("", "a" * 40)
    (tmp_path / "none").mkdir()
    assert Commits(tmp_path / "none", SETTINGS).tip == ""
