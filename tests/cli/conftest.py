"""Repositories for the command to work on."""

import os
import shutil
from pathlib import Path

import pytest

from chatdb.cli import main
from tests.cli.machine import Machine
from tests.cli.release_project import generated, pushed, work_on
from tests.command import invoke
from tests.repository import IDENTITY, ROOT, copy_inputs


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A generated repository of its own, that the command works on."""
    folder = copy_inputs(tmp_path)
    monkeypatch.setitem(main.context_settings, "obj", folder)
    invoke("synth")
    return folder


@pytest.fixture
def own_git(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings of the machine; those that a user may have, and which change what git prints or asks."""
    settings = tmp_path_factory.mktemp("settings") / "gitconfig"
    settings.write_text(
        "[color]\n ui = always\n[status]\n showUntrackedFiles = no\n[core]\n quotePath = true\n autocrlf = true\n"
        " pager = false\n editor = false\n[diff]\n external = false\n[fetch]\n prune = true\n[log]\n follow = true\n"
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    for name, value in IDENTITY.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def project(tmp_path: Path, own_git: None, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that is committed and pushed."""
    return work_on(pushed(generated(tmp_path / "work")), monkeypatch)


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
