"""A status for people: the causes, then a line for each tier and component."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from chatdb.deploy.rollout import Line, State
from chatdb.status.model import Cause, Engine, Revision, Status, TierStatus

SHORT = 7
BY = {
    Engine.ARGO_CD: "deployed by Argo CD",
    Engine.PLAIN: "deployed by `chatdb deploy`",
    Engine.NONE: "nothing of it is deployed",
}
UNITS = (
    ("d", timedelta(days=1)),
    ("h", timedelta(hours=1)),
    ("min", timedelta(minutes=1)),
    ("s", timedelta(seconds=1)),
)


def headline(status: Status) -> str:
    """What it is about, and whether all is well, in one line."""
    ready = sum(tier.state is State.READY for tier in status.tiers)
    verdict = "all is as it should be" if status.ok else f"{ready} of {len(status.tiers)} tiers ready"
    return f"{status.environment} on {status.context}, {BY[status.engine]}: {verdict}"


def cause_lines(status: Status, now: datetime | None = None) -> Iterator[str]:
    """Each cause with what holds it, the fix and what follows; with `now`, also for how long."""
    for number, cause in enumerate(status.causes):
        yield f"{'cause' if number == 0 else 'also '} {', '.join(cause.places)}: {cause.message}"
        yield f"  held by {cause.held_by}{_since(cause, now)}"
        yield f"  fix: {cause.fix}"
        yield from (f"  then: {consequence}" for consequence in cause.consequences)


def lines(status: Status, now: datetime) -> list[Line]:
    """One for each tier that an Application deploys, and one for each component."""
    return [line for tier in status.tiers for line in _lines(tier, now)]


def _lines(tier: TierStatus, now: datetime) -> Iterator[Line]:
    name = f"{tier.wave} {tier.name}"
    if tier.application:
        yield Line(name, tier.application, tier.state, "; ".join(filter(None, (tier.detail, at(tier.revision, now)))))
    for component in tier.components:
        yield Line(name, component.name, component.state, component.detail)


def at(revision: Revision, now: datetime) -> str:
    """The commit that runs, the one that should, and the age of that."""
    runs, wanted = revision.runs[:SHORT], revision.should_run[:SHORT] or revision.target
    text = f"at {runs}" if runs == wanted else f"at {runs or 'no commit'}, should be at {wanted}"
    age = next((f"{word} {_ago(time, now)} ago" for word, time in _times(revision) if time), "")
    return f"{text}, {age}" if age else text


def _times(revision: Revision) -> tuple[tuple[str, str], ...]:
    return ("pushed", revision.pushed), ("committed", revision.committed)


def _since(cause: Cause, now: datetime | None) -> str:
    if not cause.since:
        return ""
    return f", since {cause.since}" + (f" ({_ago(cause.since, now)})" if now else "")


def _ago(time: str, now: datetime) -> str:
    """How long ago that was, in the largest unit that fits."""
    passed = max(now - datetime.fromisoformat(time).astimezone(UTC), timedelta())
    unit, size = next(((unit, size) for unit, size in UNITS if passed >= size), UNITS[-1])
    return f"{passed // size} {unit}"
