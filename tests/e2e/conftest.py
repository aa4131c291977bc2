"""Tests on a real control plane; without one they fail, and do not pass by being left out."""

import pytest
from cluster import built


def pytest_sessionstart() -> None:
    """Say loudly what is missing."""
    if not built():
        pytest.exit("there is no control plane in .tools/cluster: run `make e2e`, which builds it", returncode=1)
