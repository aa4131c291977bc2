"""Orders under load: each is sent until it is acknowledged, and what is lost or done twice is found."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit
from zlib import crc32

import pytest

from chatdb.local.processes import wait_for
from tests.node import smoke
from tests.node.long import acknowledged, kafka
from tests.node.long.acknowledged import Job, Order, Outcome, ordering, outcome
from tests.node.place import Place

NOWHERE = cast(Place, None)
NAMES = ("lost", "failed", "ordered-twice", "trained-twice")


def moment(seconds: int) -> str:
    """A time as the services write it."""
    return f"2026-11-29T00:00:{seconds:02}+00:00"


@dataclass
class Platform:
    """Answers as the orchestrator and the registry do; the first requests are refused."""

    refused: list[int] = field(default_factory=list)
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    versions: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)

    def request(
        self, _place: Place, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> tuple[int, str, bytes]:
        """Status, type and content."""
        url = urlsplit(path)
        if method == "POST":
            self.keys.append((headers or {})["Idempotency-Key"])
            if self.refused:
                return self.refused.pop(), "", b""
            return 201, "", json.dumps(self.ordered(json.loads(body)["hyperparameters"]["seed"])).encode()
        if url.path in (acknowledged.JOBS, acknowledged.VERSIONS):
            every = list(self.jobs.values()) if url.path == acknowledged.JOBS else self.versions
            first = int(parse_qs(url.query).get("cursor", ["0"])[0])
            more = str(first + 2) if first + 2 < len(every) else None
            return 200, "", json.dumps({"items": every[first : first + 2], "next_cursor": more}).encode()
        made = self.jobs.get(url.path.rpartition("/")[2])
        return (200, "", json.dumps(made).encode()) if made else (404, "", b"")

    def ordered(self, tag: int) -> dict[str, Any]:
        """A job that has been done."""
        steps = [{"to_status": status, "at": moment(at)} for status, at in (("QUEUED", 1), ("RUNNING", 4))]
        made = {"id": f"job-{len(self.jobs)}", "status": "SUCCEEDED", "created_at": moment(1), "transitions": steps}
        self.jobs[str(made["id"])] = made | {"hyperparameters": {"seed": tag}}
        self.versions.append({"job_id": made["id"]})
        return made


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Platform:
    """What answers in place of a node."""
    made = Platform()
    monkeypatch.setattr(smoke, "request", made.request)
    monkeypatch.setattr(acknowledged, "SECONDS", (0.0, 0.01))
    monkeypatch.setattr(acknowledged, "AGAIN_SECONDS", 0.0)
    return made


def played(platform: Platform) -> list[Order]:
    """Five orders that were acknowledged."""
    with ordering(NOWHERE, "seed") as orders:
        wait_for("orders are acknowledged", 20, lambda: len(platform.jobs) >= 5)
    return orders


def test_all_is_well(platform: Platform) -> None:
    """What was refused was sent again with its key."""
    platform.refused = [503, 0, 503]
    orders = played(platform)
    came = outcome(NOWHERE, orders)
    assert (list(came.problems()), len(came.jobs)) == ([], len(orders))
    assert came.jobs[0].dispatched == came.jobs[0].ordered + 3
    assert (came.requests, came.refusals) == (len(orders) + 3, {503: 2, 0: 1})
    assert len(set(platform.keys)) == len(orders)
    assert f"{len(orders)} jobs were acknowledged, 0 lost, 0 duplicated; 3 of {len(orders) + 3}" in came.summary()


@pytest.mark.parametrize("what", NAMES)
def test_what_is_wrong_is_found(platform: Platform, what: str) -> None:
    """A job that is gone, or was not done; an order with two jobs; a job with two versions."""
    orders = played(platform)
    job = str(orders[0].job)
    match what:
        case "lost":
            del platform.jobs[job]
        case "failed":
            platform.jobs[job]["status"] = "FAILED"
        case "ordered-twice":
            platform.ordered(orders[0].tag)
        case "trained-twice":
            platform.versions.append({"job_id": job})
    (problem,) = outcome(NOWHERE, orders).problems()
    assert problem.startswith("lost: " if what in ("lost", "failed") else "duplicated: ")


def test_failover() -> None:
    """The first job that was ordered after the kill, and is on the partition of the broker that was killed."""
    partition = {crc32(name.encode()) % kafka.PARTITIONS: name for name in map(str, range(99))}
    jobs = [
        Job(partition[0], ordered=9.0, dispatched=12.0),
        Job(partition[1], ordered=11.0, dispatched=13.0),
        Job(partition[0], ordered=12.0, dispatched=None),
        Job(partition[0], ordered=14.0, dispatched=19.0),
        Job(partition[0], ordered=15.0, dispatched=18.0),
    ]
    nothing: list[str] = []
    came = Outcome(jobs=jobs, requests=5, refusals=Counter(), lost=nothing, duplicated=nothing)
    killed = kafka.Kill(kafka.KILLED, partition=0, at=10.0, whole=1.0)
    assert killed.begun(came) == 8.0


def test_silence() -> None:
    """The longest gap in the messages of any partition, from the kill on, until all is whole."""
    times = {0: (8.0, 9.9, 19.0, 19.5), 1: (9.0, 10.5, 11.0, 60.0), 2: (9.0, 9.5, 10.5, 17.0)}
    messages = [kafka.Message(partition, at) for partition, every in times.items() for at in every]
    assert kafka.Kill(kafka.KILLED, partition=0, at=10.0, whole=0.9).silence(messages) == 9.0
