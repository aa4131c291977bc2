"""One trace leads from POST /jobs through the outbox and Kafka to the registered model, and back to the job."""

import json
import secrets
import urllib.request
from typing import Any

import pytest

from chatdb.local.platform import Platform
from chatdb.local.processes import wait_for
from tests.local.clients import SECONDS, ask
from tests.local.traces import Collector

ORDER = {"model_name": "traced", "dataset_location": "s3://test/data.csv"}
ORCHESTRATOR, ENGINE, REGISTRY = "training-orchestrator", "ml-engine", "model-registry"
Span = dict[str, Any]
# Each one's ancestor is the one before it; between two of them there may be others.
WAY = (
    (ORCHESTRATOR, "SERVER", "POST /jobs"),
    (ORCHESTRATOR, "PRODUCER", "send training_jobs"),
    (ENGINE, "CONSUMER", "process training_jobs"),
    (ENGINE, "INTERNAL", "register"),
    (ENGINE, "CLIENT", "PUT"),
    (REGISTRY, "SERVER", "PUT /models/{name}/versions/{version}/artifact"),
)
RETURN = (
    (ENGINE, "CONSUMER", "process training_jobs"),
    (ENGINE, "PRODUCER", "send training_events"),
    (ORCHESTRATOR, "CONSUMER", "process training_events"),
)
STEPS = ("read data set", "train", "register")


@pytest.fixture(scope="module")
def spans(running: Platform, collector: Collector) -> list[Span]:
    """All of the trace of one job that has ended, as it was asked for by a client that names the trace."""
    trace = secrets.token_hex(16)
    url = running.url(ORCHESTRATOR)
    headers = {"Content-Type": "application/json", "traceparent": f"00-{trace}-{secrets.token_hex(8)}-01"}
    request = urllib.request.Request(f"{url}/jobs", json.dumps(ORDER).encode(), headers)
    with urllib.request.urlopen(request, timeout=SECONDS) as response:
        location = f"{url}/{response.headers['Location']}"
    wait_for("the job has ended", SECONDS, lambda: ask(location)[1]["status"] == "SUCCEEDED")

    def exported() -> list[Span]:
        lines = map(json.loads, collector.spans.read_text().splitlines()) if collector.spans.exists() else ()
        return [span for span in lines if span["trace"] == trace]

    # Each process exports by itself, every five seconds; what a span is a part of ends and comes after it.
    wait_for("the trace is whole", SECONDS, lambda: whole(exported()))
    return exported()


def whole(spans: list[Span]) -> bool:
    """Whether every span that others are a part of is there, and the ends of both ways."""
    ends = [[span for span in spans if fits(span, end)] for end in (WAY[-1], RETURN[-1])]
    return len(loose(spans)) == 1 and len(ends[0]) >= 1 and len(ends[1]) >= 2


def loose(spans: list[Span]) -> list[Span]:
    """Those whose parent is not there."""
    ids = {span["id"] for span in spans}
    return [span for span in spans if span["parent"] not in ids]


def fits(span: Span, wanted: tuple[str, str, str]) -> bool:
    """Whether it is one of that service, kind and name."""
    return (span["service"], span["kind"], span["name"]) == wanted


def led_to(spans: list[Span], way: tuple[tuple[str, str, str], ...]) -> list[Span]:
    """The spans at the end of the way."""
    by_id = {span["id"]: span for span in spans}
    here = [span for span in spans if fits(span, way[0])]
    for wanted in way[1:]:
        before = {span["id"] for span in here}
        here = [span for span in spans if fits(span, wanted) and before & set(ancestors(by_id, span))]
        assert here, f"nothing leads to {wanted}; there are {sorted({(s['service'], s['name']) for s in spans})}"
    return here


def ancestors(by_id: dict[str, Span], span: Span) -> list[str]:
    """The ids of those that it is a part of."""
    parent = by_id.get(span["parent"])
    return [] if parent is None else [parent["id"], *ancestors(by_id, parent)]


def test_the_way_to_the_model(spans: list[Span]) -> None:
    """HTTP, outbox, Kafka, training, registry: each is a part of the one before, over three processes."""
    (stored,) = led_to(spans, WAY)
    assert not stored["failed"]


def test_the_way_back(spans: list[Span]) -> None:
    """What the worker tells, that it started and that it succeeded, is handled in the same trace."""
    assert len(led_to(spans, RETURN)) >= 2


def test_steps_of_training(spans: list[Span]) -> None:
    """Reading, training and registering are told apart, each of them once and without a failure."""
    for name in STEPS:
        (step,) = led_to(spans, (WAY[2], (ENGINE, "INTERNAL", name)))
        assert not step["failed"]


def test_nothing_is_loose(spans: list[Span]) -> None:
    """One span, the request's, has its parent outside: the client that asked."""
    assert [span["name"] for span in loose(spans)] == ["POST /jobs"]


def test_probes_are_not_traced(collector: Collector, spans: list[Span]) -> None:
    """The services were asked whether they are ready all the time, and for metrics; there is no span of it."""
    names = {json.loads(line)["name"] for line in collector.spans.read_text().splitlines()}
    assert not {name for name in names if name.endswith((" /health", " /ready", " /metrics"))}
