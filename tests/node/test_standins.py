"""The stand-ins end as servers do: a pod that ignores SIGTERM would stay for its whole grace period."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from chatdb.local.processes import free_ports, wait_for
from tests.e2e.argo_cd import listens

STANDINS = Path(__file__).with_name("standins")
SECONDS = 30


@pytest.mark.parametrize("name", ["listener", "chaoskube"])
def test_sigterm(name: str) -> None:
    """It ends by itself, and not by what the signal does to a process that does not handle it."""
    (port,) = free_ports(1)
    address = f"127.0.0.1:{port}"
    arguments = {
        "listener": [f"{address}=/"],
        "chaoskube": ["--namespaces=a", "--client-namespace-scope=a", f"--metrics-address={address}"],
    }
    with subprocess.Popen([sys.executable, str(STANDINS / f"{name}.py"), *arguments[name]]) as process:
        try:
            wait_for("it listens", SECONDS, lambda: listens(port))
            process.send_signal(signal.SIGTERM)
            assert process.wait(SECONDS) == 0
        finally:
            process.kill()
