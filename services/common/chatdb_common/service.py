"""One service as a process: its HTTP door, its workers, and their end in the right order."""

import asyncio
import gc
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from socket import socket
from typing import Any

import uvicorn
from anyio import to_thread
from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse
from fastapi.telemetry import TelemetryConfig
from prometheus_client import CONTENT_TYPE_LATEST, disable_created_metrics, generate_latest

from chatdb_common import api_docs, logs, problems, telemetry
from chatdb_common.health import Check, Readiness
from chatdb_common.listening import every_address
from chatdb_common.middleware import QUIET, BodyLimit, Farewell, Observed
from chatdb_common.settings import ServiceSettings
from chatdb_common.workers import Worker, stop_all

MEBIBYTE = 1024 * 1024
# Together below the grace period of 30 seconds, less the 5 of the preStop hook.
LINGER_SECONDS = 1.0
# How long requests that are under way may take once the service is told to stop.
HTTP_DRAIN_SECONDS = 10
# Longer than a proxy keeps an idle connection (ingress-nginx: 60 s). Who closes first must not be the server: what the
# proxy has sent on it by then, and may not send again, is lost.
KEEP_ALIVE_SECONDS = 75
WORKER_SECONDS = 10.0
TELEMETRY: TelemetryConfig = {
    # Prometheus has the metrics, and the log its own lines.
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "exclude": lambda scope: scope["path"] in QUIET,
}
log = logs.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Service:
    """What makes one service.

    `workers` run beside HTTP, and /ready has a check of each; `closers` let go of connections after their end, and an
    error in `unavailable` (a dependency that is down) is answered with 503.
    """

    settings: ServiceSettings
    checks: Sequence[Check] = ()
    workers: Sequence[Worker] = ()
    closers: Sequence[Callable[[], object]] = ()
    unavailable: Sequence[type[Exception]] = ()
    body_limit: int = MEBIBYTE
    uploads: Mapping[re.Pattern[str], int] = field(default_factory=dict)
    worker_seconds: float = WORKER_SECONDS

    def app(self) -> FastAPI:
        """The HTTP application, with what each service answers; the service adds its routes."""
        loops = (Check(worker.name, worker.check, hard=worker.vital) for worker in self.workers)
        readiness = Readiness((*self.checks, *loops))
        app = FastAPI(
            title=self.settings.service,
            lifespan=self._lifespan,
            openapi_url=api_docs.document_path(self.settings.service),
            servers=[{"url": api_docs.API}],
            # FastAPI's pages load from other hosts.
            docs_url=None,
            redoc_url=None,
            # It would name this host, and not the way through the ingress.
            redirect_slashes=False,
            responses=problems.RESPONSES,
            telemetry=TELEMETRY,
        )
        app.state.readiness = readiness
        # The last one added is the outermost.
        app.add_middleware(Observed)
        app.add_middleware(BodyLimit, limit=self.body_limit, uploads=self.uploads)
        app.add_middleware(Farewell, readiness=readiness)
        problems.install(app, self.unavailable)
        _add_operations(app, readiness, self.workers)
        api_docs.add_page(app, self.settings.service)
        return app

    @asynccontextmanager
    async def _lifespan(self, app: FastAPI) -> AsyncIterator[None]:
        for worker in self.workers:
            worker.start()
        yield
        # uvicorn has drained HTTP by now.
        app.state.readiness.closing = True
        await to_thread.run_sync(self._close)

    def _close(self) -> None:
        late = stop_all(self.workers, self.worker_seconds)
        if late:
            log.warning("workers did not end in time; what they had is not acknowledged and comes again", workers=late)
        for close in self.closers:
            close()


def _add_operations(app: FastAPI, readiness: Readiness, workers: Sequence[Worker]) -> None:
    @app.get("/health", include_in_schema=False)
    async def health() -> JSONResponse:
        ended = [worker.name for worker in workers if worker.ended()]
        if not ended:
            return JSONResponse({"status": "ok"})
        return JSONResponse({"status": "failed", "detail": f"these loops have ended: {', '.join(ended)}"}, 503)

    @app.get("/ready", include_in_schema=False)
    def ready() -> JSONResponse:
        findings = readiness.findings()
        ok = all(finding.ok or not finding.hard for finding in findings) and not readiness.closing
        whole = all(finding.ok for finding in findings)
        status = "closing" if readiness.closing else "not ready" if not ok else "ready" if whole else "degraded"
        checks: dict[str, Any] = {f.name: {"ok": f.ok, "detail": f.detail} for f in findings}
        return JSONResponse({"status": status, "checks": checks}, 200 if ok else 503)

    @app.get("/metrics", include_in_schema=False)
    def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


class Server(uvicorn.Server):
    """A server that says it is not ready before it stops, and ends with exit code 0 when it was asked to stop."""

    def handle_exit(self, sig: int, frame: Any) -> None:
        """A second signal does not wait for open requests."""
        del sig, frame
        app = self.config.app
        if isinstance(app, FastAPI):
            app.state.readiness.closing = True
        self.force_exit = self.should_exit
        self.should_exit = True

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """Serve on for a moment before connections are closed: a request may be on its way on each that is idle.

        Whoever asks meanwhile hears that the connection ends with its answer, and asks nothing more on it.
        """
        if not self.force_exit:
            await asyncio.sleep(LINGER_SECONDS)
        await super().shutdown(sockets)


def server_config(settings: ServiceSettings, app: FastAPI) -> uvicorn.Config:
    """How the application is served."""
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=HTTP_DRAIN_SECONDS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
    )


def run(settings: ServiceSettings, build: Callable[[], FastAPI]) -> None:
    """Serve until SIGTERM; `build` makes the application once logs and traces are set up."""
    logs.configure(settings.service)
    # When each series was made: as many series again, at which nobody looks.
    disable_created_metrics()  # type: ignore[no-untyped-call]
    provider = telemetry.configure(settings.service, settings.otel_exporter_otlp_endpoint)
    config = server_config(settings, build())
    # What is there by now stays: a full collection that looked at it again would hold up every request meanwhile.
    gc.freeze()
    try:
        Server(config).run(None if settings.host else [every_address(settings.port)])
    finally:
        provider.shutdown()
