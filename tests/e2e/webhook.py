"""An admission webhook on loopback that has one answer; which requests it is asked about, the API server decides.

Admission policies would need no server, but the oldest Kubernetes that the tests run on has none that change an object.
"""

import base64
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

SECONDS = 30
"""How long the API server waits for the answer; ten by default, and a machine under load takes its time."""


@contextmanager
def answering(certificates: Path, answer: dict[str, Any]) -> Iterator[dict[str, str]]:
    """A server that gives this `response` of an AdmissionReview to all who ask; how the API server finds it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(answer))
    server.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "server.crt", certificates / "server.key")
    # The handshake is each connection's own business: a slow one would hold up the others.
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        authority = base64.b64encode((certificates / "ca.crt").read_bytes()).decode()
        yield {"url": f"https://127.0.0.1:{server.server_port}/", "caBundle": authority}
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(answer: dict[str, Any]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            """Answer one AdmissionReview."""
            review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            response = {"uid": review["request"]["uid"], **answer}
            body = json.dumps(
                {"apiVersion": review["apiVersion"], "kind": review["kind"], "response": response}
            ).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Keep the tests' output clean."""

    return Handler
