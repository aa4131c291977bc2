"""The platform's public door on this machine: paths as the ingress routes them, to the services of a local platform."""

import http.client
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from chatdb.local.addresses import service_urls
from chatdb.local.site import HOST
from constructs_lib.resolved import ResolvedComponent, ResolvedPlatform
from constructs_lib.routes import PREFIX_HEADER, rewritten

SECONDS = 30
OF_ONE_HOP = frozenset({"connection", "content-length", "keep-alive", "transfer-encoding"})
Routes = Sequence[tuple[ResolvedComponent, str]]
"""Each service that has public paths, and its host and port."""


def routes(platform: ResolvedPlatform, told: Mapping[str, str]) -> Routes:
    """Those of the services whose URL is told, as a local platform tells it."""
    pairs = ((platform.component(name), url) for name, url in service_urls(platform, told).items())
    return [(component, urlsplit(url).netloc) for component, url in pairs if component.route]


@contextmanager
def door(routing: Routes) -> Iterator[str]:
    """The URL of a door that is open until the end of the body."""
    with _Server((HOST, 0), partial(_Passage, routing)) as server:
        thread = threading.Thread(target=server.serve_forever, name="door", daemon=True)
        thread.start()
        try:
            yield f"http://{HOST}:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class _Server(ThreadingHTTPServer):
    """All users may come at once."""

    request_queue_size = 512


class _Passage(BaseHTTPRequestHandler):
    """Takes a request to its service, and the answer back; of a service that does not answer it makes a 502."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def __init__(self, routing: Routes, *arguments: object) -> None:
        """It serves at once."""
        self._routes = routing
        super().__init__(*arguments)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        """Pass it on."""
        self._pass()

    def do_POST(self) -> None:
        """Pass it on."""
        self._pass()

    def _pass(self) -> None:
        path, mark, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        for component, address in self._routes:
            inside = rewritten(component, path)
            if component.route and inside is not None:
                self._ask(address, f"{inside}{mark}{query}", body, component.route.strip)
                return
        self._answer(HTTPStatus.NOT_FOUND, {}, b"")

    def _ask(self, address: str, path: str, body: bytes, prefix: str) -> None:
        headers = {name: value for name, value in self.headers.items() if name.lower() not in OF_ONE_HOP}
        headers[PREFIX_HEADER] = prefix
        connection = http.client.HTTPConnection(address, timeout=SECONDS)
        try:
            connection.request(self.command, path, body or None, headers)
            answer = connection.getresponse()
            self._answer(answer.status, dict(answer.getheaders()), answer.read())
        except (OSError, http.client.HTTPException):
            self._answer(HTTPStatus.BAD_GATEWAY, {}, b"")
        finally:
            connection.close()

    def _answer(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in OF_ONE_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Nobody reads it."""
