"""Deploying: each wave is applied when the one before is ready, and a wave that is stuck says why."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from constructs_lib.catalogue.graph import predecessors
from constructs_lib.catalogue.model import Catalogue, Component, Tier
from constructs_lib.deploy.kubectl import Kubectl, KubectlError
from constructs_lib.deploy.objects import Manifest, asked, component_of, condition, key, progress, ready
from constructs_lib.deploy.plan import Plan, Step, members
from constructs_lib.deploy.reasons import Hope, Trouble, troubles
from constructs_lib.deploy.snapshot import GATEWAYS, KINDS, Snapshot, look
from constructs_lib.problem import InvalidInput, Problem

POLL = 1.0
COUNTING = 60
"""Seconds within which Kubernetes counts a new quota."""


class State(StrEnum):
    """How far a component is."""

    WAITING = "waiting"
    ROLLING = "rolling out"
    READY = "ready"


@dataclass(frozen=True, slots=True)
class Line:
    """What is shown of one component."""

    tier: Tier
    name: str
    state: State
    detail: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Seconds: for a whole wave, and for one trouble that does not go away by itself."""

    wave: float
    trouble: float


Tell = Callable[[Sequence[Line]], None]


@dataclass(kw_only=True)
class Rollout:
    """One deployment under way; `tell` hears of every step with all lines."""

    kubectl: Kubectl
    catalogue: Catalogue
    plan: Plan
    limits: Limits
    tell: Tell
    lines: dict[str, Line] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    since: dict[tuple[str, str], float] = field(default_factory=dict)

    def run(self) -> Counter[str]:
        """Deploy all; how many objects were created, changed, and unchanged. InvalidInput where it is stuck."""
        for step in self._steps():
            for component in members(self.catalogue, step):
                self.lines[component.name] = Line(step.tier, component.name, State.WAITING)
        for wave in self.plan:
            for step in wave:
                self._show_waiting(step.tier)
                self._apply(step)
            self._wait(wave)
        return self.counts

    def _steps(self) -> Iterator[Step]:
        return (step for wave in self.plan for step in wave)

    def _show_waiting(self, tier: Tier) -> None:
        """Everything that is not there yet says whom it waits for."""
        for line in self.lines.values():
            if line.state is State.WAITING:
                component = self.catalogue.component(line.name)
                self.lines[line.name] = replace(line, detail=", ".join(self._awaited(component)) or f"tier {tier}")
        self.tell(list(self.lines.values()))

    def _awaited(self, component: Component) -> list[str]:
        names = predecessors(self.catalogue, component)
        return [name for name in names if name in self.lines and self.lines[name].state is not State.READY]

    def _apply(self, step: Step) -> None:
        before = {key(found): found for found in self.kubectl.there(step.manifests)}
        self._forget_failed(before)
        if step.early:
            self._count(self.kubectl.apply(step.early), before)
            self._wait_counted(step.early)
        if step.late:
            self._count(self.kubectl.apply(step.late), before)

    def _forget_failed(self, before: dict[tuple[str, str, str], Manifest]) -> None:
        """A Job that has failed never runs again: it is made anew."""
        for name, found in list(before.items()):
            if found["kind"] == "Job" and condition(found, "Failed"):
                self.kubectl.run("delete", "job", name[2], f"--namespace={name[1]}", "--ignore-not-found")
                del before[name]

    def _count(self, after: list[Manifest], before: dict[tuple[str, str, str], Manifest]) -> None:
        for found in after:
            old = before.get(key(found))
            self.counts["created" if old is None else "unchanged" if asked(old) == asked(found) else "changed"] += 1

    def _wait_counted(self, early: Sequence[Manifest]) -> None:
        quotas = [found for found in early if found["kind"] == "ResourceQuota"]
        deadline = time.monotonic() + COUNTING
        while quotas and not all(_counted(found) for found in self.kubectl.there(quotas)):
            if time.monotonic() > deadline:
                what = f"the quotas are not counted after {COUNTING} s"
                mend = "is kube-controller-manager well? `kubectl get pods -n kube-system`"
                raise InvalidInput([Problem("cluster", what, mend)])
            time.sleep(POLL / 5)

    def _wait(self, wave: Sequence[Step]) -> None:
        deadline = time.monotonic() + self.limits.wave
        waited = {key(found): found for step in wave for found in step.waited}
        kinds = KINDS + (f",{GATEWAYS}" if any(kind == "Gateway" for kind, _, _ in waited) else "")
        self.since.clear()
        while True:
            late = time.monotonic() > deadline
            try:
                seen = look(self.kubectl, kinds=kinds)
            except KubectlError:
                # The API server of a small cluster under load may miss an answer.
                if late:
                    raise
            else:
                pending = [self._present(found, seen) for found in waited.values()]
                pending = [found for found in pending if not ready(found)]
                self._update(wave, pending, seen)
                if not pending:
                    return
                self._give_up(pending, seen, late=late)
            time.sleep(POLL)

    def _present(self, wanted: Manifest, seen: Snapshot) -> Manifest:
        """The object as the cluster has it; as it is wanted where somebody has taken it away."""
        return seen.objects.get(key(wanted), wanted)

    def _update(self, wave: Sequence[Step], pending: Sequence[Manifest], seen: Snapshot) -> None:
        slow = {component_of(found): found for found in pending}
        for step in wave:
            for component in members(self.catalogue, step):
                found = slow.get(component.name)
                state = State.ROLLING if found else State.READY
                detail = _detail(found, seen) if found else ""
                self.lines[component.name] = Line(step.tier, component.name, state, detail)
        self.tell(list(self.lines.values()))

    def _give_up(self, pending: Sequence[Manifest], seen: Snapshot, *, late: bool) -> None:
        """InvalidInput with every trouble, when one of them has lasted too long, or all of it has."""
        known = {key(found): list(troubles(found, seen)) for found in pending}
        held = [(component_of(found), trouble) for found in pending for trouble in known[key(found)]]
        now = time.monotonic()
        self.since = {(name, one.kind): self.since.get((name, one.kind), now) for name, one in held}
        stuck = any(self._lasts(name, trouble, now) for name, trouble in held)
        if stuck or late:
            raise InvalidInput([problem for found in pending for problem in self._problems(found, known[key(found)])])

    def _lasts(self, name: str, trouble: Trouble, now: float) -> bool:
        if trouble.hope is Hope.SOME:
            return now - self.since[name, trouble.kind] >= self.limits.trouble
        return trouble.hope is Hope.NONE

    def _problems(self, workload: Manifest, found: Sequence[Trouble]) -> Iterator[Problem]:
        """One for each kind of trouble: two pods with the same are one."""
        name = component_of(workload)
        where = f"{self.lines[name].tier}/{name}"
        for trouble in {one.kind: one for one in reversed(found)}.values():
            yield Problem(where, trouble.what, trouble.mend)
        if not found:
            namespace = workload["metadata"]["namespace"]
            mend = f"`kubectl get pods -n {namespace} -l app={name}`, or give it longer with --timeout"
            yield Problem(where, f"not ready yet, {progress(workload)}", mend)


def _counted(quota: Manifest) -> bool:
    return bool(quota.get("status", {}).get("hard") == quota["spec"]["hard"])


def _detail(workload: Manifest, seen: Snapshot) -> str:
    first = next(troubles(workload, seen), None)
    return f"{progress(workload)}; {first.what}" if first else progress(workload)
