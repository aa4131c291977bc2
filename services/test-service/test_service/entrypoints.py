"""The doors: the page, the runs over HTTP, and the threads that look and run."""

import queue
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, FastAPI, Header, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from jinja2 import Environment, PackageLoader, select_autoescape
from prometheus_client import Counter

from chatdb_common.ids import new_id
from chatdb_common.problems import ProblemDetails
from chatdb_common.service import Service
from chatdb_common.workers import Worker
from test_service.adapters import HttpServices, Runs
from test_service.domain import Run, ServiceState, Status, Step
from test_service.service_layer import Journey, StepFailed, play
from test_service.settings import Settings

LOOK_SECONDS = 5.0
RUNS = Counter("smoke_runs_total", "Smoke runs that have ended", ["status"])
for end in (Status.PASSED, Status.FAILED):
    # An alert on the first one needs the zero before it.
    RUNS.labels(end)
KIBIBYTE = 1024
PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)+")
# The page has no script, loads nothing, and posts to itself only.
PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'",
    "Cache-Control": "no-store",
}


class Watcher(Worker):
    """Looks at every service now and then; the page shows what was seen last, and waits for nobody."""

    def __init__(self, services: HttpServices, names: list[str]) -> None:
        """Nothing is seen yet."""
        super().__init__("watcher")
        self._services = services
        self._names = names
        self._pool = ThreadPoolExecutor(max_workers=len(names), thread_name_prefix="look")
        self.states: list[ServiceState] = []

    def step(self) -> None:
        """One look at all of them at once."""
        self.states = list(self._pool.map(self._services.look, self._names))
        self.stopping.wait(LOOK_SECONDS)


class Runner(Worker):
    """Plays the runs, one at a time, in the order in which they were asked for."""

    def __init__(self, services: HttpServices, runs: Runs) -> None:
        """None is waiting."""
        super().__init__("runner")
        self._services = services
        self._runs = runs
        self._waiting: queue.Queue[Run] = queue.Queue(maxsize=5)

    def ask(self, key: str | None) -> Run:
        """A new run, or the one that was asked for with this key; 429 where too many wait."""
        steps = tuple(Step(name=name) for name in Journey(self._services, "").steps())
        fresh = Run(id=new_id(), started_at=datetime.now(UTC), steps=steps)
        if self._waiting.full():
            raise ProblemDetails(429, "some runs wait already", headers={"Retry-After": "10"})
        run = self._runs.add(fresh, key)
        if run is fresh:
            self._waiting.put(run)
        return run

    def step(self) -> None:
        """One run, if one waits."""
        try:
            run = self._waiting.get(timeout=0.5)
        except queue.Empty:
            return
        over = play(run, Journey(self._services, str(run.id), pause=self._pause), self._note)
        RUNS.labels(over.status).inc()

    def _note(self, run: Run) -> None:
        self._runs.put(run)
        self.beat()

    def _pause(self, seconds: float) -> None:
        if self.rest(seconds):
            raise StepFailed("this service was stopped")


def routes(watcher: Watcher, runner: Runner, runs: Runs) -> APIRouter:
    """The HTTP door."""
    router = APIRouter()
    page = Environment(loader=PackageLoader("test_service", "."), autoescape=select_autoescape()).get_template(
        "status.html"
    )

    @router.get("/", response_class=HTMLResponse)
    def status(request: Request) -> HTMLResponse:
        """What was last seen of the platform."""
        states = watcher.states
        ready = bool(states) and all(state.ok for state in states)
        base = _base(request.headers.get("x-forwarded-prefix", ""))
        return HTMLResponse(page.render(states=states, ready=ready, run=runs.last(), base=base), headers=PAGE_HEADERS)

    @router.post("/runs", status_code=202, responses={303: {"description": "For a browser"}})
    def start(
        request: Request, idempotency_key: Annotated[str | None, Header(min_length=1, max_length=255)] = None
    ) -> Response:
        """Start a smoke run; a browser is sent back to the page."""
        run = runner.ask(idempotency_key)
        if "text/html" in request.headers.get("accept", ""):
            return Response(status_code=303, headers={"Location": "."})
        return JSONResponse(view(run), 202, headers={"Location": f"runs/{run.id}"})

    @router.get("/runs/{run_id}")
    def show(run_id: UUID) -> Mapping[str, Any]:
        """One of the last runs."""
        run = runs.get(run_id)
        if run is None:
            raise ProblemDetails(404, f"there is no run {run_id} since this service started")
        return view(run)

    return router


def _base(prefix: str) -> str:
    """What the page's links begin with; behind an ingress its address may end without a slash."""
    return f"{prefix}/" if PREFIX.fullmatch(prefix) else ""


def view(run: Run) -> dict[str, Any]:
    """A run as HTTP shows it."""
    return {
        "id": str(run.id),
        "status": run.status,
        "started_at": run.started_at.isoformat(),
        "finished_at": run.finished_at.isoformat() if run.finished_at else None,
        "steps": [
            {"name": step.name, "status": step.status, "detail": step.detail, "seconds": step.seconds}
            for step in run.steps
        ],
    }


def build(settings: Settings) -> FastAPI:
    """The whole service; it has no hard dependency: its page is for the time when others are down."""
    addresses = {name: url.rstrip("/") for name, url in settings.addresses().items()}
    services = HttpServices(addresses)
    runs = Runs()
    watcher = Watcher(services, list(addresses))
    runner = Runner(services, runs)
    service = Service(
        settings=settings,
        workers=(watcher, runner),
        closers=(services.close,),
        body_limit=KIBIBYTE,
    )
    app = service.app()
    app.include_router(routes(watcher, runner, runs))
    return app
