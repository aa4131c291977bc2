"""Tests on a real node; without what it needs they fail, and do not pass by being left out."""

import pytest

from tests.node.up import missing


def pytest_sessionstart() -> None:
    """Say loudly what is missing."""
    if wanting := missing():
        pytest.exit(": ".join(wanting), returncode=1)
