"""The journey against services of a few lines each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from chatdb_common.ids import new_id
from test_service.domain import Run, Status, Step
from test_service.service_layer import DATASET, Answer, Journey, StepFailed, play

METRICS = {"accuracy": 0.904, "accuracy_error": 0.02, "baseline_accuracy": 0.6, "rows": 60}
RESULT = {"version": 3, "sha256": "a" * 64, "metrics": METRICS, "warnings": ["look out"]}
ENDLESS = 100_000
JOB = {"id": "j1", "status": "QUEUED", "result": None, "error": None}
GOOD = {
    ("training-orchestrator", "POST", "/jobs"): Answer(201, JOB),
    ("training-orchestrator", "GET", "/jobs/j1"): Answer(200, {**JOB, "status": "SUCCEEDED", "result": RESULT}),
    ("model-registry", "GET", "/models/smoke-test/versions/3"): Answer(200, {"sha256": "a" * 64}),
    ("ml-engine", "POST", "/ml/predict"): Answer(200, {"predictions": ["no", "yes"]}),
    ("query-parser", "POST", "/parse"): Answer(200, {"sql": "SELECT count(*) FROM jobs"}),
}


@dataclass
class FakeServices:
    """Answers from a table; what is not in it does not answer."""

    answers: Mapping[tuple[str, str, str], Answer]
    asked: list[tuple[str, Any, str | None]] = field(default_factory=list)

    def call(
        self, service: str, method: str, path: str, body: Mapping[str, Any] | None = None, *, key: str | None = None
    ) -> Answer:
        """The answer."""
        self.asked.append((path, body, key))
        assert len(self.asked) < ENDLESS
        if (service, method, path) not in self.answers:
            raise StepFailed(f"{service} does not answer")
        return self.answers[(service, method, path)]


def journey(services: FakeServices) -> Journey:
    """A journey that does not sleep."""
    return Journey(services, "run-1", pause=lambda _: None, job_seconds=0.05)


def played(answers: Mapping[tuple[str, str, str], Answer]) -> Run:
    """The run at its end."""
    trip = journey(FakeServices(answers))
    steps = tuple(Step(name=name) for name in trip.steps())
    return play(Run(id=new_id(), started_at=datetime.now(UTC), steps=steps), trip, lambda _: None)


def test_whole_journey() -> None:
    """Every step passes, and says what it saw."""
    run = played(GOOD)
    assert run.status is Status.PASSED
    assert [step.status for step in run.steps] == [Status.PASSED] * 5
    assert run.steps[0].detail == f"job j1 on {DATASET}"
    assert (run.steps[1].detail, run.steps[1].metrics) == ("version 3; look out", METRICS)
    assert run.steps[3].detail == "slow: no, yes"


def test_job_is_submitted_once_for_a_run() -> None:
    """The run's id is the Idempotency-Key."""
    services = FakeServices(GOOD)
    journey(services).steps()["submit a training job"]()
    assert [key for _, _, key in services.asked] == ["run-1"]


def test_full_queue_is_waited_for() -> None:
    """As long as the answer says, within the time that a job has; with the same key."""
    full, waits = Answer(429, {"detail": "full"}, 10), []
    orders = iter([full, full, Answer(201, JOB)])

    class Busy(FakeServices):
        def call(self, service: str, method: str, path: str, *arguments: Any, key: str | None = None) -> Answer:
            answer = super().call(service, method, path, *arguments, key=key)
            return next(orders) if path == "/jobs" else answer

    services = Busy(GOOD)
    Journey(services, "run-1", pause=waits.append, job_seconds=60).steps()["submit a training job"]()
    assert (waits, [key for _, _, key in services.asked]) == ([10, 10], ["run-1"] * 3)


@pytest.mark.parametrize(
    ("where", "answer", "step", "detail"),
    [
        (("training-orchestrator", "POST", "/jobs"), Answer(429, {"detail": "full"}), 0, "429 full"),
        (("training-orchestrator", "GET", "/jobs/j1"), Answer(200, JOB), 1, "QUEUED after 0.05 seconds"),
        (
            ("training-orchestrator", "GET", "/jobs/j1"),
            Answer(200, {**JOB, "status": "FAILED", "error": "no target"}),
            1,
            "has failed: no target",
        ),
        (
            ("training-orchestrator", "GET", "/jobs/j1"),
            Answer(200, {**JOB, "status": "SUCCEEDED", "result": {**RESULT, "metrics": [0.9]}}),
            1,
            "the metrics are [0.9]",
        ),
        (("model-registry", "GET", "/models/smoke-test/versions/3"), Answer(200, {"sha256": "b"}), 2, "registry has b"),
        (("ml-engine", "POST", "/ml/predict"), Answer(200, {"predictions": ["no"]}), 3, "expected 2"),
        (("ml-engine", "POST", "/ml/predict"), Answer(200, {"predictions": [[], {}]}), 3, "an answer lacks"),
        (("query-parser", "POST", "/parse"), Answer(200, {"sql": None}), 4, "no SQL"),
    ],
)
def test_failure_is_named(where: tuple[str, str, str], answer: Answer, step: int, detail: str) -> None:
    """The step that failed says what was seen, the ones before passed, and the ones after are skipped."""
    run = played({**GOOD, where: answer})
    assert run.status is Status.FAILED
    expected = [Status.PASSED] * step + [Status.FAILED] + [Status.SKIPPED] * (4 - step)
    assert [s.status for s in run.steps] == expected
    assert detail in run.steps[step].detail


def test_service_that_does_not_answer() -> None:
    """An outage is a failed step and no error of this service."""
    run = played({})
    assert run.steps[0].detail == "training-orchestrator does not answer"


def test_run_in_flight_is_running() -> None:
    """A run without an end is no success."""
    run = Run(id=new_id(), started_at=datetime.now(UTC), steps=(Step(name="a", status=Status.PASSED),))
    assert run.status is Status.RUNNING
    assert run.finished(datetime.now(UTC)).status is Status.PASSED
