"""The capacity ledger: what the tiers take of the environment's machine, at rest and at the peak."""

import functools
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from constructs_lib.checks.model import Inputs
from constructs_lib.command import COMMAND, SYNTH
from constructs_lib.footprint import Footprint, at_most, claims, extra, peak, steady
from constructs_lib.model import Machine
from constructs_lib.problem import Problem
from constructs_lib.quantity import MIB, count, cpu_text, in_bytes, memory_text, millicores

QUOTAS: Mapping[str, tuple[Callable[[str], int], Callable[[int], str], str]] = {
    **dict.fromkeys(("requests.cpu", "cpu"), (millicores, cpu_text, "cpu")),
    **dict.fromkeys(("requests.memory", "memory"), (in_bytes, memory_text, "memory")),
    "limits.cpu": (millicores, cpu_text, "cpu_limit"),
    "limits.memory": (in_bytes, memory_text, "memory_limit"),
    **dict.fromkeys(("pods", "count/pods"), (count, str, "pods")),
}
"""A name in `hard` -> how it is read and written, and the field of a footprint that it limits."""
FIX = "lower it in overlays/<env>/<tier>, or leave out a tier"


@dataclass(frozen=True, slots=True)
class Ledger:
    """Sums over the rendered objects; `extra` comes on top during a rollout."""

    machine: Machine
    waves: tuple[tuple[str, ...], ...]
    steady: dict[str, Footprint]
    extra: dict[str, Footprint]
    storage: int

    @property
    def rest(self) -> Footprint:
        """All tiers at rest."""
        return sum(self.steady.values(), Footprint())

    @property
    def peak(self) -> Footprint:
        """At rest, and on top of it the heaviest wave's Jobs and surge: by resource, the largest of all waves."""
        waves = [sum((self.extra.get(tier, Footprint()) for tier in tiers), Footprint()) for tiers in self.waves]
        return self.rest + functools.reduce(operator.or_, waves, Footprint())

    @property
    def at_once(self) -> Footprint:
        """At rest, and on top of it the Jobs and surge of all tiers: Applications without a pin roll at once."""
        return sum(self.extra.values(), self.rest)


@dataclass(frozen=True, slots=True)
class Line:
    """One resource of the machine: all of it, what the system takes, what the platform takes, what has to stay free."""

    name: str
    total: int
    system: int
    platform: int
    reserve: int

    @property
    def free(self) -> int:
        """What is left; below `reserve` the check fails."""
        return self.total - self.system - self.platform


def ledger(inputs: Inputs) -> Ledger | None:
    """The sums; None where nothing is known of the environment's machine."""
    if inputs.settings.machine is None:
        return None
    machine = inputs.platform.catalogue.machines[inputs.settings.machine]
    every = at_most(obj.manifest for obj in inputs.rendered)
    tiers = [obj.tier for obj in inputs.rendered]
    by_tier = {tier: [m for m, own in zip(every, tiers, strict=True) if own == tier] for tier in inputs.settings.tiers}
    return Ledger(
        machine,
        inputs.platform.waves,
        {tier: _sum(map(steady, manifests)) for tier, manifests in by_tier.items()},
        {tier: _sum(map(extra, manifests)) for tier, manifests in by_tier.items()},
        sum(claim.total for claim in claims(obj.manifest for obj in inputs.rendered)),
    )


def _sum(footprints: Iterable[Footprint]) -> Footprint:
    return sum(footprints, Footprint())


def lines(sums: Ledger) -> tuple[Line, ...]:
    """CPU in millicores; memory and disk in bytes. Memory twice: what is asked for, and what may be taken."""
    return _lines(sums.machine, sums.peak, sums.storage)


def _lines(machine: Machine, most: Footprint, storage: int) -> tuple[Line, ...]:
    rows = (
        ("CPU requests", machine.cpu, machine.cpu_used, most.cpu),
        ("memory requests", machine.memory, machine.memory_used, most.memory),
        ("memory limits", machine.memory, machine.memory_used, most.memory_limit),
        ("disk", machine.disk, machine.disk_used, storage),
    )
    return tuple(Line(name, all_, system, own, round(all_ * machine.reserve)) for name, all_, system, own in rows)


def fits(inputs: Inputs) -> Iterator[Problem]:
    """At least the machine's reserve stays free at the peak of each wave, and all tiers can roll at once."""
    sums = ledger(inputs)
    if sums is None:
        return
    where = f"environment {inputs.settings.environment}"
    short = [line for line in lines(sums) if line.free < line.reserve]
    for line in short:
        free, total, reserve = (amount(line, number) for number in (line.free, line.total, line.reserve))
        yield Problem(where, f"{line.name}: {free} of {total} left, less than {reserve}", FIX)
    for line in _lines(sums.machine, sums.at_once, sums.storage):
        if "requests" in line.name and line.free < 0 and line.name not in {one.name for one in short}:
            message = f"{line.name}: {amount(line, -line.free)} are missing when all tiers roll at once"
            yield Problem(where, message, f"pin the tiers with `{COMMAND} release`, or {FIX}")


def amount(line: Line, number: int) -> str:
    """A number of the line with its unit."""
    return f"{number}m" if line.name.startswith("CPU") else f"{number // MIB}Mi"


def quotas_hold(inputs: Inputs) -> Iterator[Problem]:
    """Each ResourceQuota holds its namespace at its peak; otherwise pods are refused, some of them for ever.

    Quotas with scopes are not looked at.
    """
    for quota in inputs.of("ResourceQuota"):
        if quota.spec.get("scopes") or quota.spec.get("scopeSelector"):
            continue
        most = peak((one.manifest for one in inputs.rendered), quota.namespace)
        hard = quota.spec.get("hard") or {}
        for name in sorted(hard.keys() & QUOTAS.keys()):
            read, write, field = QUOTAS[name]
            needed = getattr(most, field)
            if read(hard[name]) < needed:
                message = f"{name} is {hard[name]}, but the namespace needs {write(needed)} at its peak"
                yield Problem(quota.where, message, f"{SYNTH}: quotas follow from what is rendered")
