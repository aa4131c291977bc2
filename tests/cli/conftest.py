"""A repository for the command to work on."""

from pathlib import Path

import pytest

from chatdb.cli import main
from tests.command import invoke
from tests.repository import copy_inputs


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A generated repository of its own, that the command works on."""
    folder = copy_inputs(tmp_path)
    monkeypatch.setitem(main.context_settings, "obj", folder)
    invoke("synth")
    return folder
