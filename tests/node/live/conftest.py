"""Tests on a real node; without what it needs they fail, and do not pass by being left out."""

import pytest

from tests.e2e.target import named
from tests.node.deployed import FOLDER
from tests.node.up import missing
from tests.supervisor import show


def pytest_sessionstart() -> None:
    """Say loudly what is missing."""
    if named() is None and (wanting := missing()):
        pytest.exit(": ".join(wanting), returncode=1)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Where logs are, if something has failed."""
    if terminalreporter.stats.keys() & {"failed", "error"} and FOLDER.exists():
        terminalreporter.write_line(
            f"logs: {show(FOLDER / 'node/logs')}, and of containers {show(FOLDER / 'node/namespaces/log/pods')}"
        )
