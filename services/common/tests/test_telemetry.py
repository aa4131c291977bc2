"""What is told of messages: where they belong in a trace, how many wait, and what became of them."""

import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar, cast

import pytest
from confluent_kafka import Producer
from fastapi import FastAPI
from fastapi.testclient import TestClient
from kafka_broker import serve_kafka
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from chatdb_common import database, outbox, telemetry
from chatdb_common.consumer import ConsumerWorker
from chatdb_common.messages import Query
from chatdb_common.outbox import OutboxRelay
from chatdb_common.publisher import Publisher, PublishError, Record
from chatdb_common.service import Service
from chatdb_common.settings import DatabaseSettings, KafkaSettings

TRACE = "0af7651916cd43dd8448eb211c80319c"
HEADERS = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01", "x-other": "kept"}


class Settings(KafkaSettings, DatabaseSettings):
    """A service with all of it."""

    service: ClassVar[str] = "demo"
    port: int = 0


@pytest.fixture(scope="module")
def provider() -> TracerProvider:
    """Spans are made in this process from now on."""
    return telemetry.configure("demo", None)


@pytest.fixture
def spans(provider: TracerProvider) -> Iterator[Callable[[], list[ReadableSpan]]]:
    """Those that have ended since."""
    exporter = InMemorySpanExporter()
    processor = SimpleSpanProcessor(exporter)
    provider.add_span_processor(processor)
    yield lambda: list(exporter.get_finished_spans())
    processor.shutdown()


def sample(name: str, **labels: str) -> float | None:
    """What Prometheus would be told."""
    return REGISTRY.get_sample_value(name, labels)


def test_sent_message_names_its_span(spans: Callable[[], list[ReadableSpan]]) -> None:
    """The reader's parent is the sending, whose parent is who decided it; other headers stay."""
    sending = telemetry.Sending("queries", HEADERS)
    with telemetry.consumed("queries", sending.headers):
        pass
    sending.end(None)
    read, sent = spans()
    assert (sent.name, read.name) == ("send queries", "process queries")
    assert sent.context is not None
    assert read.parent is not None
    assert sent.parent is not None
    assert {trace.format_trace_id(span.context.trace_id) for span in (sent, read) if span.context} == {TRACE}
    assert trace.format_span_id(sent.parent.span_id) == "b7ad6b7169203331"
    assert read.parent.span_id == sent.context.span_id
    assert sending.headers["x-other"] == "kept"


def test_message_that_is_not_taken(spans: Callable[[], list[ReadableSpan]]) -> None:
    """Its span says why, and it is counted; the zero of the other outcome is there."""

    def refusing(config: dict[str, Any]) -> Producer:
        return Producer({**config, "message.max.bytes": 1000})

    with serve_kafka() as address:
        publisher = Publisher(address, connect=refusing)
        with pytest.raises(PublishError):
            publisher.publish([Record("too-small", None, b"x" * 2000)])
        publisher.close()
    (span,) = spans()
    assert span.status.status_code is trace.StatusCode.ERROR
    assert "MSG_SIZE_TOO_LARGE" in str(span.status.description)
    assert sample("kafka_producer_messages_total", topic="too-small", outcome="failed") == 1
    assert sample("kafka_producer_messages_total", topic="too-small", outcome="delivered") == 0


@pytest.mark.parametrize(("path", "traced"), [("/ready", False), ("/metrics", False), ("/aliases/ready", True)])
def test_what_is_traced(spans: Callable[[], list[ReadableSpan]], path: str, traced: bool) -> None:
    """Probes are not, but for a path that only ends like one; its span is the only one."""
    app: FastAPI = Service(settings=Settings(kafka_bootstrap_servers="none", database_url="none")).app()

    @app.get("/aliases/{name}")
    def show(name: str) -> str:
        return name

    with TestClient(app) as client:
        client.get(path)
    assert [span.name for span in spans()] == (["GET /aliases/{name}"] if traced else [])


