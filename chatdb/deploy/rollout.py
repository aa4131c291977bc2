"""Deploying: each wave is applied when the one before is ready, and a wave that is stuck says why."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from chatdb.deploy.grace import GracePeriods, Limits, detail
from chatdb.deploy.kubectl import Kubectl, KubectlError
from chatdb.deploy.objects import Manifest, asked, component_of, condition, key, ready, with_replicas
from chatdb.deploy.plan import Plan, Step, members
from chatdb.deploy.reasons.refusals import refusals
from chatdb.deploy.snapshot import Snapshot, kinds_of, look
from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.resolved import ResolvedComponent, ResolvedPlatform

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

    tier: str
    name: str
    state: State
    detail: str = ""


Tell = Callable[[Sequence[Line]], None]


@dataclass(kw_only=True)
class Rollout:
    """One deployment under way; `tell` hears of every step with all lines."""

    kubectl: Kubectl
    platform: ResolvedPlatform
    plan: Plan
    limits: Limits
    tell: Tell
    lines: dict[str, Line] = field(init=False)
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        """All wait."""
        names = ((step.tier, component.name) for step in self._steps() for component in members(self.platform, step))
        self.lines = {name: Line(tier, name, State.WAITING) for tier, name in names}

    def run(self) -> Counter[str]:
        """Deploy all; how many objects were created, changed, and unchanged. InvalidInput where it is stuck."""
        for wave in self.plan:
            for step in wave:
                self._show_waiting(step.tier)
                self._apply(step)
            self._wait(wave)
        return self.counts

    def _steps(self) -> Iterator[Step]:
        return (step for wave in self.plan for step in wave)

    def _show_waiting(self, tier: str) -> None:
        """Everything that is not there yet says whom it waits for: the tier, where all that it needs is ready."""
        for line in self.lines.values():
            if line.state is State.WAITING:
                component = self.platform.component(line.name)
                self.lines[line.name] = replace(line, detail=", ".join(self._awaited(component)) or f"tier {tier}")
        self.tell(list(self.lines.values()))

    def _awaited(self, component: ResolvedComponent) -> list[str]:
        return [name for name in component.after if name in self.lines and self.lines[name].state is not State.READY]

    def _apply(self, step: Step) -> None:
        before = {key(manifest): manifest for manifest in self.kubectl.there(step.manifests)}
        self._forget_failed(before)
        if step.early:
            self._count(self._applied(step, step.early), before)
            self._wait_counted(step.early)
        if step.late:
            late = [with_replicas(manifest, before.get(key(manifest))) for manifest in step.late]
            self._count(self._applied(step, late), before)

    def _applied(self, step: Step, manifests: Sequence[Manifest]) -> list[Manifest]:
        """What the server made of them; InvalidInput with the reason and the fix where it is known why it refuses."""
        try:
            return self.kubectl.apply(manifests)
        except KubectlError as error:
            known = dict.fromkeys(refusals(error.words, manifests))
            if not known:
                raise
            problems = [Problem(f"{step.tier}: {one.held_by}", one.message, one.fix) for one in known]
            raise InvalidInput(problems) from error

    def _forget_failed(self, before: dict[tuple[str, str, str], Manifest]) -> None:
        """A Job that has failed never runs again: it is made anew."""
        for name, manifest in list(before.items()):
            if manifest["kind"] == "Job" and condition(manifest, "Failed"):
                self.kubectl.run("delete", "job", name[2], f"--namespace={name[1]}", "--ignore-not-found")
                del before[name]

    def _count(self, after: list[Manifest], before: dict[tuple[str, str, str], Manifest]) -> None:
        for manifest in after:
            old = before.get(key(manifest))
            self.counts["created" if old is None else "unchanged" if asked(old) == asked(manifest) else "changed"] += 1

    def _wait_counted(self, early: Sequence[Manifest]) -> None:
        quotas = [quota for quota in early if quota["kind"] == "ResourceQuota"]
        deadline = time.monotonic() + COUNTING
        while quotas and not all(_counted(quota) for quota in self.kubectl.there(quotas)):
            if time.monotonic() > deadline:
                message = f"the quotas are not counted after {COUNTING} s"
                fix = "is kube-controller-manager well? `kubectl get pods -n kube-system`"
                raise InvalidInput([Problem("cluster", message, fix)])
            time.sleep(POLL / 5)

    def _wait(self, wave: Sequence[Step]) -> None:
        deadline = time.monotonic() + self.limits.wave
        waited = {key(manifest): manifest for step in wave for manifest in step.waited}
        kinds = kinds_of(waited.values())
        periods = GracePeriods(self.limits, lambda name: f"{self.lines[name].tier}/{name}")
        while True:
            late = time.monotonic() > deadline
            try:
                seen = look(self.kubectl, kinds=kinds)
            except KubectlError:
                # The API server of a small cluster under load may miss an answer.
                if late:
                    raise
            else:
                pending = [self._present(manifest, seen) for manifest in waited.values()]
                pending = [manifest for manifest in pending if not ready(manifest)]
                self._update(wave, pending, seen)
                if not pending:
                    return
                periods.check(pending, seen, late=late)
            time.sleep(POLL)

    def _present(self, wanted: Manifest, seen: Snapshot) -> Manifest:
        """The object as the cluster has it; as it is wanted where somebody has taken it away."""
        return seen.objects.get(key(wanted), wanted)

    def _update(self, wave: Sequence[Step], pending: Sequence[Manifest], seen: Snapshot) -> None:
        slow = {component_of(workload): workload for workload in pending}
        tier = wave[-1].tier
        for step in reversed(wave):
            for component in members(self.platform, step):
                workload = slow.get(component.name)
                state = State.ROLLING if workload else State.READY
                tier = step.tier if workload else tier
                words = detail(workload, seen) if workload else ""
                self.lines[component.name] = Line(step.tier, component.name, state, words)
        self._show_waiting(tier)


def _counted(quota: Manifest) -> bool:
    return bool(quota.get("status", {}).get("hard") == quota["spec"]["hard"])
