"""The doors: the page, the runs over HTTP, and the threads that look and run."""

import queue
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, FastAPI, Header, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from prometheus_client import Counter

from chatdb_common.ids import new_id
from chatdb_common.problems import ProblemDetails
from chatdb_common.service import Service
from chatdb_common.timeouts import CONNECT_SECONDS, WAIT_SECONDS
from chatdb_common.workers import Worker
from test_service.adapters import HttpServices, Runs
from test_service.domain import Run, ServiceState, Status, Step
from test_service.pages import page
from test_service.questions import LONGEST_QUESTION, Asker
from test_service.service_layer import Journey, StepFailed, play
from test_service.settings import Settings

LOOK_SECONDS = 5.0
RUNS = Counter("smoke_runs_total", "Smoke runs that have ended", ["status"])
for end in (Status.PASSED, Status.FAILED):
    # An alert on the first one needs the zero before it.
    RUNS.labels(end)
KIBIBYTE = 1024
# A question that is too long is answered with a page that says so.
Question = Annotated[str, Query(json_schema_extra={"maxLength": LONGEST_QUESTION})]
PAGE: dict[str, Any] = {"description": "The page, with a sentence that says why", "content": {"text/html": {}}}


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

    @router.get("/", response_class=HTMLResponse)
    def status(request: Request) -> HTMLResponse:
        """What was last seen of the platform."""
        states = watcher.states
        ready = bool(states) and all(state.ok for state in states)
        return page(request, "status.html", states=states, ready=ready, run=runs.last())

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


def ask_routes(asker: Asker) -> APIRouter:
    """The page that shows the SQL of a question; its address can be kept and shared."""
    router = APIRouter()

    @router.get("/ask", response_class=HTMLResponse, responses=dict.fromkeys((422, 429, 503), PAGE))
    def ask(request: Request, question: Question = "") -> HTMLResponse:
        """The SQL of a question, or why there is none; nothing is executed."""
        question = question.strip()
        try:
            reading = asker.ask(question) if question else None
        except ProblemDetails as problem:
            said, shown = problem.detail, question[:LONGEST_QUESTION]
            context: dict[str, Any] = {"question": shown, "reading": None, "problem": said}
            return page(request, "ask.html", status=problem.status, headers=problem.headers, **context)
        return page(request, "ask.html", question=question, reading=reading, problem=None)

    return router


def view(run: Run) -> dict[str, Any]:
    """A run as HTTP shows it."""
    return {
        "id": str(run.id),
        "status": run.status,
        "started_at": run.started_at.isoformat(),
        "finished_at": run.finished_at.isoformat() if run.finished_at else None,
        "steps": [
            {
                "name": step.name,
                "status": step.status,
                "detail": step.detail,
                "metrics": step.metrics,
                "seconds": step.seconds,
            }
            for step in run.steps
        ],
    }


def build(settings: Settings) -> FastAPI:
    """The whole service; it has no hard dependency: its page is for the time when others are down."""
    addresses = {name: url.rstrip("/") for name, url in settings.addresses().items()}
    services = HttpServices(addresses)
    questions = HttpServices(addresses, seconds=WAIT_SECONDS, connect=CONNECT_SECONDS)
    runs = Runs()
    watcher = Watcher(services, list(addresses))
    runner = Runner(services, runs)
    service = Service(
        settings=settings,
        workers=(watcher, runner),
        closers=(services.close, questions.close),
        body_limit=KIBIBYTE,
    )
    app = service.app()
    app.include_router(routes(watcher, runner, runs))
    app.include_router(ask_routes(Asker(questions)))
    return app
