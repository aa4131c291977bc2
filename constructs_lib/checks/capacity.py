"""The capacity ledger: what the tiers take of the environment's nodes, at rest and at the peak, and where pods fit."""

import functools
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from constructs_lib.checks.model import Inputs
from constructs_lib.checks.placement import Missing, Pods, place, pods_of
from constructs_lib.command import COMMAND, SYNTH
from constructs_lib.footprint import Footprint, at_most, claims, extra, peak, pod, steady
from constructs_lib.machine import Machine, Nodes
from constructs_lib.pods import is_daemon_set
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
LOWER, LEAVE_OUT = "lower it in overlays/<env>/<tier>", "leave out a tier"
FIX = f"{LOWER}, or {LEAVE_OUT}"
FIX_OF_NODES = f"{LOWER}, {LEAVE_OUT}, or add a node"
PIN = f"pin the tiers with `{COMMAND} release`"
LOST, AT_ONCE = " with one node lost", "when all tiers roll at once"
MOST_PODS = 110
"""Of a node: kubelet's default; what has to stay free of them is for the system's own pods."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """Sums over the rendered objects; `extra` comes on top during a rollout."""

    nodes: Nodes
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
    """One resource of the nodes: all of it, what the system takes, what the platform takes, what has to stay free."""

    name: str
    total: int
    system: int
    platform: int
    reserve: int

    @property
    def free(self) -> int:
        """What is left; below `reserve` the check fails."""
        return self.total - self.system - self.platform

    @property
    def short(self) -> bool:
        """Whether too little is left."""
        return self.free < self.reserve


def ledger(inputs: Inputs) -> Ledger | None:
    """The sums; None where nothing is known of the environment's nodes."""
    nodes = inputs.settings.nodes
    if nodes is None:
        return None
    every = at_most((obj.manifest for obj in inputs.rendered), nodes.count)
    tiers = [obj.tier for obj in inputs.rendered]
    by_tier = {tier: [m for m, own in zip(every, tiers, strict=True) if own == tier] for tier in inputs.settings.tiers}
    return Ledger(
        nodes,
        inputs.platform.waves,
        {tier: _sum(map(steady, manifests)) for tier, manifests in by_tier.items()},
        {tier: _sum(map(extra, manifests)) for tier, manifests in by_tier.items()},
        sum(claim.total for claim in claims(obj.manifest for obj in inputs.rendered)),
    )


def _sum(footprints: Iterable[Footprint]) -> Footprint:
    return sum(footprints, Footprint())


def lines(sums: Ledger) -> tuple[Line, ...]:
    """CPU in millicores; memory and disk in bytes. Memory twice: what is asked for, and what may be taken.

    Of several nodes each line twice: all of them at the peak, and all but one at rest.
    """
    every, nodes = _lines(sums, sums.nodes.count, sums.peak), sums.nodes.count
    if nodes == 1:
        return every
    left = _lines(sums, nodes - 1, sums.rest)
    return (*every, *(replace(line, name=line.name + LOST) for line in left))


def _lines(sums: Ledger, nodes: int, most: Footprint) -> tuple[Line, ...]:
    """One node has the claims on its disk; of several, claims are on the network, and the disks are for the pods."""
    machine = sums.nodes.machine
    disk = sums.storage if sums.nodes.count == 1 else most.disk_limit
    rows = (
        ("CPU requests", machine.cpu, machine.cpu_used, most.cpu),
        ("memory requests", machine.memory, machine.memory_used, most.memory),
        ("memory limits", machine.memory, machine.memory_used, most.memory_limit),
        ("disk", machine.disk, machine.disk_used, disk),
    )
    return tuple(
        Line(name, nodes * all_, nodes * system, own, round(nodes * all_ * machine.reserve))
        for name, all_, system, own in rows
    )


def fits(inputs: Inputs) -> Iterator[Problem]:
    """At least the reserve stays free at the peak of each wave, and all tiers can roll at once.

    On several nodes each pod has a place, too, and all that runs at rest is left room by the loss of a node.
    """
    sums = ledger(inputs)
    if sums is None:
        return
    where, fix = f"environment {inputs.settings.environment}", FIX if sums.nodes.count == 1 else FIX_OF_NODES
    short = [line for line in lines(sums) if line.short]
    for line in short:
        free, total, reserve = (amount(line, number) for number in (line.free, line.total, line.reserve))
        yield Problem(where, f"{line.name}: {free} of {total} left, less than {reserve}", fix)
    missing = [line for line in _lines(sums, sums.nodes.count, sums.at_once) if _is_request(line) and line.free < 0]
    for line in missing:
        if line.name not in {one.name for one in short}:
            message = f"{line.name}: {amount(line, -line.free)} are missing {AT_ONCE}"
            yield Problem(where, message, f"{PIN}, or {fix}")
    if sums.nodes.count > 1:
        yield from _places(inputs, sums, {line.name for line in short if _is_request(line)}, at_once=not missing)


def _is_request(line: Line) -> bool:
    return "requests" in line.name


