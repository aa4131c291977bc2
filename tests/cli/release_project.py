"""A project that is committed and pushed, for releases to work on."""

import os
import subprocess
from pathlib import Path

import pytest
import yaml

from catalogue.components import CATALOGUE
from catalogue.tiers import Tier
from chatdb import release as releases
from chatdb.cli import main
from constructs_lib.settings import read_settings
from tests.command import invoke
from tests.repository import copy_generated, texts

URL = "https://git.example/chatdb.git"
"""What chatdb.yaml says; git finds the bare repository of a test there."""
OWN = ("pins/minikube.yaml", "argocd/minikube")
WAIT = 60


def git(folder: Path, *arguments: str) -> str:
    """What git prints in a folder."""
    kept = {name: value for name, value in os.environ.items() if name not in ("GIT_DIR", "GIT_INDEX_FILE")}
    plain = ("-c", "color.ui=false", "-c", "core.autocrlf=false", "-c", "status.showUntrackedFiles=all")
    command = ["git", "-C", str(folder), *plain, *arguments]
    return subprocess.run(command, env=kept, capture_output=True, text=True, check=True).stdout.strip()


def commit(folder: Path, message: str) -> str:
    """Commit everything; the commit."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", f"--message={message}")
    return git(folder, "rev-parse", "HEAD")


def push(folder: Path, branch: str = "main") -> None:
    """Push HEAD to the branch."""
    git(folder, "push", "--quiet", "--force", URL, f"HEAD:refs/heads/{branch}")


def generated(folder: Path) -> Path:
    """The project as it is committed here, with the installed tools."""
    folder.mkdir(parents=True, exist_ok=True)
    copy_generated(folder)
    (folder / ".gitignore").write_text(".tools\n.cdk8s\n")
    return folder


def pushed(top: Path) -> Path:
    """Make the folder a git repository, commit everything, and push it to a bare one beside it."""
    bare = top.parent / f"{top.name}.git"
    git(top.parent, "init", "--quiet", "--bare", "--initial-branch=main", str(bare))
    git(top, "init", "--quiet", "--initial-branch=main")
    git(top, "config", f"url.file://{bare}.insteadOf", URL)
    commit(top, "contents")
    push(top)
    return top


def work_on(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the command work on the folder."""
    monkeypatch.setitem(main.context_settings, "obj", folder)
    return folder


def state(folder: Path) -> tuple[object, ...]:
    """HEAD, all refs, the index, what is staged, what is not, and every file."""
    listed = ("rev-parse HEAD", "for-each-ref", "ls-files --stage", "status --porcelain")
    return (*(git(folder, *line.split()) for line in listed), texts(folder / "argocd"), texts(folder / "pins"))


def refused(project: Path, words: str, *arguments: str) -> None:
    """The command says so, and changes nothing: no file, no index, no commit, no ref, no FETCH_HEAD."""
    before = state(project)
    output = invoke(*(arguments or ("release",)), code=1)
    assert words in output
    assert "Traceback" not in output
    assert state(project) == before
    assert not list((project / ".git").glob("FETCH_HEAD"))
    assert not (project / releases.UNDER_WAY).exists()


def assert_pinned(project: Path, contents: str) -> None:
    """Each tier is pinned to the commit, the root follows the branch, and nothing is left uncommitted."""
    applications = texts(project / "argocd/minikube/apps")
    released = yaml.safe_load(applications.pop("released.yaml"))
    assert released["data"] == dict.fromkeys(map(str, Tier), contents)
    sources = [yaml.safe_load(text)["spec"]["source"] for text in applications.values()]
    assert [source["targetRevision"] for source in sources] == [contents] * len(Tier)
    assert "targetRevision: main" in (project / "argocd/minikube/root.yaml").read_text()
    assert dict(read_settings(project, CATALOGUE).pins) == dict.fromkeys(map(str, Tier), contents)
    assert git(project, "status", "--porcelain", "--", ".") == ""


def pin_by_hand(project: Path, contents: str) -> str:
    """A release as its history has it: the pins alone; the commit."""
    releases.write_pins(project, "minikube", dict.fromkeys(Tier, contents))
    return commit(project, f"Release {contents[:12]} to minikube")
