"""Programs on file systems that refuse: full ones, and read-only ones."""

import subprocess

import pytest


def sandboxed(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run it where it may mount what it likes; skips the test on machines that allow no namespace of one's own."""
    probe = subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False)
    if probe.returncode:
        pytest.skip("this machine lets nobody make a mount namespace")
    line = ["unshare", "-rm", "sh", "-euc", script, "sh", *arguments]
    return subprocess.run(line, capture_output=True, text=True, timeout=120, check=False)


def advice(done: subprocess.CompletedProcess[str]) -> str:
    """What a refused run says: no traceback, exit code 1."""
    assert "Traceback" not in done.stderr, done.stderr
    assert done.returncode == 1, done.stderr
    return done.stderr
