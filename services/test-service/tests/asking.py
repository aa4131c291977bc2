"""test-service with a query-parser behind it that says what a test wants."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from fastapi.testclient import TestClient

from test_service.entrypoints import build
from test_service.settings import Settings

NOWHERE = "http://127.0.0.1:1"
SQL = {"sql": 'SELECT "a" FROM "t" WHERE "b" = $1', "parameters": ["x"], "tables": ["t"], "confidence": 1.0}
Reply = Callable[[str], bytes]


class Quiet:
    """Logs no requests."""

    def log_message(self, *_: object) -> None:
        """Drop it."""


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """A server on loopback; its URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def parser(reply: Reply, status: int = 200, retry_after: str | None = None) -> Iterator[str]:
    """A query-parser that answers a question with what `reply` makes of it; its URL."""

    class Handler(Quiet, BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """The answer."""
            content = reply(json.loads(self.rfile.read(int(self.headers["content-length"])))["query"])
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            if retry_after is not None:
                self.send_header("retry-after", retry_after)
            self.end_headers()
            self.wfile.write(content)

    with serving(Handler) as url:
        yield url


@contextmanager
def page_before(parser_url: str) -> Iterator[TestClient]:
    """test-service, which finds nobody but this query-parser."""
    names = ("training_orchestrator_url", "model_registry_url", "ml_engine_url")
    with TestClient(build(Settings(**dict.fromkeys(names, NOWHERE), query_parser_url=parser_url))) as client:
        yield client


@contextmanager
def page_with(answer: Mapping[str, Any] | bytes, status: int = 200) -> Iterator[TestClient]:
    """test-service before a query-parser that answers everything with this."""
    content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    with parser(lambda _: content, status) as url, page_before(url) as client:
        yield client
