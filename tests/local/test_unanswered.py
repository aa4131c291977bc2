"""What services need does not answer: each endpoint answers in time all the same, as well as it can without it."""

import http.client
import json
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from chatdb.local.fault_proxy import Fault, Proxies
from chatdb.local.platform import Platform
from chatdb.local.processes import wait_for
from tests.local.clients import ask, smoke_run

MODEL = "smoke-test"
LIMIT_SECONDS = 3.0
REQUEST_SECONDS = 90
RECOVERY_SECONDS = 120
ROUNDS = 2
"""In the first one connections are open already; in the next ones nobody answers to new ones."""
JOBS, MODELS, ENGINE, PARSER, PAGE = (
    "training-orchestrator",
    "model-registry",
    "ml-engine",
    "query-parser",
    "test-service",
)
SERVICES = (JOBS, MODELS, ENGINE, PARSER, PAGE)
ROW = {"rows_scanned": 120, "joins": 0, "indexed": "yes", "hour": 9, "table": "users"}
ORDER = {"model_name": MODEL, "dataset_location": "s3://test/data.csv"}


@dataclass(frozen=True)
class Request:
    """What is asked of a service, and the status of its answer where all is well; `{name}` is a model of the round."""

    service: str
    method: str
    path: str
    body: object = None
    well: int = 200


REQUESTS: Mapping[str, Request] = {
    "list jobs": Request(JOBS, "GET", "/jobs?limit=1"),
    "order a job": Request(JOBS, "POST", "/jobs", ORDER, 201),
    "cancel a job": Request(JOBS, "POST", "/jobs/{job}/cancel"),
    "list models": Request(MODELS, "GET", "/models"),
    "show an alias": Request(MODELS, "GET", "/models/{name}/aliases/champion"),
    "download": Request(MODELS, "GET", "/models/{name}/versions/1/artifact"),
    "upload": Request(MODELS, "PUT", "/models/{name}/versions/2/artifact", "{name}"),
    "delete a model": Request(MODELS, "DELETE", "/models/{name}-old", well=204),
    "predict": Request(ENGINE, "POST", "/ml/predict", {"model_name": MODEL, "instances": [ROW]}),
    # Its artifact is no model, which is seen once it is there.
    "predict with another model": Request(
        ENGINE, "POST", "/ml/predict", {"model_name": "{name}", "instances": [ROW]}, 422
    ),
    "list loaded models": Request(ENGINE, "GET", "/ml/models"),
    "ask a question": Request(PARSER, "POST", "/parse", {"query": "how many jobs failed last week"}),
    "show the page": Request(PAGE, "GET", "/"),
    "ask on the page": Request(PAGE, "GET", "/ask?question=how+many+jobs+failed+last+week"),
    **{f"/ready of {name}": Request(name, "GET", "/ready") for name in SERVICES},
    **{f"/health of {name}": Request(name, "GET", "/health") for name in SERVICES},
}
ONCE = {"order a job", "upload", "delete a model"}
"""What is answered otherwise the second time, or makes work."""
WITHOUT: Mapping[str, frozenset[str]] = {
    "postgres": frozenset(
        name
        for name, one in REQUESTS.items()
        if (one.service in (JOBS, MODELS) and "/health" not in name) or "predict" in name
    ),
    "kafka": frozenset({"predict", "/ready of ml-engine"}),
    "minio": frozenset({"download", "upload", "predict with another model"}),
    "model-registry": frozenset({"predict", "predict with another model", "/ready of ml-engine"}),
    "query-parser": frozenset({"ask on the page"}),
}
"""What cannot be done without it: 503."""


@dataclass(frozen=True)
class Answer:
    """Its status, what it says of a next try, and when it came."""

    status: int
    retry_after: str | None
    seconds: float


def answer(running: Platform, request: Request, names: Mapping[str, str]) -> Answer:
    """Ask once."""
    body = json.dumps(request.body) if isinstance(request.body, dict) else request.body
    address = urlsplit(running.url(request.service)).netloc
    connection = http.client.HTTPConnection(address, timeout=REQUEST_SECONDS)
    begin = time.monotonic()
    try:
        connection.request(
            request.method,
            _filled(request.path, names),
            None if body is None else _filled(str(body), names),
            {"Content-Type": "application/json"},
        )
        response = connection.getresponse()
        response.read()
        return Answer(response.status, response.getheader("Retry-After"), time.monotonic() - begin)
    except TimeoutError:
        return Answer(0, None, time.monotonic() - begin)
    finally:
        connection.close()


