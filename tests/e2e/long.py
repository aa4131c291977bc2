"""Plays scenarios drawn from seeds on a real Argo CD, and writes what came of them into docs/reliability.md.

Usage: long.py [--first SEED] [--count N] [--minutes M] [--stacks N] [--fault NAME] [--environment NAME] [--write], with
tests and tools in PYTHONPATH
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import ExitStack
from functools import cache
from multiprocessing import current_process
from multiprocessing.util import Finalize
from pathlib import Path
from statistics import median
from threading import Thread

from chatdb.git import git
from tests.e2e.api import ApiError
from tests.e2e.deployment import Deployment, started
from tests.e2e.production import PRODUCTION, Production
from tests.e2e.scenarios import FAULTS, Outcome, Scenario, draw, play
from tests.repository import ROOT
from tools.sections import fill

PAGE = ROOT / "docs/reliability.md"
SECTIONS = {"minikube": "scenarios", PRODUCTION: "production-scenarios"}
ENVIRONMENTS: dict[str, Callable[[Path], Deployment]] = {"minikube": Deployment, PRODUCTION: Production}
PER_STACK = 20
"""Scenarios on one platform before a new one is made."""


class Stacks:
    """A running platform; a new one after so many scenarios, or after one that went wrong."""

    def __init__(self, folder: Path, environment: str) -> None:
        """The first is made when it is asked for."""
        self.folder, self.environment = folder, environment
        self.stack = ExitStack()
        self.made = self.left = 0
        self.platform: Deployment

    def take(self) -> Deployment:
        """One that is whole, and held at a commit."""
        if self.left == 0:
            self.stack.close()
            self.made += 1
            self.platform = self.stack.enter_context(
                started(ENVIRONMENTS[self.environment](self.folder / str(self.made)))
            )
            self.platform.install()
            self.left = PER_STACK
        self.left -= 1
        return self.platform

    def drop(self) -> None:
        """Make a new one next time."""
        self.left = 0


@cache
def stacks(folder: Path, environment: str) -> Stacks:
    """Those of this process; their servers end with it."""
    made = Stacks(folder / current_process().name, environment)
    # Servers that outlived this process for a moment would write into a folder that is being removed.
    Finalize(made, made.stack.close, exitpriority=1)
    return made


def end_with(parent: int) -> None:
    """End this process, and with it its servers, as soon as its parent is gone."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    Thread(target=watch, daemon=True).start()


def attempt(folder: Path, environment: str, scenario: Scenario, until: float) -> Outcome | str | None:
    """What came of it; a text where it did not end well, None where there is no time left to begin it."""
    if time.monotonic() > until:
        return None
    mine = stacks(folder, environment)
    try:
        outcome = play(mine.take(), scenario)
    except (OSError, ApiError, AssertionError) as error:
        mine.drop()
        return f"{scenario}: {error}"
    if outcome.violations:
        mine.drop()
    return outcome


def outcomes(environment: str, scenarios: list[Scenario], minutes: float, side_by_side: int) -> Iterator[Outcome | str]:
    """One for each scenario that was begun in that time, in the order in which they end."""
    until = time.monotonic() + 60 * minutes
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        ProcessPoolExecutor(side_by_side, initializer=end_with, initargs=(os.getpid(),)) as pool,
    ):
        begun = [pool.submit(attempt, Path(folder), environment, scenario, until) for scenario in scenarios]
        for done in as_completed(begun):
            outcome = done.result()
            if outcome is not None:
                yield outcome


def table(results: list[Outcome | str], origin: str) -> str:
    """The figures as Markdown; `origin` says how they are made again."""
    good = [outcome for outcome in results if isinstance(outcome, Outcome)]
    rows = ["| fault | scenarios | violations | recovery, median | recovery, longest |", "|---|---|---|---|---|"]
    for fault in FAULTS:
        mine = [outcome for outcome in good if outcome.scenario.fault == fault]
        if mine:
            seconds = [outcome.recovery for outcome in mine]
            broken = sum(len(outcome.violations) for outcome in mine)
            rows.append(f"| {fault} | {len(mine)} | {broken} | {median(seconds):.0f} s | {max(seconds):.0f} s |")
    broken = sum(len(outcome.violations) for outcome in good)
    late = len(results) - len(good)
    summary = f"{len(results)} scenarios ({origin}): {broken} violations, {late} that did not recover in time."
    return "\n".join([summary, "", *rows, "", _convergence(good)])


def _convergence(good: list[Outcome]) -> str:
    plain = [outcome for outcome in good if outcome.scenario.fault == "none"]
    if not plain:
        return "No update without a fault was among them."
    seconds = median(outcome.total for outcome in plain)
    ratios = [outcome.total / outcome.floor for outcome in plain]
    return (
        f"An update without a fault took {seconds:.0f} s in the median of {len(plain)}: {median(ratios):.2f} times "
        f"Argo CD's pauses between waves and the rollouts themselves ({max(ratios):.2f} times at most)."
    )


def main() -> int:
    """Play, print each outcome, and fail where there was a violation or no recovery."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--first", "--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--count", type=int, default=200, help="how many scenarios")
    parser.add_argument("--minutes", type=float, default=600, help="begin no scenario after so many minutes")
    parser.add_argument("--stacks", type=int, default=2, help="how many platforms side by side")
    parser.add_argument("--fault", choices=FAULTS, help="always this fault")
    parser.add_argument("--environment", choices=ENVIRONMENTS, default="minikube", help="what is deployed")
    parser.add_argument("--write", action="store_true", help="write the table into docs/reliability.md")
    asked = parser.parse_args()
    commit = git(ROOT, "rev-parse", "--short", "HEAD")
    origin = f"seeds {asked.first} to {asked.first + asked.count - 1} at commit {commit}"
    scenarios = [draw(seed, asked.fault, asked.environment) for seed in range(asked.first, asked.first + asked.count)]
    results: list[Outcome | str] = []
    for outcome in outcomes(asked.environment, scenarios, asked.minutes, asked.stacks):
        results.append(outcome)
        print(outcome if isinstance(outcome, str) else _line(outcome), flush=True)
        if asked.write:
            fill(PAGE, SECTIONS[asked.environment], table(results, origin))
    print(table(results, origin))
    return 1 if any(isinstance(outcome, str) or outcome.violations for outcome in results) else 0


def _line(outcome: Outcome) -> str:
    broken = "".join(f"\n    {line}" for line in outcome.violations)
    seconds = f"whole after {outcome.recovery:.0f} s, {outcome.total:.0f} s in all"
    return f"{outcome.scenario}\n  {len(outcome.violations)} violations, {seconds}{broken}"


if __name__ == "__main__":
    sys.exit(main())
