"""From what was found to causes: the deepest first, each with what is not ready because of it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from chatdb.status.model import Cause
from chatdb.status.tiers import Finding, Tier
from constructs_lib.resolved import ResolvedPlatform

EFFECTS = frozenset({"probe", "crash", "progress"})
"""Reasons that a component also has while one that it depends on is not ready."""
WHOLE = frozenset({"node", "namespace", "finalizer", "no-namespace"})
"""Reasons beside which all others of the same component are their effects."""
OF_POD = frozenset({"probe", "crash", "memory", "image", "room", "container", "progress"})
"""Reasons that are each component's own, whatever object they come from."""


@dataclass(frozen=True, slots=True)
class _Split:
    """What is found, apart by whether it is a cause; `after` has the component that an effect follows from."""

    causes: tuple[Finding, ...]
    after: Mapping[str, str]


def causes(found: Sequence[Finding], tiers: Sequence[Tier], platform: ResolvedPlatform) -> tuple[Cause, ...]:
    """Each once, in the order of the waves."""
    split = _split(found, tiers, platform)
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in sorted(split.causes, key=lambda one: one.wave):
        reason = finding.reason
        own = finding.place if reason.kind in OF_POD else reason.held_by
        groups.setdefault((reason.kind, own), []).append(finding)
    return tuple(_cause(group, tiers, split.after, first=number == 0) for number, group in enumerate(groups.values()))


def _split(found: Sequence[Finding], tiers: Sequence[Tier], platform: ResolvedPlatform) -> _Split:
    unready = {
        member.name: f"{tier.name}/{member.name}" for tier in tiers for member in tier.members if not member.ready
    }
    whole = {finding.component for finding in found if finding.reason.kind in WHOLE}
    after: dict[str, str] = {}
    chosen: list[Finding] = []
    for finding in found:
        kind, component = finding.reason.kind, finding.component
        if component in whole and kind not in WHOLE:
            continue
        needed = next((name for name in _all_after(platform, component) if name in unready), None)
        if kind in EFFECTS and needed:
            after[finding.place] = unready[needed]
        else:
            chosen.append(finding)
    return _Split(tuple(chosen), after)


def _all_after(platform: ResolvedPlatform, name: str) -> Iterator[str]:
    """What the component depends on to start, directly or not; the nearest last."""
    known = {component.name: component for component in platform.components}
    direct = known[name].after if name in known else ()
    for other in direct:
        yield from _all_after(platform, other)
        yield other


def _cause(group: Sequence[Finding], tiers: Sequence[Tier], after: Mapping[str, str], *, first: bool) -> Cause:
    """`first`, it also holds the later waves."""
    reason, wave = group[0].reason, group[0].wave
    places = tuple(dict.fromkeys(finding.place for finding in group))
    effects = [f"{place} is not ready: it depends on {cause}" for place, cause in after.items() if cause in places]
    missing = [
        f"{tier.name}/{member.name} is missing"
        for tier in tiers
        for member in tier.members
        if tier.name in places and member.missing and not member.pending
    ]
    waiting = [_consequence(tier, tiers) for tier in _waiting(tiers, wave)] if first else []
    return Cause(
        kind=reason.kind,
        held_by=reason.held_by,
        since=min((one.reason.since for one in group if one.reason.since), default=""),
        message=reason.message,
        fix=reason.fix,
        places=places,
        consequences=(*effects, *missing, *waiting),
    )


def _waiting(tiers: Iterable[Tier], wave: int) -> Iterator[Tier]:
    """Later tiers that are not in place, or have nothing yet."""
    for tier in tiers:
        nothing = not tier.in_place or any(member.missing for member in tier.members)
        if tier.wave > wave and nothing and not tier.findings:
            yield tier


def _consequence(tier: Tier, tiers: Iterable[Tier]) -> str:
    held = any(other.wave < tier.wave and not other.ready for other in tiers)
    return f"tier {tier.name} {'waits for an earlier wave' if held else 'is not in place'}"