def _places(inputs: Inputs, sums: Ledger, short: set[str], *, at_once: bool) -> Iterator[Problem]:
    """What a node is too small for, and pods that have no place.

    `short` are the names of lines that say already that there is too little; `at_once` whether there is enough for a
    rollout of all tiers.
    """
    nodes, machine = sums.nodes.count, sums.nodes.machine
    rest, extras = _pods(inputs, nodes)
    room, whole = _room(machine, machine.reserve), _room(machine, 0)
    too_large = {pods.where: pods for pods in (*rest, *(one for batch in extras.values() for one in batch))}
    problems = {where: list(_too_large(pods, room)) for where, pods in too_large.items()}
    for of_one in problems.values():
        yield from of_one

    def fitting(batch: Iterable[Pods]) -> list[Pods]:
        return [pods for pods in batch if not problems[pods.where]]

    def extra_of(tiers: Iterable[str]) -> list[Pods]:
        return fitting(pods for tier in tiers for pods in extras.get(tier, ()))

    at_rest, missing = fitting(rest), list[tuple[str, Missing]]()
    if all(name.endswith(LOST) for name in short):
        scenarios: list[tuple[str, tuple[str, ...], Footprint]] = [("at rest", (), room)]
        waves = [tuple(tier for tier in tiers if tier in extras) for tiers in sums.waves]
        scenarios += ((f"in a rollout of {' and '.join(tiers)}", tiers, room) for tiers in waves)
        scenarios += [(AT_ONCE, tuple(extras), whole)] if at_once else []
        for when, tiers, there in scenarios:
            missing += ((when, one) for one in place((at_rest, extra_of(tiers)), nodes, there)[1])
    if not any(name.endswith(LOST) for name in short):
        missing += ((LOST.strip(), one) for one in place([at_rest], nodes - 1, room, lost=1)[1])
    first: dict[str, Problem] = {}
    for when, one in missing:
        first.setdefault(one.pods.where, _without_a_place(when, one))
    yield from first.values()


def amount(line: Line, number: int) -> str:
    """A number of the line with its unit."""
    return f"{number}m" if line.name.startswith("CPU") else f"{number // MIB}Mi"


def _pods(inputs: Inputs, nodes: int) -> tuple[list[Pods], dict[str, list[Pods]]]:
    """The pods at rest, and by tier those that come on top of them for a while."""
    rest: list[Pods] = []
    extras: dict[str, list[Pods]] = {}
    every = at_most((obj.manifest for obj in inputs.rendered), nodes)
    for workload, manifest in zip(inputs.rendered, every, strict=True):
        everywhere = is_daemon_set(manifest)
        for number, batch in (
            (steady(manifest).pods, rest),
            (extra(manifest).pods, extras.setdefault(workload.tier, [])),
        ):
            if number:
                batch.append(pods_of(workload, number, pod(manifest), on_each_node=everywhere))
    return rest, extras


def _room(machine: Machine, reserve: float) -> Footprint:
    """What a node has for the platform's pods, where that part of it has to stay free."""
    return Footprint(
        cpu=machine.cpu - machine.cpu_used - round(machine.cpu * reserve),
        memory=machine.memory - machine.memory_used - round(machine.memory * reserve),
        disk=machine.disk - machine.disk_used - round(machine.disk * reserve),
        pods=MOST_PODS - round(MOST_PODS * machine.reserve),
    )


def _too_large(pods: Pods, room: Footprint) -> Iterator[Problem]:
    """What of one pod is more than an empty node has."""
    request = pods.request
    for name, needed, there, write in (
        ("CPU request", request.cpu, room.cpu, cpu_text),
        ("memory request", request.memory, room.memory, memory_text),
        ("memory limit", request.memory_limit, room.memory, memory_text),
        ("request of ephemeral storage", request.disk, room.disk, memory_text),
        ("limit of ephemeral storage", request.disk_limit, room.disk, memory_text),
    ):
        if needed > there:
            message = f"the {name} of a pod is {write(needed)}, but a node has {write(max(there, 0))} for it"
            yield Problem(pods.where, message, f"{LOWER}, or use larger nodes")


def _without_a_place(when: str, missing: Missing) -> Problem:
    pods = missing.pods
    requests = f"{cpu_text(pods.request.cpu)} CPU and {memory_text(pods.request.memory)} memory"
    if missing.kept_off:
        message = f"its spread constraint or an anti-affinity leaves {missing.number} of its pods no node {when}"
        fix = "let it be preferred: ScheduleAnyway, preferredDuringScheduling; or add a node"
        return Problem(pods.where, message, fix)
    message = f"no node has room for {missing.number} of its pods {when}, each of which requests {requests}"
    return Problem(pods.where, message, f"{PIN}, or {FIX_OF_NODES}" if when == AT_ONCE else FIX_OF_NODES)


def quotas_hold(inputs: Inputs) -> Iterator[Problem]:
    """Each ResourceQuota holds its namespace at its peak; otherwise pods are refused, some of them for ever.

    Quotas with scopes are not looked at.
    """
    nodes = inputs.settings.nodes.count if inputs.settings.nodes else 1
    for quota in inputs.of("ResourceQuota"):
        if quota.spec.get("scopes") or quota.spec.get("scopeSelector"):
            continue
        most = peak((one.manifest for one in inputs.rendered), quota.namespace, nodes)
        hard = quota.spec.get("hard") or {}
        for name in sorted(hard.keys() & QUOTAS.keys()):
            read, write, field = QUOTAS[name]
            needed = getattr(most, field)
            if read(hard[name]) < needed:
                message = f"{name} is {hard[name]}, but the namespace needs {write(needed)} at its peak"
                yield Problem(quota.where, message, f"{SYNTH}: quotas follow from what is rendered")
