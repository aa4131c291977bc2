"""The end of a run: an exit code that the Job's failure policy reads, and one line for who reads the log."""

import os
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from integration_tests.connections import Policies

AGAIN = 1
"""It may pass by itself: the Job has some tries."""
PERMANENT = os.EX_CONFIG
"""78: somebody has to act, and the Job fails at once."""
STOPPED = 128 + 15
"""Somebody has sent SIGTERM."""
KIBIBYTES = 1024
POLICIES = pytest.StashKey[Policies]()


class Permanent(AssertionError):
    """A failure that no repetition heals."""


class Outcome:
    """A plugin that counts: how many tests passed, were skipped, and failed for now or for good."""

    def __init__(self) -> None:
        """Nothing has been run."""
        self.passed = self.skipped = self.broken = 0
        self.for_good: list[bool] = []
        self._begin = time.monotonic()
        self._policies = Policies.UNKNOWN

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[Any]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Count one phase of one test."""
        report = yield
        if report.failed:
            self.for_good.append(call.excinfo is not None and isinstance(call.excinfo.value, Permanent))
        self.skipped += report.skipped
        self.passed += report.passed and report.when == "call"
        self._policies = item.config.stash.get(POLICIES, Policies.UNKNOWN)
        return report

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file that cannot be read is a defect of the image."""
        self.broken += report.failed

    def exit_code(self, ended: int) -> int:
        """Of the process, where pytest has ended with that code."""
        if ended == pytest.ExitCode.OK:
            return 0
        if self.broken or ended in (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.NO_TESTS_COLLECTED):
            return PERMANENT
        if ended == pytest.ExitCode.INTERRUPTED:
            return STOPPED
        return PERMANENT if self.for_good and all(self.for_good) else AGAIN

    def summary(self, code: int) -> str:
        """One line: counts, policies, seconds, and the most memory that it had."""
        return (
            f"integration-tests: {self.passed} passed, {len(self.for_good) + self.broken} failed, "
            f"{self.skipped} skipped; policies {self._policies}; {time.monotonic() - self._begin:.0f} s, "
            f"{_peak()} MiB; exit {code}"
        )


def _peak() -> int:
    """MiB; getrusage would count what the process was forked from, too."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) // KIBIBYTES
