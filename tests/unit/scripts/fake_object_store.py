"""A tiny S3 server: path-style buckets and objects, signatures checked by its own reckoning, and faults on demand."""

import hashlib
import hmac
import re
import threading
from dataclasses import dataclass, field
from functools import reduce
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

ACCESS, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<access>[^/]+)/(?P<scope>[^,]+), "
    r"SignedHeaders=(?P<names>[^,]+), Signature=(?P<signature>[0-9a-f]{64})"
)


@dataclass
class FakeObjectStore:
    """The objects by /bucket and /bucket/key, and what was asked."""

    objects: dict[str, bytes] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    faults: list[int] = field(default_factory=list)
    appears_after_head: dict[str, bytes] = field(default_factory=dict)

    def __enter__(self) -> Self:
        """Serve on a free port."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()

    @property
    def endpoint(self) -> str:
        """Its URL."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, method: str, path: str, headers: Any, body: bytes) -> tuple[int, str]:
        """Status and S3 error code for one request."""
        self.requests.append(f"{method} {path}")
        if self.faults:
            return self.faults.pop(0), "SlowDown"
        if not signature_fits(method, path, headers, body):
            return 403, "SignatureDoesNotMatch"
        if method == "HEAD":
            status = 200 if path in self.objects else 404
            if path in self.appears_after_head:
                self.objects[path] = self.appears_after_head[path]
            return status, ""
        return self._put(path, headers, body)

    def _put(self, path: str, headers: Any, body: bytes) -> tuple[int, str]:
        bucket, _, key = path[1:].partition("/")
        if path in self.objects:
            if not key:
                return 409, "BucketAlreadyOwnedByYou"
            if headers["If-None-Match"] == "*":
                return 412, "PreconditionFailed"
        if key and f"/{bucket}" not in self.objects:
            return 404, "NoSuchBucket"
        self.objects[path] = body
        return 200, ""


def signature_fits(method: str, path: str, headers: Any, body: bytes) -> bool:
    """Whether the request is signed with SECRET, and its body is the one that was signed."""
    given = AUTHORIZATION.fullmatch(headers["Authorization"] or "")
    if not given or given["access"] != ACCESS:
        return False
    digest = hashlib.sha256(body).hexdigest()
    date, region, service, end = given["scope"].split("/")
    signed = "".join(f"{name}:{headers[name]}\n" for name in given["names"].split(";"))
    canonical = f"{method}\n{path}\n\n{signed}\n{given['names']}\n{digest}".encode()
    text = f"AWS4-HMAC-SHA256\n{headers['X-Amz-Date']}\n{given['scope']}\n{hashlib.sha256(canonical).hexdigest()}"
    steps = [date, region, service, end, text]
    key = reduce(lambda k, step: hmac.new(k, step.encode(), hashlib.sha256).digest(), steps, b"AWS4" + SECRET.encode())
    expected = {"host", "x-amz-content-sha256", "x-amz-date"}
    whole = headers["X-Amz-Content-Sha256"] == digest and expected <= set(given["names"].split(";"))
    return whole and service == "s3" and key.hex() == given["signature"]


def _handler(fake: FakeObjectStore) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 5

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            status, code = fake.answer(self.command, self.path, self.headers, body)
            self.send_response(status)
            self.end_headers()
            if self.command != "HEAD" and code:
                self.wfile.write(f"<Error><Code>{code}</Code></Error>".encode())

        do_HEAD = do_PUT = _serve

        def log_message(self, *_: object) -> None:
            """Nothing: the test's output is the script's."""

    return Handler
