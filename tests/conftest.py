"""What many tests look at: the repository itself, its overlay rendered once, and the platform as processes."""

import random
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from constructs_lib.catalogue.components import CATALOGUE
from constructs_lib.checks.model import Inputs
from constructs_lib.checks.render import inputs
from constructs_lib.local.platform import Platform, platform

ROOT = Path(__file__).resolve().parents[1]
SEED = 20261125
NOT_RUN = "not run: "


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def rendered() -> Inputs:
    """The minikube overlay of the repository, as Argo CD would apply it."""
    return inputs(ROOT, CATALOGUE)


@pytest.fixture(scope="session")
def running() -> Iterator[Platform]:
    """All components and services, started without any order: services first, and what they need last."""
    if not shutil.which("mvn") and not (ROOT / ".tools/stamps/kafka").exists():
        pytest.skip(f"{NOT_RUN}Kafka comes by Maven, which is not here: install it, then make setup-local")
    with platform(CATALOGUE, ROOT) as found:
        order = random.Random(SEED).sample(sorted(found.parts), len(found.parts))
        for name in sorted(order, key=lambda name: not found.is_service(name)):
            found.start(name)
        found.wait()
        yield found


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One platform for all processes of a run."""
    for item in items:
        if "running" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("platform"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line for each reason why tests were not run."""
    skipped = (report.longrepr[2] for report in terminalreporter.stats.get("skipped", ()))
    for reason, count in Counter(reason.partition(NOT_RUN)[2] for reason in skipped if NOT_RUN in reason).items():
        terminalreporter.write_line(f"NOT RUN: {count} tests; {reason}", yellow=True)
