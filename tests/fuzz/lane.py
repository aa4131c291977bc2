"""How many examples are drawn, and from which seed: a sample with every test run, the whole by `make fuzz`."""

import os
import random
import subprocess
from collections.abc import Sequence
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.repository import ROOT

WHOLE = os.environ.get("CHATDB_FUZZ") == "whole"
VARIABLE = "CHATDB_FUZZ_SEED"
WITHOUT_GIT = 20261125
DIGITS = 8
"""Of the commit's hash."""


Drawn = TypeVar("Drawn")


def _seed() -> int:
    """What the user says; else the commit's: each commit draws other examples, and the same ones again."""
    given = os.environ.get(VARIABLE)
    if given:
        return int(given)
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    return int(done.stdout[:DIGITS], 16) if done.returncode == 0 else WITHOUT_GIT


SEED = _seed()


def again(tests: str) -> str:
    """The command that runs the tests with the same examples."""
    return f"{'CHATDB_FUZZ=whole ' if WHOLE else ''}{VARIABLE}={SEED} pytest '{tests}'"


def repeat() -> str:
    """The command that runs the test of this moment with the same examples."""
    return again(os.environ["PYTEST_CURRENT_TEST"].rpartition(" ")[0])


def examples(strategy: st.SearchStrategy[Drawn], sample: int, whole: int) -> list[Drawn]:
    """So many values of the seed. Tests check them in batches, and make what fails smaller themselves."""
    number = whole if WHOLE else sample
    drawn: list[Drawn] = []

    @seed(SEED)
    @settings(
        # The first is always the simplest value that there is.
        max_examples=number + 1,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def note(value: Drawn) -> None:
        drawn.append(value)

    note()
    return drawn[1:]


def chosen(cases: Sequence[Any], sample: int) -> Sequence[Any]:
    """So many of the cases, by the seed; in the whole lane all of them."""
    return cases if WHOLE else random.Random(SEED).sample(cases, sample)
