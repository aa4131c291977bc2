"""Faults in the middle of an update: what is above is held, and everything heals when the fault goes.

One scenario of each kind, and some drawn whole from seeds; `make e2e-long` plays many more.
"""

import pytest

from tests.e2e.deployment import Deployment
from tests.e2e.scenarios import FAILING, FAULTS, draw, play

SEED = 4
"""All of them are played with this one."""
DRAWN = (1001,)
ELSEWHERE = {
    "none",
    "component never ready",
    "object refused",
    "bad release, then a fix",
    "second commit",
    "deleted by hand",
}
"""What other modules test one by one."""


@pytest.mark.parametrize("fault", sorted((FAULTS | FAILING).keys() - ELSEWHERE))
def test_fault(platform: Deployment, fault: str) -> None:
    """The order holds, and the platform is whole again without a hand."""
    scenario = draw(SEED, fault)
    outcome = play(platform, scenario)
    print(f"{scenario}: whole after {outcome.recovery:.0f} s, {outcome.total:.0f} s in all")
    assert outcome.violations == []


@pytest.mark.parametrize("seed", DRAWN)
def test_drawn(platform: Deployment, seed: int) -> None:
    """The same of a scenario that nobody chose."""
    outcome = play(platform, draw(seed))
    assert outcome.violations == [], outcome.scenario
