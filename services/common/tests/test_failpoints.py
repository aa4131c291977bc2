"""A failpoint ends the process by SIGKILL, there and at that time only."""

import os
import signal
import subprocess
import sys

import pytest

VISIT = """
from chatdb_common.failpoints import failpoint
for number in range(3):
    failpoint("here")
    failpoint("there")
    print(number, flush=True)
"""


@pytest.mark.parametrize(
    ("named", "status", "printed"),
    [
        ("there:2", -signal.SIGKILL, "0\n"),
        ("here:1", -signal.SIGKILL, ""),
        ("there:4", 0, "0\n1\n2\n"),
        (None, 0, "0\n1\n2\n"),
    ],
)
def test_failpoint(named: str | None, status: int, printed: str) -> None:
    """The n-th time at its place; without the variable nothing happens."""
    env_vars = {**os.environ} | ({"CHATDB_FAILPOINT": named} if named else {})
    done = subprocess.run(
        [sys.executable, "-c", VISIT], env=env_vars, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (status, printed), done.stderr
