"""Traces go to the collector over OTLP/HTTP from a thread of their own: without it a service runs as well."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import propagate, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

EXPORT_SECONDS = 2
_tracer = trace.get_tracer("chatdb_common")


def configure(service: str, endpoint: str | None) -> TracerProvider:
    """Make spans of this process, and send them to `endpoint` where there is one; nothing is asked of it here."""
    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    if endpoint:
        exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=EXPORT_SECONDS)
        provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    return provider


def inject() -> dict[str, str]:
    """The headers (traceparent) that carry the current trace to whoever reads the message."""
    headers: dict[str, str] = {}
    propagate.inject(headers)
    return headers


@contextmanager
def step(name: str, **attributes: str | int) -> Iterator[None]:
    """A span for a piece of work, in the current trace; an error that leaves it is noted."""
    with _tracer.start_as_current_span(name, attributes=attributes):
        yield


@contextmanager
def consumed(topic: str, headers: Mapping[str, str]) -> Iterator[None]:
    """A span for one try to handle a message, in the trace that its headers name."""
    context, attributes = propagate.extract(headers), _messaging(topic, "process")
    with _tracer.start_as_current_span(f"process {topic}", context, SpanKind.CONSUMER, attributes):
        yield


class Sending:
    """One message on its way: its span, in the trace that its headers name, and the headers that name the span."""

    def __init__(self, topic: str, headers: Mapping[str, str]) -> None:
        """It begins now; without a trace in the headers it begins one."""
        context, attributes = propagate.extract(headers), _messaging(topic, "send")
        self._span: Span = _tracer.start_span(f"send {topic}", context, SpanKind.PRODUCER, attributes)
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
