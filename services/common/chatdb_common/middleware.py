"""What happens around each request: a limit on its body, a metric, a line in the log, a farewell."""

import re
import time
from collections.abc import Mapping
from contextlib import nullcontext

from prometheus_client import Counter, Gauge, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatdb_common.health import Readiness
from chatdb_common.logs import get_logger
from chatdb_common.problems import ProblemDetails

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
QUIET = ("/health", "/ready", "/metrics")
REQUESTS = Counter("http_requests_total", "Requests that were answered", ["method", "route", "status"])
SECONDS = Histogram("http_request_duration_seconds", "How long answers took", ["method", "route", "status"])
IN_PROGRESS = Gauge("http_requests_in_progress", "Requests that are being answered, but for probes and scrapes")
log = get_logger(__name__)


class Farewell:
    """Once the service is closing, ends each connection with its answer, so that nobody sends a request too late."""

    def __init__(self, app: ASGIApp, readiness: Readiness) -> None:
        """Outermost: it is said with each answer."""
        self._app = app
        self._readiness = readiness

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and look whether the end has come when it is answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def last(message: Message) -> None:
            if message["type"] == "http.response.start" and self._readiness.closing:
                MutableHeaders(scope=message)["connection"] = "close"
            await send(message)

        await self._app(scope, receive, last)


class BodyLimit:
    """Refuses a body that is longer than allowed, whether it says so first or not."""

    def __init__(self, app: ASGIApp, limit: int, uploads: Mapping[re.Pattern[str], int]) -> None:
        """`limit` in bytes; `uploads` are other limits, of PUT on paths that match as a whole."""
        self._app = app
        self._limit = limit
        self._uploads = uploads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and count what it sends."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limit_of(scope)
        detail = f"the body is longer than {limit} bytes"
        declared = Headers(scope=scope).get("content-length", "0")
        if declared.isdecimal() and int(declared) > limit:
            await ProblemDetails(413, detail).response()(scope, receive, send)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise HTTPException(413, detail)
            return message

        await self._app(scope, counted, send)

    def _limit_of(self, scope: Scope) -> int:
        if scope["method"] == "PUT":
            for path, limit in self._uploads.items():
                if path.fullmatch(scope["path"]):
                    return limit
        return self._limit


class Observed:
    """Counts, times and logs each answer under its route, never under its path: ids would make endless metrics."""

    def __init__(self, app: ASGIApp) -> None:
        """Outermost but for the limit."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and look at the answer's status."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500
        start = time.perf_counter()

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            # The scrape that tells of it would always be one.
            with nullcontext() if scope["path"] in QUIET else IN_PROGRESS.track_inprogress():
                await self._app(scope, receive, noted)
        finally:
            _observe(scope, status, time.perf_counter() - start)


def _observe(scope: Scope, status: int, seconds: float) -> None:
    route = getattr(scope.get("route"), "path", "none")
    # Whoever asks chooses the method: any word may be one.
    method = scope["method"] if scope["method"] in METHODS else "other"
    REQUESTS.labels(method, route, str(status)).inc()
    SECONDS.labels(method, route, str(status)).observe(seconds)
    if scope["path"] not in QUIET:
        log.info("request", method=scope["method"], path=scope["path"], status=status, seconds=round(seconds, 4))
