"""Repositories for the command to work on."""

import os
import shutil
from pathlib import Path

import pytest

from chatdb.cli import main
from tests.cli.machine import Machine
from tests.cli.promotion_project import two_released
from tests.cli.release_project import URL, generated, git, pushed, work_on
from tests.command import invoke
from tests.repository import IDENTITY, ROOT, copy_inputs


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A generated repository of its own, that the command works on."""
    folder = copy_inputs(tmp_path)
    monkeypatch.setitem(main.context_settings, "obj", folder)
    invoke("synth")
    return folder


def set_git(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings of the machine; those that a user may have, and which change what git prints or asks."""
    settings = folder / "gitconfig"
    settings.write_text(
        "[color]\n ui = always\n[status]\n showUntrackedFiles = no\n[core]\n quotePath = true\n autocrlf = true\n"
        " pager = false\n editor = false\n[diff]\n external = false\n[fetch]\n prune = true\n[log]\n follow = true\n"
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    for name, value in IDENTITY.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def own_git(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `set_git` says."""
    set_git(tmp_path_factory.mktemp("settings"), monkeypatch)


@pytest.fixture
def project(tmp_path: Path, own_git: None, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that is committed and pushed."""
    return work_on(pushed(generated(tmp_path / "work")), monkeypatch)


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the project of `two_released`, which each test has a copy of."""
    folder = tmp_path_factory.mktemp("released")
    with pytest.MonkeyPatch.context() as monkeypatch:
        set_git(folder, monkeypatch)
        two_released(work_on(pushed(generated(folder / "work")), monkeypatch))
    return folder


@pytest.fixture
def promotable(released: Path, tmp_path: Path, own_git: None, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The environment live is pinned to a commit, and minikube to a later one, in which live differs."""
    for name in ("work", "work.git"):
        shutil.copytree(released / name, tmp_path / name, symlinks=True)
    git(tmp_path / "work", "config", "--remove-section", f"url.file://{released / 'work.git'}")
    git(tmp_path / "work", "config", f"url.file://{tmp_path / 'work.git'}.insteadOf", URL)
    return work_on(tmp_path / "work", monkeypatch)


@pytest.fixture
def machine(repository: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """No builder but those that a test installs."""
    shutil.copytree(ROOT / "services", repository / "services", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(ROOT / ".dockerignore", repository / ".dockerignore")
    home = tmp_path_factory.mktemp("builder")
    (home / "bin").mkdir()
    monkeypatch.setenv("PATH", str(home / "bin"))
    monkeypatch.setenv("FAKE_BUILDER", str(home))
    return Machine(repository, home)
