"""What a load came to: a row for each task, and whether the goals were met."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from chatdb.loadtest.locust import Counted, Entry, Failure

REFUSED = " refused: "
"""Stands in the name under which the locustfile counts what the platform has refused, and is no failure."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One task, or all of them; times in milliseconds, of all answers but refusals, None where there was none."""

    task: str
    requests: int
    refused: int
    failures: int
    p50: int | None
    p95: int | None
    p99: int | None
    per_minute: int


@dataclass(frozen=True, kw_only=True)
class Goal:
    """What was asked for, what was seen, and whether that is well."""

    what: str
    figure: str
    wanted: str
    met: bool


@dataclass(frozen=True, kw_only=True)
class Report:
    """All of a run."""

    rows: Sequence[Row]
    total: Row
    failures: Sequence[Failure]
    goals: Sequence[Goal]

    @property
    def met(self) -> bool:
        """Whether every goal was."""
        return all(goal.met for goal in self.goals)

    def values(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self) | {"met": self.met}


def report(counted: Counted, seconds: int, *, most_failures: float, slowest: float) -> Report:
    """Rows sorted by task; `most_failures` in percent of the requests, `slowest` the p95 in milliseconds."""
    by_task: dict[str, list[Entry]] = {}
    for entry in sorted(counted.entries, key=lambda one: one.name):
        by_task.setdefault(entry.name.partition(REFUSED)[0], []).append(entry)
    total = _row("all", counted.entries, seconds)
    return Report(
        rows=[_row(task, entries, seconds) for task, entries in by_task.items()],
        total=total,
        failures=sorted(counted.failures, key=lambda one: (one.name, one.error)),
        goals=list(_goals(total, most_failures, slowest)),
    )


def _row(task: str, entries: Sequence[Entry], seconds: int) -> Row:
    answered = [entry for entry in entries if REFUSED not in entry.name]
    times = sum((Counter(entry.times) for entry in answered), Counter[float]())
    requests = sum(entry.requests for entry in entries)
    return Row(
        task=task,
        requests=requests,
        refused=requests - sum(entry.requests for entry in answered),
        failures=sum(entry.failures for entry in entries),
        p50=quantile(times, 50),
        p95=quantile(times, 95),
        p99=quantile(times, 99),
        per_minute=round(60 * requests / seconds),
    )


def _goals(total: Row, most_failures: float, slowest: float) -> Iterator[Goal]:
    share = 100 * total.failures / total.requests if total.requests else 0.0
    yield Goal(what="requests", figure=str(total.requests), wanted="more than 0", met=total.requests > 0)
    yield Goal(
        what="failures", figure=f"{share:.2f} %", wanted=f"at most {most_failures:g} %", met=share <= most_failures
    )
    fast = total.p95 is not None and total.p95 <= slowest
    yield Goal(what="p95", figure=milliseconds(total.p95), wanted=f"at most {slowest:g} ms", met=fast)


def quantile(times: Mapping[float, int], percent: int) -> int | None:
    """The smallest time that so many percent do not exceed; None of nothing. Locust rounds times to two digits."""
    left = sum(times.values()) * percent / 100
    for time, count in sorted(times.items()):
        left -= count
        if left <= 0:
            return round(time)
    return None


def milliseconds(time: int | None) -> str:
    """For people."""
    return "-" if time is None else f"{time} ms"
