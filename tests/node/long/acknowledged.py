"""Jobs that are ordered through the ingress controller at a steady rate, and what became of those it acknowledged."""

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.client import CREATED, OK, HTTPException
from typing import Any
from urllib.parse import quote

from chatdb.local.processes import wait_for
from tests.node import smoke
from tests.node.place import Place

MODEL = "engines"
JOBS, VERSIONS = "/api/v1/jobs", f"/api/v1/models/{MODEL}/versions"
PAGE = 100
SECONDS = (3.0, 7.0)
"""From one order to the next: a worker on two busy cores trains for two or three seconds."""
AGAIN_SECONDS = 0.5
ANSWERED, ENDED = 120, 300
"""Seconds within which an order is acknowledged, and all jobs have ended, once nothing is broken any more."""


@dataclass(slots=True)
class Order:
    """A request that is sent until it is acknowledged; `tag` is in the job's hyperparameters, to find a second one."""

    tag: int
    job: str | None = None
    acknowledged: float | None = None
    """When, in Unix time."""
    refusals: list[int] = field(default_factory=list)
    """The statuses of the answers before that; 0 where there was none."""


@dataclass(frozen=True, slots=True)
class Job:
    """An acknowledged job: when it was ordered, when a worker first began it (None: never), both in Unix time."""

    identifier: str
    ordered: float
    dispatched: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What became of all orders."""

    jobs: Sequence[Job]
    requests: int
    refusals: Counter[int]
    lost: Sequence[str]
    duplicated: Sequence[str]

    def dispatched_after(self, moment: float, jobs: Sequence[Job] | None = None) -> float:
        """Seconds from that moment (Unix time) until a job that was ordered after it was begun; ValueError if never."""
        chosen = self.jobs if jobs is None else jobs
        return min(one.dispatched for one in chosen if one.ordered > moment and one.dispatched is not None) - moment

    def summary(self) -> str:
        """The figures in a sentence."""
        statuses = ", ".join(f"{count} x {status or 'none'}" for status, count in sorted(self.refusals.items()))
        return (
            f"{len(self.jobs)} jobs were acknowledged, {len(self.lost)} lost, {len(self.duplicated)} duplicated;"
            f" {self.refusals.total()} of {self.requests} requests were refused{f' ({statuses})' if statuses else ''}."
        )

    def problems(self) -> Iterator[str]:
        """What must not be."""
        yield from (f"lost: job {job}" for job in self.lost)
        yield from (f"duplicated: {what}" for what in self.duplicated)


@contextmanager
def ordering(place: Place, seed: str) -> Iterator[list[Order]]:
    """Jobs are ordered until the end of the block; the orders so far. Each is acknowledged at the end, or never."""
    orders: list[Order] = []
    chance = random.Random(seed)
    over = threading.Event()
    senders: list[threading.Thread] = []

    def order() -> None:
        while not over.wait(chance.uniform(*SECONDS)):
            orders.append(Order(tag=chance.randrange(2**31)))
            senders.append(threading.Thread(target=_send, args=(place, orders[-1]), daemon=True))
            senders[-1].start()

    clock = threading.Thread(target=order, daemon=True)
    clock.start()
    try:
        yield orders
    finally:
        over.set()
        for thread in (clock, *senders):
            thread.join()


def _send(place: Place, order: Order) -> None:
    body = {"model_name": MODEL, "dataset_location": "s3://test/data.csv"}
    content = json.dumps({**body, "hyperparameters": {"model": "linear", "folds": 2, "seed": order.tag}}).encode()
    headers = {**smoke.JSON, "Idempotency-Key": f"order-{order.tag}"}
    until = time.monotonic() + ANSWERED
    while time.monotonic() < until:
        try:
            status, _, answer = smoke.request(place, "POST", JOBS, content, headers)
        except (OSError, HTTPException):
            status, answer = 0, b""
        if status == CREATED:
            order.job, order.acknowledged = str(json.loads(answer)["id"]), time.time()
            return
        order.refusals.append(status)
        time.sleep(AGAIN_SECONDS)


def outcome(place: Place, orders: Sequence[Order]) -> Outcome:
    """What became of them, once all jobs have ended, or `ENDED` seconds have passed."""
    acknowledged = [order.job for order in orders if order.job]
    try:
        wait_for(
            "all jobs have ended", ENDED, lambda: not {"QUEUED", "RUNNING"} & {one["status"] for one in _jobs(place)}
        )
    except TimeoutError:
        print("not all jobs have ended", flush=True)
    histories = {job: _history(place, job) for job in acknowledged}
    tags = Counter(int(one["hyperparameters"]["seed"]) for one in _jobs(place))
    made = Counter(str(one["job_id"]) for one in _pages(place, VERSIONS))
    return Outcome(
        jobs=[_job(history) for history in histories.values() if history],
        requests=sum(len(order.refusals) + (order.job is not None) for order in orders),
        refusals=Counter(status for order in orders for status in order.refusals),
        lost=[job for job, history in histories.items() if history.get("status") != "SUCCEEDED"],
        duplicated=[
            *(f"order {tag} has {count} jobs" for tag, count in tags.items() if count > 1),
            *(f"job {job} has {count} versions" for job, count in made.items() if count > 1),
        ],
    )


def _job(history: dict[str, Any]) -> Job:
    """Of what the orchestrator shows."""
    began = [_moment(step["at"]) for step in history["transitions"] if step["to_status"] == "RUNNING"]
    return Job(str(history["id"]), _moment(history["created_at"]), min(began, default=None))


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _history(place: Place, job: str) -> dict[str, Any]:
    """The job; nothing where there is none."""
    status, _, content = smoke.request(place, "GET", f"{JOBS}/{job}")
    return dict(json.loads(content)) if status == OK else {}


def _jobs(place: Place) -> list[dict[str, Any]]:
    return list(_pages(place, JOBS, f"&model_name={MODEL}"))


def _pages(place: Place, path: str, query: str = "") -> Iterator[dict[str, Any]]:
    """All items of a list."""
    cursor = ""
    while True:
        status, _, content = smoke.request(place, "GET", f"{path}?limit={PAGE}{query}{cursor}")
        assert status == OK, f"{path} is answered with {status}"
        page = json.loads(content)
        yield from page["items"]
        if page["next_cursor"] is None:
            return
        cursor = f"&cursor={quote(page['next_cursor'])}"
