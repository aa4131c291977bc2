"""Grace periods: how long a deployment waits for a reason to end by itself, and what it reports then."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from chatdb.deploy.objects import Key, Manifest, component_of, key, progress
from chatdb.deploy.reasons import Grace, Reason, reasons
from chatdb.deploy.snapshot import Snapshot
from constructs_lib.problem import InvalidInput, Problem


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Seconds: for a whole wave, and for one reason that rarely ends by itself."""

    wave: float
    grace: float


@dataclass(slots=True)
class GracePeriods:
    """Remembers since when each reason holds; `where` names a component with its tier."""

    limits: Limits
    where: Callable[[str], str]
    since: dict[tuple[Key, str], float] = field(default_factory=dict)

    def check(self, pending: Sequence[Manifest], seen: Snapshot, *, late: bool) -> None:
        """InvalidInput with every reason, when one of them has held for too long, or the wave has."""
        now = time.monotonic()
        known = [(workload, list(reasons(workload, seen))) for workload in pending]
        held = [(key(workload), reason) for workload, some in known for reason in some]
        self.since = {(name, one.kind): self.since.get((name, one.kind), now) for name, one in held}
        if late or any(self._over(name, reason, now) for name, reason in held):
            raise InvalidInput([problem for workload, some in known for problem in self._problems(workload, some)])

    def _over(self, name: Key, reason: Reason, now: float) -> bool:
        if reason.grace is Grace.SHORT:
            return now - self.since[name, reason.kind] >= self.limits.grace
        return reason.grace is Grace.NONE

    def _problems(self, workload: Manifest, known: Sequence[Reason]) -> Iterator[Problem]:
        """One for each kind of reason: two pods with the same are one."""
        name = component_of(workload)
        for reason in {one.kind: one for one in reversed(known)}.values():
            yield Problem(self.where(name), reason.message, reason.fix)
        if not known:
            namespace = workload["metadata"]["namespace"]
            fix = f"`kubectl get pods -n {namespace} -l app={name}`, or give it longer with --timeout"
            yield Problem(self.where(name), f"not ready yet, {progress(workload)}", fix)


def detail(workload: Manifest, seen: Snapshot) -> str:
    """How far it is, and what holds it."""
    first = next(reasons(workload, seen), None)
    return f"{progress(workload)}; {first.message}" if first else progress(workload)
