#!/usr/bin/python3
"""Listens where a server would that cannot be had: answers its probes, and counts what it is sent.

Usage: listener.py [ADDRESS:]PORT=PATH[,PATH...] ...        (what is answered there by 200 and JSON; else 404)

A POST is answered by 200 everywhere, and counted: /metrics of each port has the sums.
"""

import signal
import sys
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COUNTS: Counter[str] = Counter()


class Handler(BaseHTTPRequestHandler):
    """One port."""

    protocol_version = "HTTP/1.1"
    paths: frozenset[str] = frozenset()

    def do_GET(self) -> None:
        """A probe, or the sums."""
        path = self.path.partition("?")[0]
        if path == "/metrics":
            sums = "".join(f"listener_{name}_total {count}\n" for name, count in sorted(COUNTS.items()))
            self._answer(200, sums, "text/plain; version=0.0.4")
        else:
            self._answer(200 if path in self.paths else 404, '{"data": []}', "application/json")

    def do_POST(self) -> None:
        """Data of any kind."""
        size = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(size)
        COUNTS.update(requests=1, bytes=size)
        self._answer(200, "{}", "application/json")

    def _answer(self, status: int, text: str, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing of each request."""


def listen(argument: str) -> ThreadingHTTPServer:
    """One port with its paths."""
    place, _, paths = argument.partition("=")
    address, _, port = place.rpartition(":")
    handler = type("Port", (Handler,), {"paths": frozenset(paths.split(","))})
    return ThreadingHTTPServer((address or "0.0.0.0", int(port)), handler)


if __name__ == "__main__":
    # The first process of a container ignores what it does not handle.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    SERVERS = [listen(argument) for argument in sys.argv[1:]]
    for server in SERVERS[1:]:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    SERVERS[0].serve_forever()
