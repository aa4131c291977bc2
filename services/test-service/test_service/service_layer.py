"""The journey of a user through the four services, step by step, over what they offer to everybody."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Protocol

from test_service.domain import Run, Seen, Status, Step

MODEL = "smoke-test"
# The data set that every object store of the platform starts with; its last column says whether a query was slow.
DATASET = "s3://test/data.csv"
INSTANCES: Sequence[Mapping[str, Any]] = (
    {"rows_scanned": 120, "joins": 0, "indexed": "yes", "hour": 9, "table": "users"},
    {"rows_scanned": 900_000, "joins": 3, "indexed": "no", "hour": 20, "table": "orders"},
)
CLASSES = {"yes", "no"}
QUESTION = "how many jobs failed last week"
OVER = {"SUCCEEDED", "FAILED", "CANCELLED"}
JOB_SECONDS = 180.0
LOOK_SECONDS = 0.5
TOO_MANY = 429


class StepFailed(Exception):
    """The platform did not do what a user may expect; the message says what was seen."""


@dataclass(frozen=True)
class Answer:
    """What a service answered."""

    status: int
    body: Mapping[str, Any]
    retry_after: int | None = None
    """Seconds after which a request that is refused for now may be sent again."""


class Services(Protocol):
    """The way to the services."""

    def call(
        self, service: str, method: str, path: str, body: Mapping[str, Any] | None = None, *, key: str | None = None
    ) -> Answer:
        """Ask one service; StepFailed where it does not answer. `key` is an Idempotency-Key."""


@dataclass
class Journey:
    """One way through the platform; each step needs what the ones before have found."""

    services: Services
    run_id: str
    pause: Callable[[float], object] = time.sleep
    job_seconds: float = JOB_SECONDS
    _job: dict[str, Any] = field(default_factory=dict)
    _deadline: float = 0.0

    def steps(self) -> dict[str, Callable[[], Seen]]:
        """Names and deeds, in their order; each deed says what it saw, or raises StepFailed."""
        return {
            "submit a training job": self._submit,
            "watch it to its end": self._watch,
            "find the model in the registry": self._find,
            "predict with it": self._predict,
            "ask a question in plain English": self._parse,
        }

    def _submit(self) -> Seen:
        self._deadline = time.monotonic() + self.job_seconds
        order = {"model_name": MODEL, "dataset_location": DATASET}
        self._job = dict(self._ask("training-orchestrator", "POST", "/jobs", order, 201, key=self.run_id))
        return Seen(f"job {self._job['id']} on {DATASET}")

    def _watch(self) -> Seen:
        while self._job["status"] not in OVER:
            if time.monotonic() > self._deadline:
                raise StepFailed(f"the job is {self._job['status']} after {self.job_seconds:g} seconds")
            self.pause(LOOK_SECONDS)
            self._job = dict(self._ask("training-orchestrator", "GET", f"/jobs/{self._job['id']}"))
        if self._job["status"] != "SUCCEEDED":
            raise StepFailed(f"the job has {self._job['status'].lower()}: {self._job['error']}")
        result = self._job["result"]
        if not isinstance(result["metrics"], Mapping):
            raise StepFailed(f"the metrics are {result['metrics']!r}")
        return Seen("; ".join([f"version {result['version']}", *result.get("warnings", [])]), result["metrics"])

    def _find(self) -> Seen:
        result = self._job["result"]
        version = self._ask("model-registry", "GET", f"/models/{MODEL}/versions/{result['version']}")
        if version.get("sha256") != result["sha256"]:
            raise StepFailed(f"the job made {result['sha256']}, the registry has {version.get('sha256')}")
        return Seen(f"sha256 {result['sha256'][:12]}...")

    def _predict(self) -> Seen:
        request = {"model_name": MODEL, "version": self._job["result"]["version"], "instances": list(INSTANCES)}
        answer = self._ask("ml-engine", "POST", "/ml/predict", request)
        predictions = answer.get("predictions")
        if not isinstance(predictions, list) or len(predictions) != len(INSTANCES) or not set(predictions) <= CLASSES:
            raise StepFailed(f"expected {len(INSTANCES)} of {sorted(CLASSES)}, got {predictions}")
        return Seen(f"slow: {', '.join(predictions)}")

    def _parse(self) -> Seen:
        statement = self._ask("query-parser", "POST", "/parse", {"query": QUESTION}).get("sql")
        if not isinstance(statement, str) or not statement.upper().startswith("SELECT"):
            raise StepFailed(f"no SQL for '{QUESTION}', but {statement!r}")
        return Seen(statement)

    def _ask(
        self,
        service: str,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        expected: int = 200,
        *,
        key: str | None = None,
    ) -> Mapping[str, Any]:
        answer = self.services.call(service, method, path, body, key=key)
        # A full queue is no fault of the platform.
        while answer.status == TOO_MANY and time.monotonic() + (answer.retry_after or LOOK_SECONDS) < self._deadline:
            self.pause(answer.retry_after or LOOK_SECONDS)
            answer = self.services.call(service, method, path, body, key=key)
        if answer.status != expected:
            reason = answer.body.get("detail", "")
            raise StepFailed(f"{service} answered {method} {path} with {answer.status} {reason}".rstrip())
        return answer.body


def play(run: Run, journey: Journey, note: Callable[[Run], None]) -> Run:
    """Go through the journey until a step fails; `note` is told of each change."""
    for number, (name, deed) in enumerate(journey.steps().items()):
        start = time.monotonic()
        run = run.with_step(number, Step(name=name, status=Status.RUNNING))
        note(run)
        try:
            seen = deed()
            step = Step(name=name, status=Status.PASSED, detail=seen.detail, metrics=seen.metrics)
        except StepFailed as error:
            step = Step(name=name, status=Status.FAILED, detail=str(error))
        except (KeyError, TypeError) as error:
            step = Step(name=name, status=Status.FAILED, detail=f"an answer lacks {error}")
        run = run.with_step(number, replace(step, seconds=round(time.monotonic() - start, 3)))
        if step.status is Status.FAILED:
            break
    run = run.finished(datetime.now(UTC))
    note(run)
    return run
