"""Each tier's components and commits, as far as the cluster has them, and the reasons that are found with them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from chatdb.deploy.objects import WAITED, Key, Manifest, component_of, key, progress, ready
from chatdb.deploy.plan import Step
from chatdb.deploy.reasons import Reason, reasons
from chatdb.deploy.reasons.applications import is_fine, reasons_of_application
from chatdb.deploy.reasons.refusals import refusal
from chatdb.deploy.rollout import State
from chatdb.status.commits import Commits
from chatdb.status.model import Revision
from chatdb.status.read import Reading
from constructs_lib.settings import COMMIT, Settings


@dataclass(frozen=True, slots=True)
class Finding:
    """A reason and where it was found: <tier>/<component>, a tier, or an Application."""

    reason: Reason
    place: str
    wave: int
    component: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """A component as the cluster has it: its objects that are not ready, and those that are missing."""

    name: str
    pending: tuple[Manifest, ...]
    missing: tuple[str, ...]

    @property
    def ready(self) -> bool:
        """Whether every object exists and is ready."""
        return not self.pending and not self.missing

    @property
    def detail(self) -> str:
        """How far it is."""
        parts = [*(progress(one) for one in self.pending), *(f"{name} is missing" for name in self.missing)]
        return ", ".join(parts)


@dataclass(frozen=True, kw_only=True, slots=True)
class Tier:
    """A tier as the cluster has it."""

    wave: int
    step: Step
    application: Manifest | None
    members: tuple[Member, ...]
    revision: Revision
    findings: tuple[Finding, ...]
    in_place: bool
    """Whether it is at the revision that it should be at, with nothing under way."""

    @property
    def name(self) -> str:
        """Its name."""
        return self.step.tier

    @property
    def ready(self) -> bool:
        """Whether all of it is as it should be."""
        return self.in_place and all(member.ready for member in self.members)


def tier_of(wave: int, step: Step, reading: Reading, settings: Settings, commits: Commits) -> Tier:
    """Everything of one tier."""
    application = reading.applications.get(settings.application(step.tier))
    members = tuple(_members(step, application, reading))
    followed = bool(reading.applications)
    target = settings.target(step.tier)
    revision = _revision(application, target, commits) if followed else Revision()
    at_target = application is not None and _asks_for(application) == target and revision.runs == revision.should_run
    return Tier(
        wave=wave,
        step=step,
        application=application,
        members=members,
        revision=revision,
        findings=tuple(_findings(wave, step, application, members, reading)),
        in_place=(at_target and is_fine(application or {})) if followed else True,
    )


def _asks_for(application: Manifest) -> str:
    return str(application["spec"].get("source", {}).get("targetRevision", ""))


def _members(step: Step, application: Manifest | None, reading: Reading) -> Iterator[Member]:
    """The components of what the tier should have: by its Application, else as this clone renders it."""
    planned = {key(manifest): component_of(manifest) for manifest in step.waited}
    wanted = _resources(application) or list(planned)
    names: dict[str, list[Key]] = {}
    for name in wanted:
        live = reading.seen.get(*name)
        names.setdefault(component_of(live) if live else planned.get(name, _component(name, planned)), []).append(name)
    for component, keys in sorted(names.items()):
        existing = [one for one in (reading.seen.get(*name) for name in keys) if one]
        yield Member(
            name=component,
            pending=tuple(one for one in existing if not ready(one) or "deletionTimestamp" in one["metadata"]),
            missing=tuple(f"{name[0]} {name[2]}" for name in keys if not reading.seen.get(*name)),
        )


def _component(name: Key, planned: Mapping[Key, str]) -> str:
    """A Job of another commit has another hash at the end of its name."""
    return next((one for one in planned.values() if name[2].startswith(f"{one}-")), name[2])


def _resources(application: Manifest | None) -> list[Key]:
    entries = (application or {}).get("status", {}).get("resources") or ()
    return [
        (one["kind"], one.get("namespace", ""), one["name"])
        for one in entries
        if one["kind"] in WAITED and not one.get("requiresPruning") and not one.get("hook")
    ]


def _findings(
    wave: int, step: Step, application: Manifest | None, members: Iterable[Member], reading: Reading
) -> Iterator[Finding]:
    if application:
        yield from of_application(application, reading, step.tier, wave)
    for reason in dict.fromkeys(_unknown_kinds(step, reading)):
        yield Finding(reason, step.tier, wave)
    for member in members:
        place = f"{step.tier}/{member.name}"
        found = {
            one.kind: one for workload in member.pending for one in reversed(list(reasons(workload, reading.seen)))
        }
        for reason in sorted(found.values(), key=lambda one: one.grace):
            yield Finding(reason, place, wave, member.name)


def of_application(application: Manifest, reading: Reading, place: str, wave: int) -> Iterator[Finding]:
    """What Argo CD says of one Application."""
    project = reading.projects.get(application["spec"].get("project", ""))
    return (Finding(one, place, wave) for one in reasons_of_application(application, project, reading.now))


def _unknown_kinds(step: Step, reading: Reading) -> Iterator[Reason]:
    for manifest in step.manifests:
        if (manifest["apiVersion"], manifest["kind"]) in reading.unknown_kinds:
            words = f'no matches for kind "{manifest["kind"]}" in version "{manifest["apiVersion"]}"'
            if reason := refusal(manifest, words):
                yield reason


def _revision(application: Manifest | None, target: str, commits: Commits) -> Revision:
    """What is in place is what was compared last where that is Synced, else what was synced last."""
    status = (application or {}).get("status", {})
    compared = status.get("sync", {})
    history = status.get("history") or ()
    runs = (
        compared.get("revision")
        if compared.get("status") == "Synced"
        else history[-1].get("revision")
        if history
        else ""
    )
    pinned = COMMIT.fullmatch(target) is not None
    seen = str(compared.get("revision") or "")
    tip = commits.tip if not pinned and commits.contains(commits.tip, seen) else seen
    should_run = target if pinned else tip
    return Revision(
        runs=str(runs or ""),
        target=target,
        should_run=should_run,
        committed=commits.committed(should_run),
        pushed=commits.pushed(should_run),
    )


def state_of(tier: Tier, *, held: bool) -> State:
    """Ready; waiting for an earlier wave; or rolling out."""
    if tier.ready:
        return State.READY
    return State.WAITING if held and not tier.findings and not _moving(tier) else State.ROLLING


def _moving(tier: Tier) -> bool:
    return any(member.pending for member in tier.members)
