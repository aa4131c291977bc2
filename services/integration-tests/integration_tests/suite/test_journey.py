"""A user's way through the platform: from a data set to a prediction, and from a question to SQL.

Services are found by the paths that they offer to users. These tests have no keys of the object store, and no policy
to it: the data set is the one that every store of the platform begins with.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import uuid4

import httpx
import pytest

from integration_tests.busy import Queue, busy_seconds, until_taken
from integration_tests.connections import Survey
from integration_tests.matrix import Matrix, Service
from integration_tests.patience import settled
from integration_tests.suite.conftest import need

JOBS, MODELS, PREDICTIONS, QUESTIONS, PAGE = "/jobs", "/models", "/ml", "/parse", "/"
DATASET = "s3://test/data.csv"
INSTANCES = (
    {"rows_scanned": 120, "joins": 0, "indexed": "yes", "hour": 9, "table": "users"},
    {"rows_scanned": 900_000, "joins": 3, "indexed": "no", "hour": 20, "table": "orders"},
)
SLOW = ["no", "yes"]
QUESTION = "how many jobs failed last week"
OVER_SECONDS = 240.0
BUSY = ("answered POST /jobs with 429", "the job is QUEUED")
"""How a smoke run says that its job was not taken, or not begun."""
pytestmark = pytest.mark.timeout(420)


class User:
    """Who asks the services, by their paths."""

    def __init__(self, http: httpx.Client, matrix: Matrix, survey: Survey) -> None:
        """Nothing is asked yet."""
        self._http = http
        self._matrix = matrix
        self._survey = survey
        self.model = f"integration-{uuid4().hex[:12]}"

    def needs(self, *apis: str) -> None:
        """Skip where a service that offers one of these is not there."""
        need(self._survey, *(self._matrix.offering(api) for api in apis))

    def url(self, api: str) -> str:
        """Where that is offered."""
        service: Service | None = self._matrix.offering(api)
        assert service is not None
        return service.url

    def ask(self, method: str, api: str, path: str, *, body: object = None, expected: int = 200) -> Mapping[str, Any]:
        """The answer; a failure with the service's own words where the status is another one."""
        headers = {} if method == "GET" else {"Idempotency-Key": str(uuid4())}

        def send() -> httpx.Response:
            return self._http.request(method, f"{self.url(api)}{path}", json=body, headers=headers)

        try:
            answer = send() if method == "GET" else self._taken(send, f"{method} {path}")
        except httpx.HTTPError as error:
            pytest.fail(f"no answer to {method} {path}: {str(error) or type(error).__name__}", pytrace=False)
        if answer.status_code != expected:
            pytest.fail(f"{method} {path} is answered with {answer.status_code}: {answer.text[:500]}", pytrace=False)
        return dict(answer.json()) if answer.content else {}

    def _taken(self, send: Callable[[], httpx.Response], request: str) -> httpx.Response:
        """The answer of a platform that may be busy; a skip where it is so for too long."""
        queue, limit = self.queue(), busy_seconds()
        answer = until_taken(send, limit)
        if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
            skip_if_busy(queue, f"{request} is answered with 429 for {limit:g} s")
        return answer

    def queue(self) -> Queue:
        """The jobs that wait now."""
        service = self._matrix.offering(JOBS)

        def waiting() -> frozenset[str] | None:
            try:
                body = self._http.get(f"{service.url}/jobs?status=QUEUED&limit=100").json() if service else {}
                return frozenset(job["id"] for job in body["items"])
            except (httpx.HTTPError, ValueError, KeyError, TypeError):
                return None

        return Queue(waiting)

    def wait(self, api: str, path: str, over: frozenset[str]) -> Mapping[str, Any]:
        """What is there once its status is one of those."""
        last: dict[str, Any] = {}

        def complaint() -> str | None:
            last.update(self.ask("GET", api, path))
            return None if last["status"] in over else f"{path} is {last['status']} after {OVER_SECONDS:g} s"

        queue = self.queue()
        wrong = settled(complaint, lambda said: said is None, OVER_SECONDS)
        if wrong is not None:
            if last["status"] == "QUEUED":
                skip_if_busy(queue, wrong)
            pytest.fail(wrong, pytrace=False)
        return last


def skip_if_busy(queue: Queue, complaint: str) -> None:
    """Skip where jobs have left the queue meanwhile: the platform works, and has too much to do for this test."""
    if queue.moves():
        pytest.skip(f"busy: {complaint}, and others' jobs are done")


@pytest.fixture(scope="module")
def user(http: httpx.Client, matrix: Matrix, survey: Survey) -> Iterator[User]:
    """A user with a model of their own, which is gone at the end."""
    made = User(http, matrix, survey)
    yield made
    models = matrix.offering(MODELS)
    if models:
        # What is left over is worth no failure.
        http.delete(f"{models.url}/models/{made.model}")


@pytest.fixture(scope="module")
def job(user: User) -> Mapping[str, Any]:
    """A training job that has ended."""
    user.needs(JOBS, MODELS, PREDICTIONS)
    made = user.ask("POST", JOBS, "/jobs", body={"model_name": user.model, "dataset_location": DATASET}, expected=201)
    return user.wait(JOBS, f"/jobs/{made['id']}", frozenset({"SUCCEEDED", "FAILED", "CANCELLED"}))


def test_job_is_trained(job: Mapping[str, Any]) -> None:
    """It was queued, run and ended well."""
    assert job["status"] == "SUCCEEDED", job.get("error")
    steps = [step["to_status"] for step in job["transitions"]]
    assert (steps[0], steps[-1]) == ("QUEUED", "SUCCEEDED")


@pytest.fixture(scope="module")
def version(job: Mapping[str, Any]) -> int:
    """The model's version that the job has made."""
    if job["status"] != "SUCCEEDED":
        pytest.skip("no model was trained")
    return int(job["result"]["version"])


def test_model_is_registered(user: User, job: Mapping[str, Any], version: int) -> None:
    """The registry has that version, with the digest that the job names."""
    registered = user.ask("GET", MODELS, f"/models/{user.model}/versions/{version}")
    assert (registered["sha256"], registered["job_id"]) == (job["result"]["sha256"], job["id"])


def test_champion(user: User, version: int) -> None:
    """The first version of a model that beats its baseline becomes its champion."""
    assert user.ask("GET", MODELS, f"/models/{user.model}/aliases/champion")["version"] == version


def test_prediction(user: User, version: int) -> None:
    """The champion answers for each instance, and rightly."""
    request = {"model_name": user.model, "alias": "champion", "instances": INSTANCES}
    answer = user.ask("POST", PREDICTIONS, "/ml/predict", body=request)
    assert (answer["predictions"], answer["version"]) == (SLOW, version)


def test_question(user: User) -> None:
    """A question in plain English becomes a SELECT."""
    user.needs(QUESTIONS)
    answer = user.ask("POST", QUESTIONS, "/parse", body={"query": QUESTION})
    assert str(answer["sql"]).upper().startswith("SELECT"), answer


def test_smoke_run(user: User) -> None:
    """The platform's own journey passes: the same, from another pod."""
    user.needs(PAGE)
    queue = user.queue()
    made = user.ask("POST", PAGE, "/runs", expected=202)
    run = user.wait(PAGE, f"/runs/{made['id']}", frozenset({"passed", "failed"}))
    wrong = next((step["detail"] for step in run["steps"] if step["status"] == "failed"), "")
    if any(sign in wrong for sign in BUSY):
        skip_if_busy(queue, wrong)
    assert run["status"] == "passed", run["steps"]
