"""A job from its message to its last event."""

import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from pydantic import ValidationError

from chatdb_common import object_store
from chatdb_common.failpoints import failpoint
from chatdb_common.logs import get_logger
from chatdb_common.messages import JobMessage, JobMessageType, TrainingEvent, TrainingEventType, TrainingResult
from ml_engine import training
from ml_engine.domain import BadData, Frame, Hyperparameters, Interrupted, Trained
from ml_engine.registry import Down, Refused, Registered

HEARTBEAT_SECONDS = 8.0
# A container that is started again has the same name and process id, and is another worker.
WORKER = f"{socket.gethostname()}-{secrets.token_hex(4)}"
TRANSIENT = (Down, *object_store.TRANSIENT)
log = get_logger(__name__)
Check = Callable[[], None]
Publish = Callable[[TrainingEvent], None]


class Registry(Protocol):
    """Where models are registered."""

    def register(self, model_name: str, job_id: UUID, trained: Trained) -> Registered:
        """The version of the job."""


@dataclass(frozen=True)
class Trainer:
    """Does one job at a time."""

    read: Callable[[str, Check], Frame]
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
            with self._heartbeat(message):
                result = self._result(message)
        except BadData as problem:
            self._tell(message, TrainingEventType.FAILED, error=str(problem))
        except Interrupted:
            if self.ending():
                raise
            log.info("attempt is over", job_id=str(message.job_id), attempt=message.attempt)
        except TRANSIENT:
            raise
        except Exception as error:
            log.exception("job failed", job_id=str(message.job_id))
            self._tell(message, TrainingEventType.FAILED, error=f"training failed: {type(error).__name__}")
        else:
            self._tell(message, TrainingEventType.SUCCEEDED, result=result)

    def _result(self, message: JobMessage) -> TrainingResult:
        def check() -> None:
            if self.ending() or self.over(message.job_id, message.attempt):
                raise Interrupted

        chosen = _hyperparameters(message.hyperparameters)
        frame = self.read(message.dataset_location, check)
        trained = training.train(frame, message.target_column, message.task, chosen, check)
        check()
        try:
            made = self.registry.register(message.model_name, message.job_id, trained)
            failpoint("model-registered")
        except Refused as error:
            raise BadData(f"the model registry refused the model: {error}") from error
        return TrainingResult(
            model_name=made.model_name,
            version=made.version,
            sha256=made.sha256,
            metrics=dict(made.metrics),
            task=trained.signature.task,
        )

    def _tell(self, message: JobMessage, kind: TrainingEventType, **more: Any) -> None:
        self.publish(TrainingEvent(type=kind, job_id=message.job_id, attempt=message.attempt, worker=WORKER, **more))

    @contextmanager
    def _heartbeat(self, message: JobMessage) -> Iterator[None]:
        """Say that the job is alive, from a thread beside it."""
        done = threading.Event()

        def beat() -> None:
            while not done.wait(HEARTBEAT_SECONDS):
                try:
                    self._tell(message, TrainingEventType.HEARTBEAT)
                except Exception as error:  # noqa: BLE001 - the job is worth more than a heartbeat
                    log.warning("heartbeat was not sent", reason=str(error))

        thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


def _hyperparameters(given: dict[str, Any]) -> Hyperparameters:
    try:
        return Hyperparameters.model_validate(given)
    except ValidationError as error:
        found = "; ".join(f"{'.'.join(map(str, p['loc']))}: {p['msg']}" for p in error.errors())
        raise BadData(f"hyperparameters: {found}") from None
