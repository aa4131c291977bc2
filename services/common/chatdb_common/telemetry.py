"""Traces go to the collector over OTLP/HTTP from a thread of their own: without it a service runs as well."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import propagate, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

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
def consumed(topic: str, headers: Mapping[str, str]) -> Iterator[None]:
    """A span for one consumed message, in the trace that its headers name."""
    with _tracer.start_as_current_span(f"{topic} process", context=propagate.extract(headers)):
        yield
