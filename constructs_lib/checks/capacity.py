"""The capacity ledger: what the tiers take of the environment's machine, at rest and at the peak."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from constructs_lib.checks.model import Inputs
from constructs_lib.footprint import Footprint, claims, extra, steady
from constructs_lib.model import Machine
from constructs_lib.problem import Problem
from constructs_lib.quantity import MIB

FIX = "lower it in overlays/<env>/<tier>, or leave out a tier"


@dataclass(frozen=True, slots=True)
class Ledger:
    """Sums over the rendered objects; `extra` comes on top while a wave rolls out."""

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
        fields = ("cpu", "memory", "cpu_limit", "memory_limit", "pods")
        return self.rest + Footprint(**{name: max(getattr(wave, name) for wave in waves) for name in fields})


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
    machine = inputs.platform.catalogue.machines.get(inputs.settings.environment)
    if machine is None:
        return None
    by_tier = {tier: [f.manifest for f in inputs.rendered if f.tier == tier] for tier in inputs.settings.tiers}
    return Ledger(
        machine,
        inputs.platform.waves,
        {tier: _sum(map(steady, found)) for tier, found in by_tier.items()},
        {tier: _sum(map(extra, found)) for tier, found in by_tier.items()},
        sum(size for _, _, size in claims(found.manifest for found in inputs.rendered)),
    )


def _sum(footprints: Iterable[Footprint]) -> Footprint:
    return sum(footprints, Footprint())


def lines(found: Ledger) -> tuple[Line, ...]:
    """CPU in millicores; memory and disk in bytes. Memory twice: what is asked for, and what may be taken."""
    machine, peak = found.machine, found.peak
    rows = (
        ("CPU requests", machine.cpu, machine.cpu_used, peak.cpu),
        ("memory requests", machine.memory, machine.memory_used, peak.memory),
        ("memory limits", machine.memory, machine.memory_used, peak.memory_limit),
        ("disk", machine.disk, machine.disk_used, found.storage),
    )
    return tuple(Line(name, all_, system, own, round(all_ * machine.reserve)) for name, all_, system, own in rows)


def fits(inputs: Inputs) -> Iterator[Problem]:
    """At least the machine's reserve stays free of everything, at the peak."""
    found = ledger(inputs)
    if found is None:
        return
    for line in lines(found):
        if line.free < line.reserve:
            free, total, reserve = (amount(line, n) for n in (line.free, line.total, line.reserve))
            what = f"{line.name}: {free} of {total} left, less than {reserve}"
            yield Problem(f"environment {inputs.settings.environment}", what, FIX)


def amount(line: Line, number: int) -> str:
    """A number of the line with its unit."""
    return f"{number}m" if line.name.startswith("CPU") else f"{number // MIB}Mi"
