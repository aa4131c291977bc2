"""Without what it needs a test fails, and does not pass by being left out."""

import pytest

from tests.e2e import stack
from tests.node import gateway


def pytest_sessionstart() -> None:
    """Say loudly what is missing."""
    if wanting := stack.missing():
        pytest.exit(": ".join(wanting), returncode=1)
    if not gateway.STAMP.exists():
        pytest.exit("no controller of the Gateway API is built: run `make setup-node-long`", returncode=1)
