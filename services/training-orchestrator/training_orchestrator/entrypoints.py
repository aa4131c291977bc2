"""The doors: HTTP, the events from Kafka, and the reaper."""

import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, FastAPI, Header, Query
from fastapi.responses import JSONResponse

from chatdb_common import database
from chatdb_common.consumer import ConsumerWorker
from chatdb_common.failpoints import failpoint
from chatdb_common.group_commit import GroupCommit
from chatdb_common.health import Check
from chatdb_common.messages import TrainingEvent
from chatdb_common.outbox import OutboxRelay
from chatdb_common.paging import decode_cursor, encode_cursor
from chatdb_common.problems import ProblemDetails
from chatdb_common.publisher import Publisher
from chatdb_common.service import Service
from chatdb_common.workers import Worker
from training_orchestrator import metrics
from training_orchestrator.adapters import Begin, begin
from training_orchestrator.domain import LEASE, AlreadyOver, Conflict, QueueFull, UnknownJob
from training_orchestrator.service_layer import cancel_job, note_event, return_expired
from training_orchestrator.settings import Settings
from training_orchestrator.submissions import Submission, Waker, keep
from training_orchestrator.views import JobFilter, JobHistory, JobPage, JobRequest, JobView, TransitionView

KIBIBYTE = 1024
REAP_SECONDS = 5.0
FORGET_SECONDS = 3600.0
# Longer than Kafka keeps what could be delivered again.
MEMORY = timedelta(days=8)
RETRY_AFTER_SECONDS = 10


def routes(begin_work: Begin, relay: Waker) -> APIRouter:
    """The HTTP door."""
    router = APIRouter()
    _add_writes(router, begin_work, relay)
    _add_reads(router, begin_work)
    return router


def _add_writes(router: APIRouter, begin_work: Begin, relay: Waker) -> None:
    submissions = GroupCommit(partial(keep, begin_work, relay), shared=database.TRANSIENT)

    @router.post("/jobs", status_code=201, response_model=JobView)
    async def create(
        request: JobRequest, idempotency_key: Annotated[str | None, Header(min_length=1, max_length=255)] = None
    ) -> JSONResponse:
        """Queue a job; 429 with Retry-After where too many wait."""
        reply = await submissions.take(Submission(request.model_dump(), idempotency_key))
        return JSONResponse(reply.body, reply.status, headers=reply.headers)

    @router.post("/jobs/{job_id}/cancel")
    def cancel(job_id: UUID) -> JobView:
        """End a job that has not ended; 409 where it has, unless it was cancelled before."""
        with begin_work() as work:
            job = cancel_job(work, job_id)
        relay.wake()
        return JobView.model_validate(job)


def _add_reads(router: APIRouter, begin_work: Begin) -> None:
    @router.get("/jobs")
    def list_jobs(wanted: Annotated[JobFilter, Query()]) -> JobPage:
        """The newest jobs that fit."""
        before = None if wanted.cursor is None else _uuid(decode_cursor(wanted.cursor)[0])
        with begin_work() as work:
            jobs = work.page(status=wanted.status, model_name=wanted.model_name, before=before, limit=wanted.limit + 1)
        items = jobs[: wanted.limit]
        more = len(jobs) > len(items)
        return JobPage(
            items=[JobView.model_validate(job) for job in items],
            next_cursor=encode_cursor(str(items[-1].id)) if more else None,
        )

    @router.get("/jobs/{job_id}")
    def show(job_id: UUID) -> JobHistory:
        """One job, with its history."""
        with begin_work() as work:
            job = JobView.model_validate(work.get(job_id))
            history = [TransitionView.model_validate(transition) for transition in work.transitions(job_id)]
        return JobHistory(**job.model_dump(), transitions=history)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise ProblemDetails(422, "cursor: take it from the page before") from None


class Reaper(Worker):
    """Returns the jobs of dead workers to the queue, and forgets old deliveries.

    After a start, and after an outage of the database or of Kafka, it waits for the length of a lease: workers that
    could not be heard are not dead.
    """

    def __init__(
        self, begin_work: Begin, relay: Waker, check_kafka: Callable[[], None], *, lease: timedelta = LEASE
    ) -> None:
        """Begins to look when `lease` is over; `check_kafka` raises where nobody can be heard."""
        super().__init__("reaper")
        self._begin = begin_work
        self._relay = relay
        self._check_kafka = check_kafka
        self._lease = lease.total_seconds()
        self._patient_until = time.monotonic() + self._lease
        self._forget_at = time.monotonic()

    def step(self) -> None:
        """One look, and the wait for the next."""
        try:
            self._look()
        except Exception:
            self._patient_until = time.monotonic() + self._lease
            raise
        self.stopping.wait(REAP_SECONDS)

    def _look(self) -> None:
        with self._begin() as work:
            metrics.note_active(work.active())
        self._check_kafka()
        with self._begin() as work:
            returned = return_expired(work) if time.monotonic() >= self._patient_until else 0
        if returned:
            self._relay.wake()
        if time.monotonic() >= self._forget_at:
            with self._begin() as work:
                work.forget(MEMORY)
            self._forget_at = time.monotonic() + FORGET_SECONDS


def check_database(pool: database.Pool) -> None:
    """Raise where the database does not answer, or is not as the migrations of this release leave it."""
    database.check(pool, "jobs", "outbox", "inbox", "idempotency_keys", columns=(("jobs", "trace"),))


def build(settings: Settings) -> FastAPI:
    """The whole service."""
    pool = database.open_pool(settings)
    publisher = Publisher(settings.kafka_bootstrap_servers)
    begin_work = partial(begin, pool, settings)
    relay = OutboxRelay(pool, publisher)

    def handle(event: TrainingEvent) -> None:
        with begin_work() as work:
            note_event(work, event)
            failpoint("event-uncommitted")

    def check_kafka() -> None:
        publisher.check((settings.training_topic, settings.events_topic))

    consumer = ConsumerWorker(
        settings=settings,
        topic=settings.events_topic,
        model=TrainingEvent,
        handle=handle,
        publisher=publisher,
        transient=(*database.TRANSIENT, Conflict),
    )
    service = Service(
        settings=settings,
        checks=(
            Check("postgres", lambda: check_database(pool)),
            # Jobs are taken, and their messages wait in the outbox.
            Check("kafka", check_kafka, hard=False),
        ),
        workers=(consumer, Reaper(begin_work, relay, check_kafka), relay),
        closers=(publisher.close, pool.close),
        unavailable=database.TRANSIENT,
        body_limit=64 * KIBIBYTE,
    )
    app = service.app()
    app.include_router(routes(begin_work, relay))
    add_problems(app)
    return app


def add_problems(app: FastAPI) -> None:
    """What the domain refuses, in HTTP's words."""

    @app.exception_handler(UnknownJob)
    def unknown(_request: object, error: UnknownJob) -> JSONResponse:
        return ProblemDetails(404, str(error)).response()

    @app.exception_handler(AlreadyOver)
    def over(_request: object, error: AlreadyOver) -> JSONResponse:
        return ProblemDetails(409, str(error)).response()

    @app.exception_handler(QueueFull)
    def full(_request: object, error: QueueFull) -> JSONResponse:
        return ProblemDetails(429, str(error), headers={"Retry-After": str(RETRY_AFTER_SECONDS)}).response()
