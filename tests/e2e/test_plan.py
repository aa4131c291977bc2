"""What `chatdb plan` says of a change is what a real API server does with it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chatdb.plan import sides
from chatdb.plan.notes import RULES, Effect
from chatdb.plan.sides import Side
from tests.e2e.plan_cases import CASES, Case
from tests.e2e.plan_edits import ENVIRONMENT
from tests.e2e.planned import Outcome, Planned, planned
from tests.repository import ROOT


@pytest.fixture(scope="module")
def base() -> Side:
    """Minikube, as it is committed."""
    return sides.side(ROOT, ENVIRONMENT, ROOT)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, base: Side) -> Iterator[Planned]:
    """A control plane that holds minikube."""
    with planned(tmp_path_factory.mktemp("plan") / "cluster", base) as made:
        yield made


def assert_true(outcome: Outcome) -> None:
    """The server writes what the plan names, refuses what it is said to refuse, and rolls what is said to restart."""
    assert outcome.written == outcome.named
    assert outcome.refused.keys() == outcome.about(Effect.REFUSED)
    assert outcome.rolled == outcome.about(Effect.RESTARTS) - outcome.jobs


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(cluster: Planned, base: Side, tmp_path: Path, case: Case) -> None:
    """It finds what it is meant to find, and is true."""
    outcome = cluster.play(*case.sides(base, tmp_path))
    assert outcome.rules == case.rules
    assert_true(outcome)


def test_every_rule_has_a_case() -> None:
    """No rule is only written."""
    assert {rule.id for rule in RULES} - {rule for case in CASES for rule in case.rules} == set()
