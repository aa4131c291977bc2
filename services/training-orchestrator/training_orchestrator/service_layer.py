"""What can be done with jobs; HTTP, Kafka and the reaper are doors to it.

Each function works in the transaction of its caller: what it decides and what it sends is committed together.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from chatdb_common import telemetry
from chatdb_common.ids import new_id
from chatdb_common.messages import JobMessage, JobMessageType, Task, TrainingEvent
from training_orchestrator.domain import Change, Job, QueueFull, Status, Transition, cancel, expire, observe, queue

MOST_QUEUED = 100
"""More jobs do not wait; one is trained in seconds, so that the last one waits for minutes."""

BATCH = 50


class Work(Protocol):
    """One transaction."""

    def now(self) -> datetime:
        """The time that leases are held against."""

    def add(self, job: Job, transition: Transition) -> None:
        """Keep a new job."""

    def get(self, job_id: UUID, *, lock: bool = False) -> Job:
        """The job; UnknownJob where there is none."""

    def save(self, before: Job, change: Change) -> None:
        """Keep a change; Conflict where the job is not `before` any more."""

    def hold_queue(self) -> tuple[int, datetime]:
        """Keep others from adding jobs until the end of this transaction; how many wait, and the time."""

    def expired(self, limit: int) -> list[Job]:
        """Running jobs whose lease is over, locked."""

    def first_time(self, event: TrainingEvent) -> bool:
        """Note the event; whether it is not a second delivery."""

    def send(self, message: JobMessage) -> None:
        """Tell the workers."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """What somebody wants to be trained."""

    model_name: str
    dataset_location: str
    target_column: str | None = None
    task: Task | None = None
    cpu_request: float | None = None
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)


class Intake:
    """The end of the queue, in one transaction: nobody else adds a job before it is over."""

    def __init__(self, work: Work) -> None:
        """Nothing is held before the first job comes."""
        self._work = work
        self._queued = 0
        self._now: datetime | None = None

    def submit(self, order: Order) -> Job:
        """A new job in the queue; QueueFull where too many wait."""
        if self._now is None:
            self._queued, self._now = self._work.hold_queue()
        if self._queued >= MOST_QUEUED:
            raise QueueFull(f"{MOST_QUEUED} jobs wait already")
        job = _queued(order, self._now)
        self._work.add(job, queue(job))
        self._work.send(_message(job, JobMessageType.REQUESTED, attempt=1))
        self._queued += 1
        return job


def _queued(order: Order, now: datetime) -> Job:
    return Job(
        id=new_id(),
        model_name=order.model_name,
        dataset_location=order.dataset_location,
        target_column=order.target_column,
        task=order.task,
        cpu_request=order.cpu_request,
        hyperparameters=order.hyperparameters,
        trace=telemetry.inject(),
        created_at=now,
        updated_at=now,
    )


def cancel_job(work: Work, job_id: UUID) -> Job:
    """The job, cancelled; UnknownJob, or AlreadyOver where it ended otherwise."""
    job = work.get(job_id, lock=True)
    change = cancel(job, work.now())
    if change is None:
        return job
    work.save(job, change)
    work.send(_message(change.job, JobMessageType.CANCELLED, attempt=max(1, job.attempts)))
    return change.job


def note_event(work: Work, event: TrainingEvent) -> None:
    """Let the job follow its worker; a second delivery, and what comes too late, changes nothing."""
    if not work.first_time(event):
        return
    job = work.get(event.job_id, lock=True)
    for change in observe(job, event, work.now()):
        work.save(job, change)
        job = change.job


def return_expired(work: Work) -> int:
    """Take jobs from dead workers, and queue them again or give them up; how many there were."""
    jobs = work.expired(BATCH)
    for job in jobs:
        change = expire(job, work.now())
        work.save(job, change)
        with telemetry.continued(job.trace):
            if change.job.status is Status.QUEUED:
                work.send(_message(change.job, JobMessageType.REQUESTED, attempt=job.attempts + 1))
            else:
                # Its last attempt was not acknowledged: the next worker that gets it must not try it again.
                work.send(_message(change.job, JobMessageType.CANCELLED, attempt=job.attempts))
    return len(jobs)


def _message(job: Job, kind: JobMessageType, attempt: int) -> JobMessage:
    return JobMessage(
        type=kind,
        job_id=job.id,
        attempt=attempt,
        model_name=job.model_name,
        dataset_location=job.dataset_location,
        target_column=job.target_column,
        task=job.task,
        cpu_request=job.cpu_request,
        hyperparameters=dict(job.hyperparameters),
    )
