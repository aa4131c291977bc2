"""An API server of Secrets and claims: TLS, a token, resource versions and conflicts, and faults on demand."""

import base64
import json
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import trustme

VERBS = {"GET": "get", "POST": "create", "PATCH": "patch"}


def make_service_account(directory: Path) -> None:
    """A token, the cluster's authority, and the API server's certificate for 127.0.0.1."""
    (directory / "token").write_text("a-token\n")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(directory / "ca.crt"))
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(directory / "tls.pem"))


@dataclass
class FakeKubernetes:
    """The state of the cluster, and what was asked of it."""

    directory: Path
    objects: dict[tuple[str, str, str], dict[str, Any]] = field(default_factory=dict)
    requests: list[tuple[str, str, str, str]] = field(default_factory=list)
    writes: int = 0
    faults: list[int] = field(default_factory=list)
    denied: set[tuple[str, str, str]] = field(default_factory=set)
    after_write: Callable[[int], None] = lambda number: None

    def __enter__(self) -> Self:
        """Serve on a free port."""
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.directory / "tls.pem")
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()

    @property
    def env(self) -> dict[str, str]:
        """What a pod is told about the API server."""
        return {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": str(self._server.server_port)}

    def values(self) -> dict[str, str]:
        """All values of all Secrets by namespace/name/key."""
        return {
            f"{namespace}/{name}/{key}": base64.b64decode(value).decode()
            for (kind, namespace, name), object_ in self.objects.items()
            if kind == "secrets"
            for key, value in object_["data"].items()
        }

    def add_claim(self, namespace: str, name: str) -> None:
        """A claim that some StatefulSet made."""
        self.objects["persistentvolumeclaims", namespace, name] = {"metadata": {"name": name}}

    def delete_key(self, namespace: str, name: str, key: str) -> None:
        """Somebody removes one key of a Secret."""
        del self.objects["secrets", namespace, name]["data"][key]

    def answer(self, method: str, path: str, headers: Any, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Status and object for one request."""
        _, _, _, _, namespace, kind, *rest = path.split("/")
        name = rest[0] if rest else body["metadata"]["name"]
        self.requests.append((VERBS[method], kind, namespace, rest[0] if rest else ""))
        if headers["Authorization"] != "Bearer a-token":
            return 401, {"reason": "Unauthorized"}
        if (VERBS[method], kind, namespace) in self.denied:
            return 403, {"reason": "Forbidden", "message": f"{kind} is forbidden"}
        with self._lock:
            if self.faults:
                return self.faults.pop(0), {}
            if method == "GET":
                stored = self.objects.get((kind, namespace, name))
                return (200, stored) if stored else (404, {"reason": "NotFound"})
            return self._write(method, (kind, namespace, name), headers, body)

    def _write(
        self, method: str, at: tuple[str, str, str], headers: Any, body: dict[str, Any]
    ) -> tuple[int, dict[str, Any]]:
        stored = self.objects.get(at)
        if method == "POST":
            if stored:
                return 409, {"reason": "AlreadyExists"}
            stored = body
        else:
            assert headers["Content-Type"] == "application/merge-patch+json"
            if not stored:
                return 404, {"reason": "NotFound"}
            if body["metadata"]["resourceVersion"] != stored["metadata"]["resourceVersion"]:
                return 409, {"reason": "Conflict"}
            stored = {**stored, "data": {**stored["data"], **body["data"]}, "metadata": dict(stored["metadata"])}
        self.writes += 1
        stored["metadata"]["resourceVersion"] = str(self.writes)
        self.objects[at] = stored
        self.after_write(self.writes)
        return (201 if method == "POST" else 200), stored


def _handler(fake: FakeKubernetes) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 5

        def _serve(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"] or 0)) or b"{}")
            status, content = fake.answer(self.command, self.path, self.headers, body)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(content).encode())

        do_GET = do_POST = do_PATCH = _serve

        def log_message(self, *_: object) -> None:
            """Nothing: the test's output is the script's."""

    return Handler
