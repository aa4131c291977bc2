"""A job's life: QUEUED -> RUNNING -> SUCCEEDED, FAILED or CANCELLED, and back to QUEUED when its worker dies.

Nothing here knows of HTTP, Kafka or SQL: each function says what a job becomes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from chatdb_common.messages import Task, TrainingEvent, TrainingEventType

LEASE = timedelta(seconds=30)
"""A worker that is not heard of for so long is dead."""

MOST_ATTEMPTS = 3
"""So many workers may die of one job."""


class Status(StrEnum):
    """Where a job is."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


TERMINAL = frozenset({Status.SUCCEEDED, Status.FAILED, Status.CANCELLED})


class AlreadyOver(Exception):
    """The job has ended, and stays as it is."""


class UnknownJob(Exception):
    """There is no such job."""


class QueueFull(Exception):
    """No more jobs are taken for now."""


class Conflict(Exception):
    """Somebody else changed the job between its reading and its writing."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """One training job; `version` counts its changes of status, `attempts` the workers it was handed to."""

    id: UUID
    model_name: str
    dataset_location: str
    target_column: str | None = None
    task: Task | None = None
    cpu_request: float | None = None
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    status: Status = Status.QUEUED
    version: int = 1
    attempts: int = 0
    lease_owner: str | None = None
    lease_expires_at: datetime | None = None
    result: Mapping[str, Any] | None = None
    error: str | None = None
    trace: Mapping[str, str] = field(default_factory=dict)
    """The headers that carry the trace of the request for it: each attempt belongs to that."""
    created_at: datetime
    updated_at: datetime
    finished_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Transition:
    """One change of status, under the version it made."""

    version: int
    from_status: Status | None
    to_status: Status
    reason: str | None
    at: datetime


@dataclass(frozen=True)
class Change:
    """What a job becomes; without a transition only its lease is another one."""

    job: Job
    transition: Transition | None


def queue(job: Job) -> Transition:
    """The beginning of a new job's history."""
    return Transition(version=job.version, from_status=None, to_status=job.status, reason=None, at=job.created_at)


def cancel(job: Job, now: datetime) -> Change | None:
    """The job, cancelled; None where it is already, AlreadyOver where it ended otherwise."""
    if job.status is Status.CANCELLED:
        return None
    if job.status in TERMINAL:
        raise AlreadyOver(f"the job has {job.status.lower()}")
    return _move(job, Status.CANCELLED, now, "cancelled by a request")


def expire(job: Job, now: datetime) -> Change:
    """A running job whose worker is dead: back to the queue, or failed where that happened too often."""
    reason = f"worker {job.lease_owner} was not heard of for {LEASE.seconds} seconds"
    if job.attempts < MOST_ATTEMPTS:
        return _move(job, Status.QUEUED, now, reason)
    error = f"{job.attempts} workers died of this job; the last: {reason}"
    return _move(job, Status.FAILED, now, reason, error=error)


def observe(job: Job, event: TrainingEvent, now: datetime) -> list[Change]:
    """What a worker's event makes of the job; nothing where it comes too late, or from an attempt that was given up."""
    if job.status in TERMINAL:
        return []
    changes = []
    if job.status is Status.QUEUED and event.attempt == job.attempts + 1:
        changes.append(_start(job, event, now))
        job = changes[0].job
    if job.status is not Status.RUNNING or event.attempt != job.attempts:
        return []
    if event.type is TrainingEventType.SUCCEEDED and event.result is not None:
        return [*changes, _move(job, Status.SUCCEEDED, now, None, result=event.result.model_dump(mode="json"))]
    if event.type is TrainingEventType.FAILED:
        return [*changes, _move(job, Status.FAILED, now, event.error, error=event.error)]
    return changes or _renew(job, event, now)


def _start(job: Job, event: TrainingEvent, now: datetime) -> Change:
    return _move(
        job,
        Status.RUNNING,
        now,
        f"attempt {event.attempt} by worker {event.worker}",
        attempts=event.attempt,
        lease_owner=event.worker,
        lease_expires_at=now + LEASE,
    )


def _renew(job: Job, event: TrainingEvent, now: datetime) -> list[Change]:
    """The lease, longer.

    Who starts an attempt that runs already got it from Kafka after its first worker's death, and has what is left of
    the lease to be heard of: otherwise a job that kills one worker after the other would never be given up.
    """
    if event.worker == job.lease_owner:
        return [Change(replace(job, lease_expires_at=now + LEASE, updated_at=now), None)]
    if event.type is TrainingEventType.STARTED:
        return [Change(replace(job, lease_owner=event.worker, updated_at=now), None)]
    return []


def _move(job: Job, to: Status, now: datetime, reason: str | None, **fields: Any) -> Change:
    over = {"finished_at": now} if to in TERMINAL else {}
    no_lease = {"lease_owner": None, "lease_expires_at": None}
    moved = replace(job, **{**no_lease, **over, **fields, "status": to, "version": job.version + 1, "updated_at": now})
    return Change(moved, Transition(version=moved.version, from_status=job.status, to_status=to, reason=reason, at=now))
