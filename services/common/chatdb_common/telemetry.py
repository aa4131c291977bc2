"""Traces go to the collector over OTLP/HTTP from a thread of their own: without it a service runs as well."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from opentelemetry import context, propagate, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

from chatdb_common.logs import get_logger

EXPORT_SECONDS = 2
_tracer = trace.get_tracer("chatdb_common")
log = get_logger(__name__)


class CollectorExporter(SpanExporter):
    """Sends spans to the collector, and logs once that it does not take them, and once that it does again.

    A platform may have none, or start it last; the library would log an error, or several, for each batch.
    """

    def __init__(self, endpoint: str) -> None:
        """Nothing is sent yet."""
        logging.getLogger(OTLPSpanExporter.__module__).setLevel(logging.CRITICAL)
        self._endpoint = f"{endpoint.rstrip('/')}/v1/traces"
        self._exporter = OTLPSpanExporter(endpoint=self._endpoint, timeout=EXPORT_SECONDS)
        self._taken = True

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Try for two seconds; what is not taken then is dropped."""
        result = self._exporter.export(spans)
        taken = result is SpanExportResult.SUCCESS
        if taken != self._taken:
            state = "the collector takes traces again" if taken else "the collector takes no traces: they are dropped"
            log.info(state, endpoint=self._endpoint)
        self._taken = taken
        return result

    def shutdown(self) -> None:
        """Let go of the connection."""
        self._exporter.shutdown()  # type: ignore[no-untyped-call]


def configure(service: str, endpoint: str | None) -> TracerProvider:
    """Make spans of this process, and send them to `endpoint` where there is one; nothing is asked of it here."""
    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    if endpoint:
        provider.add_span_processor(BatchSpanProcessor(CollectorExporter(endpoint)))
    trace.set_tracer_provider(provider)
    return provider


def inject() -> dict[str, str]:
    """The headers (traceparent) that carry the current trace to whoever reads the message."""
    headers: dict[str, str] = {}
    propagate.inject(headers)
    return headers


@contextmanager
def continued(headers: Mapping[str, str]) -> Iterator[None]:
    """Let what is done within belong to the trace that the headers name, and have the parent that they name."""
    token = context.attach(propagate.extract(headers))
    try:
        yield
    finally:
        context.detach(token)


@contextmanager
def step(name: str, **attributes: str | int) -> Iterator[None]:
    """A span for a piece of work, in the current trace; an error that leaves it is noted."""
    with _tracer.start_as_current_span(name, attributes=attributes):
        yield


@contextmanager
def consumed(topic: str, headers: Mapping[str, str]) -> Iterator[None]:
    """A span for one try to handle a message, in the trace that its headers name."""
    parent, attributes = propagate.extract(headers), _messaging(topic, "process")
    with _tracer.start_as_current_span(f"process {topic}", parent, SpanKind.CONSUMER, attributes):
        yield


class Sending:
    """One message on its way: its span, in the trace that its headers name, and the headers that name the span."""

    def __init__(self, topic: str, headers: Mapping[str, str]) -> None:
        """It begins now; without a trace in the headers it begins one."""
        parent, attributes = propagate.extract(headers), _messaging(topic, "send")
        self._span: Span = _tracer.start_span(f"send {topic}", parent, SpanKind.PRODUCER, attributes)
        self.headers = dict(headers)
        propagate.inject(self.headers, trace.set_span_in_context(self._span))

    def end(self, error: str | None) -> None:
        """It has arrived, or not."""
        if error is not None:
            self._span.set_status(Status(StatusCode.ERROR, error))
        self._span.end()


def _messaging(topic: str, operation: str) -> dict[str, str]:
    """The field's names for what is done with a message."""
    return {
        "messaging.system": "kafka",
        "messaging.destination.name": topic,
        "messaging.operation.type": operation,
    }
