"""HTTP servers on loopback that answer as a test says: registries that are slow, broken, or want a login."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

MANIFEST = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json"}).encode()
TYPE = "application/vnd.oci.image.manifest.v1+json"


class Request(BaseHTTPRequestHandler):
    """What is asked, and ways to answer it."""

    server: "Registry"

    def answer(self, status: int, body: bytes = b"", content_type: str = TYPE, **headers: str) -> None:
        """A whole answer; in names of headers, _ stands for -."""
        self.send_response(status)
        names = {"Content-Type": content_type, "Content-Length": str(len(body))}
        for name, value in (names | {name.replace("_", "-"): value for name, value in headers.items()}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    @property
    def login(self) -> str | None:
        """The header `Authorization`."""
        return self.headers["Authorization"]

    def do_GET(self) -> None:
        """Note it, and let the test answer; who has asked may be gone by then."""
        size = int(self.headers["Content-Length"] or 0)
        self.server.asked.append((f"{self.command} {self.path}", self.login, self.rfile.read(size).decode()))
        try:
            self.server.answers(self)
        except OSError:
            self.close_connection = True

    do_POST = do_GET

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
        """Nothing."""


class Registry(ThreadingHTTPServer):
    """A server, what it was asked, and how it answers."""

    daemon_threads = True

    def __init__(self, answers: Callable[[Request], None]) -> None:
        """On a free port."""
        super().__init__(("127.0.0.1", 0), Request)
        self.answers = answers
        self.asked: list[tuple[str, str | None, str]] = []
        """Line, login and body of each request."""

    @property
    def host(self) -> str:
        """Its address."""
        return f"127.0.0.1:{self.server_port}"


@contextmanager
def registry(answers: Callable[[Request], None]) -> Iterator[Registry]:
    """Until the test has ended."""
    server = Registry(answers)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
