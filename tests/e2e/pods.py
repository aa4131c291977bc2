"""What pods answer over HTTP, though none runs: the API server reaches pods through a proxy, and that is who answers.

The API server's own way to a Service is real: it picks a pod's address and port, and asks for a tunnel to it.
"""

import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

TUNNEL = re.compile(r"CONNECT \S+:(\d+) ")


class Pods:
    """Every port of every pod: 200 to each request, but for the ports that are `down`."""

    def __init__(self, folder: Path) -> None:
        """Nothing listens yet."""
        self.socket = folder / "egress"
        self.config = folder / "egress.yaml"
        self.down: set[int] = set()
        self.asked: list[tuple[int, str]] = []

    @property
    def api_options(self) -> list[str]:
        """By which the API server is told of the proxy."""
        transport = {"uds": {"udsName": str(self.socket)}}
        connection = {"proxyProtocol": "HTTPConnect", "transport": transport}
        config = {
            "apiVersion": "apiserver.k8s.io/v1beta1",
            "kind": "EgressSelectorConfiguration",
            "egressSelections": [{"name": "cluster", "connection": connection}],
        }
        self.config.write_text(yaml.safe_dump(config))
        return [f"--egress-selector-config-file={self.config}"]

    @contextmanager
    def answering(self) -> Iterator[None]:
        """They do for as long as the body runs."""
        pods = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                tunnel = TUNNEL.match(self._head())
                if tunnel is None:
                    return
                self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
                self.wfile.write(pods.answer(int(tunnel[1]), self._head()))

            def _head(self) -> str:
                lines: list[str] = []
                while (line := self.rfile.readline().decode().strip()) or not lines:
                    lines.append(line)
                    if not line:
                        break
                return "\n".join(lines)

        with socketserver.ThreadingUnixStreamServer(str(self.socket), Handler) as server:
            server.daemon_threads = True
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield
            server.shutdown()

    def answer(self, port: int, head: str) -> bytes:
        """The answer to a request, of which only the first line counts."""
        self.asked.append((port, head.split(" ")[1]))
        status = "503 Service Unavailable" if port in self.down else "200 OK"
        return f"HTTP/1.1 {status}\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi".encode()
