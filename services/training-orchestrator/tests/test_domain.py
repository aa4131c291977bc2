"""A job's life, without HTTP, Kafka or SQL."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatdb_common.ids import new_id
from chatdb_common.messages import TrainingEvent, TrainingEventType, TrainingResult
from training_orchestrator.domain import (
    LEASE,
    MOST_ATTEMPTS,
    TERMINAL,
    AlreadyOver,
    Change,
    Job,
    Status,
    cancel,
    expire,
    observe,
)

NOW = datetime(2026, 11, 25, tzinfo=UTC)
RESULT = TrainingResult(model_name="m", version=1, sha256="0" * 64, metrics={"accuracy": 1.0}, task="classification")


def new_job() -> Job:
    """A job in the queue."""
    return Job(id=new_id(), model_name="m", dataset_location="s3://test/data.csv", created_at=NOW, updated_at=NOW)


def event(job: Job, kind: TrainingEventType, attempt: int = 1, worker: str = "w1") -> TrainingEvent:
    """What a worker says."""
    details = {"result": RESULT if kind is TrainingEventType.SUCCEEDED else None}
    error = "no target" if kind is TrainingEventType.FAILED else None
    return TrainingEvent(type=kind, job_id=job.id, attempt=attempt, worker=worker, error=error, **details)


def after(job: Job, *events: TrainingEvent, now: datetime = NOW) -> Job:
    """The job after these events."""
    for one in events:
        for change in observe(job, one, now):
            job = change.job
    return job


def running() -> Job:
    """A job that worker w1 has."""
    job = new_job()
    return after(job, event(job, TrainingEventType.STARTED))


def test_start_gives_a_lease() -> None:
    """A started job belongs to its worker until the lease is over."""
    job = running()
    assert (job.status, job.attempts, job.lease_owner) == (Status.RUNNING, 1, "w1")
    assert job.lease_expires_at == NOW + LEASE


def test_heartbeat_moves_the_lease_only() -> None:
    """A heartbeat is no change of status: the version stays."""
    job = running()
    later = after(job, event(job, TrainingEventType.HEARTBEAT), now=NOW + timedelta(seconds=9))
    assert later.lease_expires_at == NOW + timedelta(seconds=9) + LEASE
    assert later.version == job.version


def test_heartbeat_of_a_stranger_is_nothing() -> None:
    """Only who holds the lease renews it."""
    job = running()
    assert observe(job, event(job, TrainingEventType.HEARTBEAT, worker="w2"), NOW) == []


def test_attempt_taken_over() -> None:
    """The message of a dead worker comes to another one, which starts the same attempt: the lease is its own then."""
    job = running()
    taken = after(job, event(job, TrainingEventType.STARTED, worker="w2"))
    assert (taken.lease_owner, taken.version, taken.attempts) == ("w2", job.version, 1)


def test_attempt_taken_over_has_the_rest_of_the_lease() -> None:
    """A job that kills one worker after the other is given up in time; a worker that lives is heard before that."""
    job = running()
    later = NOW + timedelta(seconds=9)
    taken = after(job, event(job, TrainingEventType.STARTED, worker="w2"), now=later)
    assert taken.lease_expires_at == NOW + LEASE
    heard = after(taken, event(job, TrainingEventType.HEARTBEAT, worker="w2"), now=later)
    assert heard.lease_expires_at == later + LEASE
    tried_again = after(job, event(job, TrainingEventType.STARTED), now=later)
    assert tried_again.lease_expires_at == later + LEASE


def test_success_keeps_the_result() -> None:
    """A job that succeeded names the registered version, and has no lease."""
    job = running()
    done = after(job, event(job, TrainingEventType.SUCCEEDED))
    assert (done.status, done.lease_owner, done.finished_at) == (Status.SUCCEEDED, None, NOW)
    assert done.result is not None
    assert done.result["version"] == 1


def test_end_that_comes_without_a_start() -> None:
    """A job whose start was put aside as poison still ends, by way of RUNNING."""
    job = new_job()
    changes = observe(job, event(job, TrainingEventType.FAILED), NOW)
    assert [change.job.status for change in changes] == [Status.RUNNING, Status.FAILED]
    assert changes[-1].job.error == "no target"


def test_dead_worker_returns_the_job_at_most_n_times() -> None:
    """Each expired lease queues the job again, until the last attempt fails it with the reason."""
    job = new_job()
    for attempt in range(1, MOST_ATTEMPTS + 1):
        job = after(job, event(job, TrainingEventType.STARTED, attempt))
        job = expire(job, NOW).job
        assert job.status is (Status.QUEUED if attempt < MOST_ATTEMPTS else Status.FAILED)
    assert job.error is not None
    assert "w1" in job.error


def test_given_up_attempt_is_not_heard() -> None:
    """What the worker of an earlier attempt says changes nothing."""
    job = expire(running(), NOW).job
    for kind in TrainingEventType:
        assert observe(job, event(job, kind, attempt=1), NOW) == []


def test_cancel() -> None:
    """A job that waits or runs is cancelled; twice is once; one that ended otherwise stays as it is."""
    change = cancel(running(), NOW)
    assert change is not None
    assert change.job.status is Status.CANCELLED
    assert cancel(change.job, NOW) is None
    job = running()
    with pytest.raises(AlreadyOver, match="succeeded"):
        cancel(after(job, event(job, TrainingEventType.SUCCEEDED)), NOW)


MOVES = st.one_of(
    st.tuples(st.sampled_from(list(TrainingEventType)), st.integers(1, 4), st.sampled_from(["w1", "w2"])),
    st.sampled_from(["cancel", "expire"]),
)


@given(st.lists(MOVES, max_size=20))
def test_any_order_of_events_keeps_the_rules(moves: list[tuple[TrainingEventType, int, str] | str]) -> None:
    """Whatever comes in whatever order: the end is final, versions count by one, a lease is there while RUNNING."""
    job = new_job()
    for move in moves:
        changes: list[Change] = []
        if isinstance(move, tuple):
            changes = observe(job, event(job, *move), NOW)
        elif move == "cancel" and job.status not in TERMINAL:
            changes = [change] if (change := cancel(job, NOW)) else []
        elif move == "expire" and job.status is Status.RUNNING:
            changes = [expire(job, NOW)]
        assert not (changes and job.status in TERMINAL)
        for change in changes:
            assert change.job.version == job.version + (change.transition is not None)
            assert (change.job.status is Status.RUNNING) == (change.job.lease_owner is not None)
            assert change.job.attempts <= MOST_ATTEMPTS + 1
            job = change.job
