"""Jobs in PostgreSQL; the role's search path is the schema."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from typing import Any, LiteralString
from uuid import UUID

from psycopg.rows import class_row, scalar_row, tuple_row
from psycopg.types.json import Jsonb

from chatdb_common import inbox, outbox
from chatdb_common.database import STATEMENT_SECONDS, Connection, Pool
from chatdb_common.messages import JobMessage, TrainingEvent
from chatdb_common.publisher import record
from training_orchestrator import metrics
from training_orchestrator.domain import Change, Conflict, Job, Status, Transition, UnknownJob
from training_orchestrator.settings import Settings

COLUMNS = (
    "id, model_name, dataset_location, target_column, task, cpu_request::float8 AS cpu_request, hyperparameters,"
    " status, version, attempts, lease_owner, lease_expires_at, result, error, trace, created_at, updated_at,"
    " finished_at"
)
# What training did with each of hundreds of columns is shown with one job, and would be megabytes in a list.
LISTED = COLUMNS.replace(" result,", " result - 'columns' AS result,")
# Who counts the queue to add to it holds this until the job is there.
QUEUE_LOCK = 20261126


@contextmanager
def begin(pool: Pool, settings: Settings) -> Iterator["PostgresWork"]:
    """One transaction: committed at the end, undone by an error."""
    with pool.connection() as connection:
        work = PostgresWork(connection, settings)
        yield work
    for before, change in work.changes:
        metrics.note_change(before, change)


Begin = Callable[[], AbstractContextManager["PostgresWork"]]


class PostgresWork:
    """The jobs, the outbox and the inbox, as one transaction sees them."""

    def __init__(self, connection: Connection, settings: Settings) -> None:
        """In the transaction of this connection."""
        self.connection = connection
        self._settings = settings
        self.changes: list[tuple[Job | None, Change]] = []

    def first_time(self, event: TrainingEvent) -> bool:
        """Note the event; whether it is not a second delivery."""
        return inbox.first_time(self.connection, self._settings.events_topic, event)

    def send(self, message: JobMessage) -> None:
        """Tell the workers, once this is committed."""
        outbox.add(self.connection, record(self._settings.training_topic, message))

    def now(self) -> datetime:
        """The database's time: leases are held against one clock, whichever replica looks."""
        now: datetime = self._scalar("SELECT now()")
        return now

    def add(self, job: Job, transition: Transition) -> None:
        """A new job, with the beginning of its history."""
        self.connection.execute(
            "INSERT INTO jobs (id, model_name, dataset_location, target_column, task, cpu_request, hyperparameters,"
            " status, version, trace, created_at, updated_at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                job.id,
                job.model_name,
                job.dataset_location,
                job.target_column,
                job.task,
                job.cpu_request,
                Jsonb(dict(job.hyperparameters)),
                job.status,
                job.version,
                Jsonb(dict(job.trace)),
                job.created_at,
                job.updated_at,
            ),
        )
        self._add_transition(job.id, transition)
        self.changes.append((None, Change(job, transition)))

    def get(self, job_id: UUID, *, lock: bool = False) -> Job:
        """The job; with `lock` nobody else changes it before this transaction ends."""
        suffix = " FOR UPDATE" if lock else ""
        jobs = self._select(f"WHERE id = %s{suffix}", (job_id,))
        if not jobs:
            raise UnknownJob(f"there is no job {job_id}")
        return jobs[0]

    def page(self, *, status: Status | None, model_name: str | None, before: UUID | None, limit: int) -> list[Job]:
        """The newest jobs that fit, older than the one named `before`; without the columns of their data sets."""
        conditions = {"status = %s": status, "model_name = %s": model_name, "id < %s": before}
        used = {condition: value for condition, value in conditions.items() if value is not None}
        where = "WHERE " + " AND ".join(used) if used else ""
        return self._select(f"{where} ORDER BY id DESC LIMIT %s", (*used.values(), limit), LISTED)

    def expired(self, limit: int) -> list[Job]:
        """Running jobs with a lease that is over, locked; those that another replica looks at are left out."""
        return self._select(
            "WHERE status = 'RUNNING' AND lease_expires_at < now() ORDER BY lease_expires_at LIMIT %s"
            " FOR UPDATE SKIP LOCKED",
            (limit,),
        )

    def active(self) -> Mapping[Status, tuple[int, float]]:
        """How many jobs wait or run, and since when (seconds since 1970) the oldest of them is there."""
        rows = self.connection.execute(
            "SELECT status, count(*) AS jobs, extract(epoch FROM min(created_at))::float8 AS oldest"
            " FROM jobs WHERE status IN ('QUEUED', 'RUNNING') GROUP BY status"
        )
        return {Status(row["status"]): (row["jobs"], row["oldest"]) for row in rows}

    def together(self) -> AbstractContextManager[object]:
        """Statements within it wait for no answer but what is read; an error of one is raised by the end of it."""
        return self.connection.pipeline()

    def hold_queue(self) -> tuple[int, datetime]:
        """Nobody else adds to the queue before this transaction ends: a bound that is counted holds."""
        self.connection.execute("SELECT pg_advisory_xact_lock(%s)", (QUEUE_LOCK,))
        # A statement of its own: one that began before the lock was given would count what was there then.
        with self.connection.cursor(row_factory=tuple_row) as cursor:
            cursor.execute("SELECT count(*), now() FROM jobs WHERE status = 'QUEUED'")
            queued, now = cursor.fetchall()[0]
        return queued, now

    def save(self, before: Job, change: Change) -> None:
        """Write the change; Conflict where the job is not what it was made from."""
        job = change.job
        done = self.connection.execute(
            "UPDATE jobs SET status = %s, version = %s, attempts = %s, lease_owner = %s, lease_expires_at = %s,"
            " result = %s, error = %s, updated_at = %s, finished_at = %s WHERE id = %s AND version = %s",
            (
                job.status,
                job.version,
                job.attempts,
                job.lease_owner,
                job.lease_expires_at,
                None if job.result is None else Jsonb(dict(job.result)),
                job.error,
                job.updated_at,
                job.finished_at,
                job.id,
                before.version,
            ),
        )
        if done.rowcount != 1:
            raise Conflict(f"job {job.id} is not at version {before.version} any more")
        if change.transition is not None:
            self._add_transition(job.id, change.transition)
        self.changes.append((before, change))

    def transitions(self, job_id: UUID) -> list[Transition]:
        """The job's history, oldest first."""
        with self.connection.cursor(row_factory=class_row(Transition)) as cursor:
            cursor.execute(
                "SELECT version, from_status, to_status, reason, at FROM transitions WHERE job_id = %s"
                " ORDER BY version",
                (job_id,),
            )
            return cursor.fetchall()

    def forget(self, age: timedelta) -> int:
        """Remove what only kept deliveries from counting twice, once nobody delivers it any more; how many rows."""
        removed = 0
        with self.connection.within(STATEMENT_SECONDS):
            for table, column in (
                ("inbox", "received_at"),
                ("outbox", "published_at"),
                ("idempotency_keys", "created_at"),
            ):
                removed += self.connection.execute(
                    f"DELETE FROM {table} WHERE {column} < now() - %s",  # noqa: S608 - both are named right here
                    (age,),
                ).rowcount
        return removed

    def _select(self, rest: str, parameters: Sequence[Any], columns: str = COLUMNS) -> list[Job]:
        query = f"SELECT {columns} FROM jobs {rest}"  # noqa: S608 - no input in it
        return [_job(**row) for row in self.connection.execute(query, parameters)]

    def _scalar(self, query: LiteralString) -> Any:
        with self.connection.cursor(row_factory=scalar_row) as cursor:
            return cursor.execute(query).fetchone()

    def _add_transition(self, job_id: UUID, transition: Transition) -> None:
        self.connection.execute(
            "INSERT INTO transitions (job_id, version, from_status, to_status, reason, at)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            (
                job_id,
                transition.version,
                transition.from_status,
                transition.to_status,
                transition.reason,
                transition.at,
            ),
        )


def _job(**row: Any) -> Job:
    return Job(**{**row, "status": Status(row["status"])})
