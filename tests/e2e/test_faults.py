"""Faults in the middle of an update: what is above is held, and everything heals when the fault goes.

One scenario of each kind, and some drawn whole from seeds; `make e2e-long` plays many more.
"""

from collections.abc import Iterator

import pytest
from deployment import Deployment, deployed
from scenarios import FAULTS, draw, play

FIRST, DRAWN = 1001, 2
BOUND = 15
"""A smaller bound than the gate's own saves waiting; it changes when a held child reads Degraded, and nothing else."""


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """The platform, held at a commit."""
    with deployed(tmp_path_factory.mktemp("faults")) as made:
        made.argo_cd.gate(bound=BOUND)
        made.bootstrap()
        made.wait_settled()
        made.wait_released(made.release("Pins"))
        yield made


@pytest.mark.parametrize("fault", FAULTS)
def test_fault(platform: Deployment, fault: str) -> None:
    """The order holds, and the platform is whole again without a hand."""
    scenario = draw(sum(fault.encode()), fault)
    outcome = play(platform, scenario)
    print(f"{scenario}: whole after {outcome.recovery:.0f} s, {outcome.total:.0f} s in all")
    assert outcome.violations == []


@pytest.mark.parametrize("seed", range(FIRST, FIRST + DRAWN))
def test_drawn(platform: Deployment, seed: int) -> None:
    """The same of a scenario that nobody chose."""
    outcome = play(platform, draw(seed))
    assert outcome.violations == [], outcome.scenario
