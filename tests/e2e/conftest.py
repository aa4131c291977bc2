"""Tests on a real control plane; without one they fail, and do not pass by being left out."""

import pytest
from cluster import built
from target import ANYWHERE, VARIABLE, named, refusal


def pytest_sessionstart() -> None:
    """Say loudly what is missing, or why the cluster that was named is left alone."""
    path = named()
    if path and (reason := refusal(path)):
        pytest.exit(reason, returncode=1)
    if not path and not built():
        pytest.exit("there is no control plane in .tools/cluster: run `make e2e`, which builds it", returncode=1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """On a cluster that was named, leave out what starts, breaks or fills one."""
    if named():
        for item in items:
            if item.path.stem not in ANYWHERE:
                item.add_marker(pytest.mark.skip(reason=f"needs a cluster of its own, and {VARIABLE} is set"))
