"""Connections that policies allow."""

import pytest

from integration_tests.connections import How, Survey
from integration_tests.matrix import Target

CAUSES = {
    How.REFUSED: "nobody listens there: is a pod of it ready?",
    How.SILENT: "a policy drops it, or its node is gone",
    How.UNREACHABLE: "a policy rejects it, or there is no way to it",
    How.UNKNOWN: "DNS has no such name: is its Service there, and a pod ready?",
}


def test_edge(edge: Target, survey: Survey) -> None:
    """It opens."""
    how = survey.edges[edge.name]
    if how is not How.OPEN:
        pytest.fail(f"{edge.name} at {edge.address} is {how}: {CAUSES[how]}", pytrace=False)
