"""A receiver of OTLP over HTTP, as far as a test needs it: what comes is decoded, and written down as JSON lines.

Usage: collector.py PORT FILE, in the services' env_vars, which has the protocol's own messages.
"""

import json
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span

port, file = int(sys.argv[1]), Path(sys.argv[2])


def spans(body: bytes) -> Iterator[dict[str, Any]]:
    """Of each span: whose it is, what it is called, and its place in its trace."""
    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        names = {one.key: one.value.string_value for one in resource.resource.attributes}
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield {
                    "service": names["service.name"],
                    "name": span.name,
                    "kind": Span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"),
                    "trace": span.trace_id.hex(),
                    "id": span.span_id.hex(),
                    "parent": span.parent_span_id.hex(),
                    "failed": span.status.code == span.status.STATUS_CODE_ERROR,
                }


class Receiver(BaseHTTPRequestHandler):
    """Takes what exporters send; whole lines only are written."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """One batch."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path != "/v1/traces" or self.headers["Content-Type"] != "application/x-protobuf":
            self.send_error(404)
            return
        with file.open("a", encoding="utf-8") as out:
            out.write("".join(json.dumps(span) + "\n" for span in spans(body)))
        answer = ExportTraceServiceResponse().SerializeToString()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_arguments: object) -> None:
        """Nobody reads it."""


ThreadingHTTPServer(("127.0.0.1", port), Receiver).serve_forever()
