"""New jobs: those that come while a transaction is under way share the next one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from chatdb_common.failpoints import failpoint
from chatdb_common.group_commit import Entry
from chatdb_common.idempotency import Reply, once
from chatdb_common.problems import ProblemDetails
from training_orchestrator.adapters import Begin, PostgresWork
from training_orchestrator.domain import QueueFull
from training_orchestrator.service_layer import Intake, Order
from training_orchestrator.views import JobView


class Waker(Protocol):
    """Who sends what a transaction left in the outbox."""

    def wake(self) -> None:
        """Look at once."""


@dataclass(frozen=True)
class Submission:
    """What POST /jobs was sent: an order's fields, and its Idempotency-Key."""

    order: Mapping[str, Any]
    key: str | None


Group = Sequence[Entry[Submission]]


def keep(begin_work: Begin, relay: Waker, group: Group) -> list[Reply | Exception]:
    """Queue the group's jobs in one transaction; what to answer each, or why it is refused."""
    with begin_work() as work:
        # The queue is held: each answer of the database that is waited for makes everybody slower.
        with work.together():
            intake = Intake(work)
            outcomes = [entry.context.run(_keep, work, intake, entry.request) for entry in group]
        failpoint("job-uncommitted")
    failpoint("job-unanswered")
    relay.wake()
    return outcomes


def _keep(work: PostgresWork, intake: Intake, submission: Submission) -> Reply | Exception:
    def act() -> Reply:
        job = JobView.model_validate(intake.submit(Order(**submission.order)))
        return Reply(201, job.model_dump(mode="json"), {"Location": f"jobs/{job.id}"})

    try:
        return once(work.connection, scope="POST /jobs", key=submission.key, request=submission.order, act=act)
    except (ProblemDetails, QueueFull) as refusal:
        return refusal
