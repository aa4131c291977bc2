"""Connections that no policy allows: they have to fail, and somebody else has to show that the target is there."""

import pytest

from integration_tests.connections import How, Policies, Survey
from integration_tests.matrix import Target
from integration_tests.outcome import Permanent

FIX = "use a network plugin that enforces them (minikube: --cni=calico), or leave the tier of these tests out"


def test_policies(survey: Survey, policies: Policies) -> None:
    """The cluster enforces NetworkPolicies; one that enforces none fails here, once."""
    if policies is Policies.NOT_ENFORCED:
        opened = sorted(name for name, how in survey.denied.items() if how is How.OPEN)
        raise Permanent(f"policies not enforced: no policy allows {', '.join(opened)}, and all are open; {FIX}")
    if policies is Policies.UNKNOWN:
        pytest.skip("nothing is open, but no service says that it reaches what is closed here")


def test_denied(denied: Target, survey: Survey, policies: Policies, reached: frozenset[str]) -> None:
    """A connection that no policy allows fails, and not because nobody is there."""
    how = survey.denied[denied.name]
    if how is How.OPEN and policies is Policies.NOT_ENFORCED:
        pytest.skip("open: policies are not enforced")
    if how is How.OPEN:
        raise Permanent(f"{denied.name} is open to these tests at {denied.address}, though no policy allows it")
    if how is not How.SILENT and denied.name not in reached:
        pytest.skip(f"{how}: that proves nothing, as no service says that it is up")