def test_who_looks_is_not_under_way() -> None:
    """A request is counted while it is answered; the scrape that tells of it, and probes, are not."""
    app: FastAPI = Service(settings=Settings(kafka_bootstrap_servers="none", database_url="none")).app()

    @app.get("/busy")
    def busy() -> float | None:
        return sample("http_requests_in_progress")

    with TestClient(app) as client:
        assert client.get("/busy").json() == 1
        assert "\nhttp_requests_in_progress 0.0\n" in client.get("/metrics").text


class Collector(BaseHTTPRequestHandler):
    """Takes what it is sent."""

    def do_POST(self) -> None:
        """One batch."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Nobody reads it."""


def test_collector_that_is_not_there_is_logged_once(provider: TracerProvider, caplog: pytest.LogCaptureFixture) -> None:
    """At level info when it is first missed, and when it is there; nothing else is logged, by the library either."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = taken.getsockname()
        exporter = telemetry.CollectorExporter(f"http://127.0.0.1:{address[1]}")
        with caplog.at_level(logging.INFO), capture_logs() as logged:
            ended = cast("ReadableSpan", provider.get_tracer("test").start_span("a step"))
            assert [exporter.export([ended]) for _ in range(3)] == [SpanExportResult.FAILURE] * 3
            missed = list(logged)
            taken.close()
            with HTTPServer(address, Collector) as server:
                threading.Thread(target=server.serve_forever, daemon=True).start()
                assert [exporter.export([ended]) for _ in range(3)] == [SpanExportResult.SUCCESS] * 3
                server.shutdown()
    exporter.shutdown()
    assert [(one["log_level"], one["event"]) for one in missed] == [
        ("info", "the collector takes no traces: they are dropped")
    ]
    assert [(one["log_level"], one["event"]) for one in logged[1:]] == [("info", "the collector takes traces again")]
    assert caplog.records == []


def partition(**figures: Any) -> dict[str, Any]:
    """As the client's statistics show one."""
    return {"desired": True, "hi_offset": 50, "lo_offset": 0, "committed_offset": -1001} | figures


@pytest.mark.parametrize(
    ("seen", "lag"),
    [
        (partition(committed_offset=48), 2),
        # Nothing was ever committed: all that is still there waits.
        (partition(lo_offset=10), 40),
        # Another member has it, or the broker was not heard yet.
        (partition(desired=False), None),
        (partition(hi_offset=-1001), None),
    ],
)
def test_lag(seen: dict[str, Any], lag: float | None) -> None:
    """Told by the member that has the partition, and by nobody else: what was told before is taken back."""
    settings = Settings(kafka_bootstrap_servers="none", database_url="none")
    handle = cast("Callable[[Query], None]", None)
    worker = ConsumerWorker(
        settings=settings, topic="lagging", model=Query, handle=handle, publisher=cast("Publisher", None)
    )
    for figures in (partition(committed_offset=0), seen):
        worker._note_lag(json.dumps({"topics": {"lagging": {"partitions": {"2": figures}}}}))
    assert sample("kafka_consumer_lag_messages", topic="lagging", partition="2") == lag
    assert sample("kafka_consumer_messages_total", topic="lagging", outcome="dead_letter") == 0
    assert sample("kafka_consumer_retries_total", topic="lagging") == 0
    assert sample("kafka_consumer_message_duration_seconds_count", topic="lagging") == 0


class Unwilling:
    """Kafka is down."""

    def publish(self, _records: object) -> None:
        """Never."""
        raise PublishError("down", 0)


def test_outbox_is_measured_while_nothing_can_be_sent(database_url: Callable[[str], str]) -> None:
    """How many wait, and since when; without any the time is 0."""
    url = database_url("orchestrator")
    with database.open_pool(Settings(kafka_bootstrap_servers="none", database_url=url)) as pool:
        before = time.time()
        OutboxRelay(pool, cast("Publisher", Unwilling())).step()
        assert (sample("outbox_messages"), sample("outbox_oldest_message_timestamp_seconds")) == (0, 0)
        with pool.connection() as connection:
            for _ in range(2):
                outbox.add(connection, Record("queries", "k", b"{}"))
        with pytest.raises(PublishError):
            OutboxRelay(pool, cast("Publisher", Unwilling())).step()
    assert sample("outbox_messages") == 2
    oldest = sample("outbox_oldest_message_timestamp_seconds")
    assert oldest is not None
    assert abs(oldest - before) < 60
