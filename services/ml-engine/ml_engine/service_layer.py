"""A job from its message to its last event."""

import secrets
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from prometheus_client import Histogram
from pydantic import ValidationError

from chatdb_common import telemetry
from chatdb_common.failpoints import failpoint
from chatdb_common.logs import get_logger
from chatdb_common.messages import (
    JobMessage,
    JobMessageType,
    Promotion,
    TrainingEvent,
    TrainingEventType,
    TrainingResult,
)
from ml_engine.beside import Done, beside
from ml_engine.domain import (
    Assignment,
    BadData,
    Died,
    Hyperparameters,
    Interrupted,
    Registered,
    Trained,
    TrainingFailed,
    Unavailable,
)
from ml_engine.measures import warnings
from ml_engine.registry import Down, Refused

HEARTBEAT_SECONDS = 8.0
# A container that is started again has the same name and process id, and is another worker.
WORKER = f"{socket.gethostname()}-{secrets.token_hex(4)}"
TRANSIENT = (Down, Unavailable)
SUCCEEDED, REFUSED, FAILED, STOPPED, POSTPONED = "succeeded", "refused", "failed", "stopped", "postponed"
BUCKETS = (0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)
SECONDS = Histogram("training_duration_seconds", "How long attempts took, by their end", ["outcome"], buckets=BUCKETS)
for outcome in (SUCCEEDED, REFUSED, FAILED, STOPPED, POSTPONED):
    # An alert on the first one needs the zero before it.
    SECONDS.labels(outcome)
ENDS: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    ((BadData,), REFUSED),
    ((Interrupted,), STOPPED),
    # The orchestrator orders what nobody is heard of again.
    ((*TRANSIENT, Died), POSTPONED),
)
log = get_logger(__name__)
Learn = Callable[[Assignment, Callable[[], None], Callable[[str, int], None]], Trained]
Publish = Callable[[TrainingEvent], None]


class Registry(Protocol):
    """Where models are registered."""

    def register(self, model_name: str, job_id: UUID, trained: Trained) -> tuple[Registered, Promotion]:
        """The version of the job, and whether it is champion."""


@dataclass(frozen=True)
class Trainer:
    """Does one job at a time."""

    learn: Learn
    registry: Registry
    publish: Publish
    over: Callable[[UUID, int], bool]
    ending: Callable[[], bool]

    def handle(self, message: JobMessage) -> None:
        """Train, register, and tell; what is wrong with the data is told, too. A dependency that is down raises.

        An attempt that is over, as the job is or a newer attempt came, is skipped: it may be what killed the worker.
        """
        if message.type is JobMessageType.CANCELLED or self.over(message.job_id, message.attempt):
            return
        self._tell(message, TrainingEventType.STARTED)
        failpoint("job-started")
        try:
            with self._heartbeat(message), _timed():
                result = self._result(message)
        except BadData as problem:
            self._tell(message, TrainingEventType.FAILED, error=str(problem))
        except Interrupted:
            if self.ending():
                raise
            log.info("attempt is over", job_id=str(message.job_id), attempt=message.attempt)
        except TRANSIENT:
            raise
        except Died as error:
            # As if this process had died: the lease ends, and the job is ordered again, or fails the third time.
            log.warning("attempt is lost", job_id=str(message.job_id), attempt=message.attempt, reason=str(error))
        except Exception as error:
            log.exception("job failed", job_id=str(message.job_id))
            kind = error.kind if isinstance(error, TrainingFailed) else type(error).__name__
            self._tell(message, TrainingEventType.FAILED, error=f"training failed: {kind}")
        else:
            self._tell(message, TrainingEventType.SUCCEEDED, result=result)

    def _result(self, message: JobMessage) -> TrainingResult:
        def check() -> None:
            if self.ending() or self.over(message.job_id, message.attempt):
                raise Interrupted

        trained = self._trained(message, check)
        check()
        try:
            with telemetry.step("register", job_id=str(message.job_id)):
                made, promotion = self.registry.register(message.model_name, message.job_id, trained)
            failpoint("model-registered")
        except Refused as error:
            raise BadData(f"the model registry refused the model: {error}") from error
        return TrainingResult(
            model_name=made.model_name,
            version=made.version,
            sha256=made.sha256,
            metrics=dict(made.metrics),
            task=trained.signature.task,
            warnings=warnings(trained.signature.task, trained.metrics),
            promotion=promotion,
            trained_on=trained.signature.source,
            columns=list(trained.signature.columns),
        )

    def _trained(self, message: JobMessage, check: Callable[[], None]) -> Trained:
        assignment = Assignment(
            location=message.dataset_location,
            target=message.target_column,
            task=message.task,
            hyperparameters=_hyperparameters(message.hyperparameters),
        )
        with ExitStack() as step:

            def begin(name: str, rows: int) -> None:
                step.close()
                span = telemetry.step(name, job_id=str(message.job_id), attempt=message.attempt, rows=rows)
                step.enter_context(span)

            return self.learn(assignment, check, begin)

    def _tell(self, message: JobMessage, kind: TrainingEventType, **more: Any) -> None:
        self.publish(TrainingEvent(type=kind, job_id=message.job_id, attempt=message.attempt, worker=WORKER, **more))

    def _heartbeat(self, message: JobMessage) -> AbstractContextManager[None]:
        """Say that the job is alive, from a thread beside it."""

        def beat(done: Done) -> None:
            while not done(HEARTBEAT_SECONDS):
                try:
                    self._tell(message, TrainingEventType.HEARTBEAT)
                except Exception as error:  # noqa: BLE001 - the job is worth more than a heartbeat
                    log.warning("heartbeat was not sent", reason=str(error))

        return beside("heartbeat", beat)


@contextmanager
def _timed() -> Iterator[None]:
    """Time an attempt under its end; the error goes on."""
    outcome, start = SUCCEEDED, time.perf_counter()
    try:
        yield
    except BaseException as error:
        outcome = next((name for kinds, name in ENDS if isinstance(error, kinds)), FAILED)
        raise
    finally:
        SECONDS.labels(outcome).observe(time.perf_counter() - start)


def _hyperparameters(given: dict[str, Any]) -> Hyperparameters:
    try:
        return Hyperparameters.model_validate(given)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, p['loc']))}: {p['msg']}" for p in error.errors())
        raise BadData(f"hyperparameters: {problems}") from None
