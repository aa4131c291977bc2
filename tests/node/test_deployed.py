"""The clone of the smoke test links to what is installed, and must not install it again."""

import os
from pathlib import Path

import pytest

from tests.node.deployed import refuse_outdated


@pytest.mark.parametrize(("lock", "outdated"), [(1, False), (3, True)])
def test_outdated_is_refused(tmp_path: Path, lock: int, outdated: bool) -> None:
    """By the times of files, as make itself decides; nothing is made meanwhile."""
    (tmp_path / "Makefile").write_text("setup-synth: stamp\nstamp: lock\n\ttouch made stamp\n")
    for name, time in (("lock", lock), ("stamp", 2)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (time, time))
    if outdated:
        with pytest.raises(AssertionError, match="make setup-synth"):
            refuse_outdated(tmp_path)
    else:
        refuse_outdated(tmp_path)
    assert not (tmp_path / "made").exists()
