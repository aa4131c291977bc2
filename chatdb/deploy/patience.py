"""For how long a trouble is looked at before a deployment gives up, and what it says then."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from chatdb.deploy.objects import Key, Manifest, component_of, key, progress
from chatdb.deploy.reasons import Hope, Trouble, troubles
from chatdb.deploy.snapshot import Snapshot
from constructs_lib.problem import InvalidInput, Problem


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Seconds: for a whole wave, and for one trouble that does not go away by itself."""

    wave: float
    trouble: float


@dataclass(slots=True)
class Patience:
    """Remembers since when each trouble is there; `where` names a component with its tier."""

    limits: Limits
    where: Callable[[str], str]
    since: dict[tuple[Key, str], float] = field(default_factory=dict)

    def check(self, pending: Sequence[Manifest], seen: Snapshot, *, late: bool) -> None:
        """InvalidInput with every trouble, when one of them has lasted too long, or the wave has."""
        now = time.monotonic()
        known = [(workload, list(troubles(workload, seen))) for workload in pending]
        held = [(key(workload), trouble) for workload, some in known for trouble in some]
        self.since = {(name, one.kind): self.since.get((name, one.kind), now) for name, one in held}
        if late or any(self._lasts(name, trouble, now) for name, trouble in held):
            raise InvalidInput([problem for workload, some in known for problem in self._problems(workload, some)])

    def _lasts(self, name: Key, trouble: Trouble, now: float) -> bool:
        if trouble.hope is Hope.SOME:
            return now - self.since[name, trouble.kind] >= self.limits.trouble
        return trouble.hope is Hope.NONE

    def _problems(self, workload: Manifest, reasons: Sequence[Trouble]) -> Iterator[Problem]:
        """One for each kind of trouble: two pods with the same are one."""
        name = component_of(workload)
        for trouble in {one.kind: one for one in reversed(reasons)}.values():
            yield Problem(self.where(name), trouble.what, trouble.fix)
        if not reasons:
            namespace = workload["metadata"]["namespace"]
            fix = f"`kubectl get pods -n {namespace} -l app={name}`, or give it longer with --timeout"
            yield Problem(self.where(name), f"not ready yet, {progress(workload)}", fix)


def detail(workload: Manifest, seen: Snapshot) -> str:
    """How far it is, and what holds it up."""
    first = next(troubles(workload, seen), None)
    return f"{progress(workload)}; {first.what}" if first else progress(workload)
