"""Where the repository is inside its git repository: as git itself says, in every place that there is."""

import os
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from constructs_lib.gitops.fingerprint import inputs
from constructs_lib.gitops.prefix import prefix
from constructs_lib.problem import InvalidInput
from tests.repository import IDENTITY

NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Zl", "Zp"), exclude_characters=";*?[]\\/"),
    min_size=1,
    max_size=20,
).filter(lambda name: name not in (".", "..") and name.lower() != ".git")


def git(folder: Path, *arguments: str) -> str:
    """What git prints there, whatever the user's settings and variables are."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    env_vars = kept | IDENTITY | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    command = ["git", "-C", str(folder), "-c", "protocol.file.allow=always", *arguments]
    return subprocess.run(command, env=env_vars, capture_output=True, text=True, check=True).stdout.removesuffix("\n")


def committed(folder: Path) -> Path:
    """A git repository with one commit and the folder `services/chatdb`."""
    (folder / "services/chatdb").mkdir(parents=True)
    (folder / "services/chatdb/file").touch()
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=first")
    return folder


@settings(max_examples=12, deadline=None, derandomize=True)
@given(st.lists(NAMES, max_size=3))
@example(["my répo", 'it\'s "quoted" & $HOME'])
def test_as_git_says(names: list[str]) -> None:
    """Names with spaces, quotes, letters of any script: each path below the top of a repository."""
    with tempfile.TemporaryDirectory() as scratch:
        top = Path(scratch)
        git(top, "init", "--quiet", "--template=")
        folder = top.joinpath(*names)
        folder.mkdir(parents=True, exist_ok=True)
        assert prefix(folder) == git(folder, "rev-parse", "--show-prefix")


def test_without_git(tmp_path: Path) -> None:
    """There is no prefix; an empty folder of git's name, and one of its files, are no repository."""
    folder = tmp_path / "a/chatdb"
    folder.mkdir(parents=True)
    assert prefix(folder) == ""
    (tmp_path / ".git").mkdir()
    assert prefix(folder) == ""


def test_worktree_and_submodule(tmp_path: Path) -> None:
    """Both have a file in place of a folder, and each is a top of its own."""
    origin, top = committed(tmp_path / "origin"), committed(tmp_path / "top")
    git(top, "worktree", "add", "--quiet", "--detach", str(tmp_path / "other tree"))
    git(top, "submodule", "--quiet", "add", str(origin), "vendor/chatdb")
    for folder in (tmp_path / "other tree", top / "vendor/chatdb"):
        assert prefix(folder) == git(folder, "rev-parse", "--show-prefix") == ""
        assert prefix(folder / "services/chatdb") == "services/chatdb/"


def test_links_are_followed(tmp_path: Path) -> None:
    """What counts is where the folder is, and not by which name it was entered."""
    top = committed(tmp_path / "top")
    (tmp_path / "short").symlink_to(top / "services")
    assert prefix(tmp_path / "short/chatdb") == "services/chatdb/"


def test_variables_of_a_hook_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Git sets them for its hooks; then git itself takes the present folder for the top."""
    top = committed(tmp_path / "top")
    for name in ("GIT_DIR", "GIT_INDEX_FILE"):
        monkeypatch.setenv(name, str(top / ".git"))
    assert prefix(top / "services/chatdb") == "services/chatdb/"


@pytest.mark.parametrize("name", ["a;b", "what?", "a*", "[a]", "back\\slash", "line\nbreak", "\udcff"])
def test_names_that_argo_cd_cannot_read(tmp_path: Path, name: str) -> None:
    """They are refused inside a repository only: above its top nobody sees them."""
    top = committed(tmp_path / name / "top")
    assert prefix(top / "services/chatdb") == "services/chatdb/"
    folder = top / name
    folder.mkdir()
    with pytest.raises(InvalidInput, match="rename it"):
        prefix(folder)


def test_the_place_is_an_input(tmp_path: Path) -> None:
    """A project that comes into another git repository is generated anew; at its top it is as without git."""
    folder = tmp_path / "teams/chatdb"
    folder.mkdir(parents=True)
    without = inputs(folder)
    (folder / ".git").touch()
    assert inputs(folder) == without
    (folder / ".git").rename(tmp_path / ".git")
    assert inputs(folder) != without
