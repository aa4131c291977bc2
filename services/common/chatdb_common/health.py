"""Health: `/health` is about the process only; `/ready` asks what the service needs, and can do nothing without."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass

from prometheus_client import Gauge

from chatdb_common.timeouts import WAIT_SECONDS
from chatdb_common.workers import background

CACHE_SECONDS = 1.0
CHECK_SECONDS = WAIT_SECONDS
UP = Gauge("dependency_up", "1 while the last look for /ready found it well, 0 while not", ["dependency"])


@dataclass(frozen=True)
class Check:
    """One dependency: `probe` raises while it is down, with a message for whoever reads /ready.

    One that is not `hard` is reported and no more: there is something that the service can do without it.
    """

    name: str
    probe: Callable[[], object]
    hard: bool = True


@dataclass(frozen=True)
class Finding:
    """What one check found."""

    name: str
    ok: bool
    detail: str
    hard: bool


class Readiness:
    """Asks every check at once, each with a time limit, and remembers the answer for a second."""

    def __init__(self, checks: Sequence[Check], *, limit: float = CHECK_SECONDS) -> None:
        """Nothing is asked yet; a check that takes longer than `limit` seconds counts as down."""
        self._checks = tuple(checks)
        self._limit = limit
        self._running: dict[str, Future[None]] = {}
        self._lock = threading.Lock()
        self._findings: tuple[Finding, ...] = ()
        self._asked = float("-inf")
        self.closing = False

    def findings(self) -> tuple[Finding, ...]:
        """What each check found, a second ago at most."""
        with self._lock:
            if time.monotonic() - self._asked >= CACHE_SECONDS:
                self._findings = self._ask()
                self._asked = time.monotonic()
            return self._findings

    def _ask(self) -> tuple[Finding, ...]:
        for check in self._checks:
            # A probe that hangs is not started a second time.
            if check.name not in self._running:
                self._running[check.name] = background(check.probe, f"check of {check.name}")
        wait(self._running.values(), timeout=self._limit)
        findings = tuple(self._finding(check) for check in self._checks)
        for finding in findings:
            UP.labels(finding.name).set(finding.ok)
        return findings

    def _finding(self, check: Check) -> Finding:
        if not self._running[check.name].done():
            return Finding(check.name, ok=False, detail=f"no answer within {self._limit:g} s", hard=check.hard)
        error = self._running.pop(check.name).exception()
        detail = "" if error is None else f"{type(error).__name__}: {error}".strip()[:500]
        return Finding(check.name, ok=error is None, detail=detail, hard=check.hard)