def _filled(text: str, names: Mapping[str, str]) -> str:
    for name, value in names.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def answers(
    running: Platform, names: Mapping[str, str], requests: Mapping[str, Request] = REQUESTS
) -> dict[str, Answer]:
    """Ask all of it at once."""
    with ThreadPoolExecutor(len(requests)) as threads:
        asked = {name: threads.submit(answer, running, request, names) for name, request in requests.items()}
        return {name: one.result() for name, one in asked.items()}


@pytest.fixture(scope="module")
def signature(running: Platform) -> Any:
    """Of a model that is trained, and loaded by a prediction."""
    assert smoke_run(running)["status"] == "passed"
    return ask(f"{running.url(MODELS)}/models/{MODEL}/aliases/champion/version")[1]["signature"]


def prepared(running: Platform, signature: Any) -> dict[str, str]:
    """A model with a version and one without its artifact, another one to be deleted, and a job that is over."""
    name, url = f"unanswered-{uuid4().hex[:8]}", f"{running.url(MODELS)}/models"
    for made, versions in ((name, 2), (f"{name}-old", 1)):
        assert ask(url, {"name": made})[0] == 201
        for _ in range(versions):
            assert ask(f"{url}/{made}/versions", {"format": "onnx", "signature": signature})[0] == 201
        first = Request(MODELS, "PUT", f"/models/{made}/versions/1/artifact", made)
        assert answer(running, first, {}).status == 200
    assert ask(f"{url}/{name}/aliases/champion", {"version": 1}, method="PUT")[0] == 200
    job = ask(f"{running.url(JOBS)}/jobs", ORDER)[1]["id"]
    ask(f"{running.url(JOBS)}/jobs/{job}/cancel", method="POST")
    return {"name": name, "job": job}


@pytest.mark.parametrize("fault", [Fault.DROP, Fault.SILENCE])
@pytest.mark.parametrize("provider", WITHOUT)
def test_each_endpoint_answers_in_time(
    running: Platform, proxies: Proxies, signature: Any, provider: str, fault: Fault
) -> None:
    """Within three seconds, and with 503 and Retry-After only what cannot be done; all is well soon afterwards."""
    running.wait()
    rounds = [prepared(running, signature) for _ in range(ROUNDS + 1)]
    expected = {n: 503 if n in WITHOUT[provider] else one.well for n, one in REQUESTS.items()}
    seen: list[dict[str, Answer]] = []
    with proxies.befallen(fault, [way for way in proxies.ways if way.endswith(f" to {provider}")]):
        for names in rounds[:ROUNDS]:
            seen.append(answers(running, names))
    print(
        f"{fault} of {provider}: "
        + "; ".join(
            f"{name} " + ", ".join(f"{one[name].status} {one[name].seconds:.1f} s" for one in seen) for name in REQUESTS
        )
    )
    for one in seen:
        # An answer of /ready is up to a second old.
        later = one is seen[-1]
        assert {n: answer.status for n, answer in one.items() if later or "/ready" not in n} == {
            n: status for n, status in expected.items() if later or "/ready" not in n
        }
        assert all(answer.retry_after for name, answer in one.items() if answer.status == 503 and "/ready" not in name)
        # A machine with much else to do is slow at what needs nobody, too.
        slow = max(answer.seconds for name, answer in one.items() if "/health" in name)
        late = {name: answer.seconds for name, answer in one.items() if answer.seconds > LIMIT_SECONDS + slow}
        assert late == {}
    begin = time.monotonic()
    wait_for("all is well", RECOVERY_SECONDS, lambda: _well(running, rounds[-1]))
    print(f"well again after {time.monotonic() - begin:.1f} s")


def _well(running: Platform, names: Mapping[str, str]) -> bool:
    """All that can be asked again and again."""
    again = {name: one for name, one in REQUESTS.items() if name not in ONCE}
    return all(one.status == again[name].well for name, one in answers(running, names, again).items())
