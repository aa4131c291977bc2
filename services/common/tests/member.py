"""A service for the tests: one worker, whose step lasts until the service is told to stop."""

import gc
from typing import ClassVar

from fastapi import FastAPI

from chatdb_common.service import Service, run
from chatdb_common.settings import ServiceSettings
from chatdb_common.workers import Worker


class Settings(ServiceSettings):
    """Nothing but the port."""

    service: ClassVar[str] = "member"


class Slow(Worker):
    """Says what it does."""

    app: FastAPI

    def step(self) -> None:
        """Lasts until the end is asked for."""
        say(
            "collections look at " + ("new objects" if len(gc.get_objects()) < gc.get_freeze_count() else "all objects")
        )
        say("step begins")
        self.stopping.wait()
        say("not ready" if self.app.state.readiness.closing else "ready")
        say("step ends")

    def close(self) -> None:
        """After the step."""
        say("worker closed")


def say(line: str) -> None:
    """At once."""
    print(line, flush=True)


def build() -> FastAPI:
    """The whole service."""
    worker = Slow("slow")
    app = Service(settings=settings, workers=(worker,), closers=(lambda: say("connections closed"),)).app()
    worker.app = app
    return app


settings = Settings.read()
run(settings, build)
