"""Clients that order jobs, and a supervisor that breaks things and starts again what dies; both keep a record."""

import json
import os
import signal
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any
from uuid import UUID

from chatdb.local.fault_proxy import Fault, Proxies
from chatdb.local.platform import Platform
from chatdb.local.processes import wait_for
from tests.local.kill_history import TERMINAL, Order

ORCHESTRATOR, ENGINE = "training-orchestrator", "ml-engine"
SERVERS = (ORCHESTRATOR, ENGINE, "model-registry", "kafka", "postgres", "minio")
FAILPOINTS: Mapping[str, Sequence[str]] = {
    ORCHESTRATOR: ("job-uncommitted", "job-unanswered", "outbox-published", "event-uncommitted", "message-handled"),
    ENGINE: ("job-started", "model-registered", "message-handled"),
}
VARIABLE = "CHATDB_FAILPOINT"
ANYWHERE = "any moment"
KILLED = 128 + signal.SIGKILL
CLIENTS = 3
CANCELLED, SENT_AGAIN = 0.2, 0.3
"""Shares of the orders."""
REQUEST_SECONDS = 20
JOB_SECONDS = 180
POLL = 0.2


@dataclass(frozen=True, kw_only=True)
class Blow:
    """A process that died by SIGKILL, where it was, and when that was seen; or ways, their fault, and when it ended."""

    server: str
    place: str
    at: float


@dataclass
class Supervisor:
    """Starts again what has ended, as Kubernetes would; a service with the next failpoint that is planned for it."""

    running: Platform
    blows: list[Blow] = field(default_factory=list)
    plans: dict[str, list[str]] = field(default_factory=dict)
    armed: dict[str, str] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)

    def kill(self, name: str) -> None:
        """SIGKILL, wherever it is."""
        os.kill(self.running.parts[name].server.pid, signal.SIGKILL)

    def plan(self, name: str, *failpoints: str) -> None:
        """Let it die, and then at each of these (`<name>:<n>`), one after another."""
        self.plans[name] = list(failpoints)
        self.kill(name)

    def befall(self, proxies: Proxies, fault: Fault, ways: Sequence[str], seconds: float) -> None:
        """Let these ways have the fault for so long."""
        proxies.befall(fault, ways, seconds)
        self.blows.append(Blow(server=" and ".join(ways), place=fault, at=time.monotonic()))

    def done(self) -> bool:
        """Whether each failpoint that was planned has been reached."""
        return not any(self.plans.values()) and not self.armed

    def watch(self) -> None:
        """Until it is over."""
        while not self.over.wait(POLL):
            for name in SERVERS:
                self._look(name)

    def _look(self, name: str) -> None:
        server = self.running.parts[name].server
        status = server.status()
        if status is None:
            return
        if status == KILLED:
            self.blows.append(Blow(server=name, place=self.armed.pop(name, ANYWHERE), at=time.monotonic()))
        server.stop()
        server.env_vars.pop(VARIABLE, None)
        if self.plans.get(name):
            server.env_vars[VARIABLE] = self.plans[name][0]
            # In this order: `done` is asked meanwhile.
            self.armed[name] = server.env_vars[VARIABLE].partition(":")[0]
            self.plans[name].pop(0)
        # PostgreSQL refuses while a backend of its last life is there: then it is started once more.
        server.start()


class Clients:
    """Each orders a job, asks until it has an answer, follows the job to its end, and orders the next."""

    def __init__(self, url: str, seed: int) -> None:
        """They share the record."""
        self.orders: list[Order] = []
        self.over = threading.Event()
        self._url = url
        self._seed = seed

    def play(self, number: int) -> None:
        """One client; what it does is drawn from the seed."""
        random = Random(f"{self._seed} {number}")
        while not self.over.is_set():
            tag = random.randrange(2**31)
            order = Order(key=str(UUID(int=random.getrandbits(128))), tag=tag, sent=time.monotonic())
            self.orders.append(order)
            with suppress(TimeoutError):
                self._submit(order, number)
                self._follow(order, random)

    def ended_after(self, moment: float) -> bool:
        """Whether a job that was sent after the moment has ended."""
        return any(order.sent > moment and order.ended for order in self.orders)

    def _submit(self, order: Order, number: int) -> None:
        parameters = {"model": "linear", "folds": 2, "seed": order.tag}
        body: dict[str, object] = {"model_name": f"killed-{number}", "dataset_location": "s3://test/data.csv"}
        body |= {"hyperparameters": parameters}

        def answered() -> bool:
            status, job = ask(f"{self._url}/jobs", body, order.key)
            order.answers.append(str(job.get("id", status)))
            if status == 201:
                order.job_ids.append(str(job["id"]))
            return status == 201

        wait_for(f"job {order.key} is acknowledged", JOB_SECONDS, answered)
        if Random(order.tag).random() < SENT_AGAIN:
            answered()

    def _follow(self, order: Order, random: Random) -> None:
        url = f"{self._url}/jobs/{order.job_ids[0]}"
        if random.random() < CANCELLED:
            time.sleep(random.random())
            wait_for("a cancellation is answered", JOB_SECONDS, lambda: self._cancelled(url, order))

        def over() -> bool:
            order.status = ask(url)[1].get("status", order.status)
            return order.status in TERMINAL

        wait_for(f"job {order.job_ids[0]} has ended", JOB_SECONDS, over)
        order.ended = time.monotonic()

    @staticmethod
    def _cancelled(url: str, order: Order) -> bool:
        status, _ = ask(f"{url}/cancel", {})
        order.cancel = status if status in (200, 409) else None
        return order.cancel is not None


def ask(url: str, body: object = None, key: str | None = None) -> tuple[int, dict[str, Any]]:
    """Status and JSON of the answer; 0 where there is none."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"} | ({"Idempotency-Key": key} if key else {})
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=REQUEST_SECONDS) as response:
            return response.status, dict(json.load(response))
    except urllib.error.HTTPError as error:
        return error.code, {}
    except (OSError, ValueError):
        # Also a connection that ended amid the answer.
        return 0, {}


@contextmanager
def watched(running: Platform) -> Iterator[Supervisor]:
    """A supervisor; at the end no failpoint is armed."""
    supervisor = Supervisor(running)
    with threads(supervisor.over, [supervisor.watch]):
        yield supervisor
        for name in FAILPOINTS:
            running.parts[name].server.env_vars.pop(VARIABLE, None)


@contextmanager
def working(running: Platform, seed: int) -> Iterator[Clients]:
    """Clients at work; at the end each has followed its last job."""
    clients = Clients(running.url(ORCHESTRATOR), seed)
    with threads(clients.over, [partial(clients.play, number) for number in range(CLIENTS)]):
        yield clients


@contextmanager
def threads(over: threading.Event, tasks: Sequence[Callable[[], None]]) -> Iterator[None]:
    """The tasks, each in a thread of its own; at the end they are told that it is over, and waited for."""
    made = [threading.Thread(target=task, daemon=True) for task in tasks]
    for thread in made:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in made:
            thread.join()


def recoveries(blows: Sequence[Blow], orders: Sequence[Order]) -> list[float]:
    """For each blow the seconds until a job that was sent after it had ended."""
    ends = [[order.ended for order in orders if order.ended and order.sent > blow.at] for blow in blows]
    return [min(ended) - blow.at for blow, ended in zip(blows, ends, strict=True) if ended]
