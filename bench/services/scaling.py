"""Measures what more pods of a service bring, on a platform as `chatdb local up` starts it; writes docs/scale.md.

Usage: scaling.py [--only PART ...] [--quick] [--write]
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial

from jobs import EMPTY, ORCHESTRATOR, ORDER, QUIET_SECONDS, WAITING
from machine import machine
from meter import ROUNDS, Case, Meter, compared
from pods import Pod
from predictions import ENGINE
from reads import REGISTRY
from report import listed, table
from session import Ask, session
from turns import Contender, Turn, alternate, middle, ratio
from workers import worker
from world import ROOT, World

from chatdb import repository
from chatdb.local.platform import platform
from chatdb.local.processes import wait_for
from tools import sections

PAGE = ROOT / "docs/scale.md"
POSTGRES = "postgres"
DATA = "s3://test/load-data.csv"
"""What the load test trains on; every store of the platform begins with it."""
INTAKE, OUTBOX, EVENTS, TRAINING = "jobs accepted", "outbox messages sent", "training events handled", "jobs trained"
CLIENTS, JOBS, REPEATS = 16, 96, 8
MESSAGES, EVENT_COUNT, JOBS_TRAINED = 5000, 1000, 6
PARTITIONS, MEMBERS, EACH, HANDLER_SECONDS = (3, 6), (1, 2, 3, 6), 20, 0.02
CONSUMED = {count: f"messages of {1000 * HANDLER_SECONDS:.0f} ms, {count} partitions" for count in PARTITIONS}
WORK = (*CONSUMED.values(), TRAINING, INTAKE, OUTBOX, EVENTS)
SETTLE_SECONDS = 3.0
"""After a member has joined a consumer group."""
MOST_SECONDS = 300
FILL = (
    "INSERT INTO orchestrator.outbox (topic, key, payload, headers)"  # noqa: S608 - no input in it
    " SELECT 'predictions', key, payload, headers"
    " FROM (SELECT * FROM orchestrator.outbox WHERE topic = 'training_jobs' LIMIT 1) AS one,"
    f" generate_series(1, {MESSAGES})"
)
"""Of a message as it is, to a topic that nobody reads."""
HEARD = "SELECT count(*) FROM orchestrator.inbox"
ACTIVE = "SELECT count(*) FROM orchestrator.jobs WHERE status IN ('QUEUED', 'RUNNING')"
OVER = "SELECT id FROM orchestrator.jobs WHERE status = 'CANCELLED' LIMIT 60"
HELD = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'training-orchestrator'"
MANY = 24
KEPT = {
    "bytes of a trained job and its history, without indexes": (
        "SELECT (sum(pg_column_size(jobs.*)) + sum((SELECT sum(pg_column_size(one.*)) FROM orchestrator.transitions"
        " AS one WHERE one.job_id = jobs.id))) / count(*) FROM orchestrator.jobs WHERE status = 'SUCCEEDED'"
    ),
    "bytes of a message in the outbox, with indexes": (
        "SELECT pg_total_relation_size('orchestrator.outbox') / count(*) FROM orchestrator.outbox"
    ),
    "bytes of a message in the inbox, with indexes": (
        "SELECT pg_total_relation_size('orchestrator.inbox') / count(*) FROM orchestrator.inbox"
    ),
    "bytes of a model of the load test's data": (
        "SELECT sum(size_bytes) / count(*) FROM registry.versions WHERE state = 'READY'"
    ),
}
Parts = Mapping[str, Sequence[Case]]
"""By the work that was done."""


def intake(world: World) -> Parts:
    """POST /jobs by as many clients in all; the queue is emptied between takes, as it holds a hundred jobs."""

    def work(running: Sequence[Pod], meter: Meter) -> None:
        told = {"asks": [("POST", "/jobs", ORDER)], "clients": CLIENTS // 2, "count": JOBS // 2}
        with ExitStack() as stack:
            takes = [
                stack.enter_context(worker("ask_http.py", {**told, "address": running[number % len(running)].address}))
                for number in range(2)
            ]
            for number in range(1 + world.rounds(REPEATS)):
                world.sql(EMPTY)
                wait_for("the outbox is empty", QUIET_SECONDS, lambda: world.sql(WAITING) == "0")
                if number:
                    meter.take(partial(together, takes))
                else:
                    together(takes)

    world.platform.parts[ENGINE].server.stop()
    return {INTAKE: compared(world, ORCHESTRATOR, (1, 2), work, [POSTGRES])}


def together(takes: Sequence[Contender]) -> Turn:
    """Those of all at once."""
    with ThreadPoolExecutor(len(takes)) as threads:
        begin = time.perf_counter()
        turns = list(threads.map(lambda take: take(), takes))
        return Turn(done=sum(turn.done for turn in turns), seconds=time.perf_counter() - begin)


def outbox(world: World) -> Parts:
    """Messages that are there at once, until Kafka has them all and the outbox knows."""

    def send(ask: Ask) -> Turn:
        begin = time.perf_counter()
        ask(FILL)
        wait_for("the outbox is empty", MOST_SECONDS, lambda: ask(WAITING) == "0")
        return Turn(done=MESSAGES, seconds=time.perf_counter() - begin)

    def work(_running: Sequence[Pod], meter: Meter) -> None:
        with session(world) as ask:
            send(ask)
            meter.take(partial(send, ask))

    return {OUTBOX: compared(world, ORCHESTRATOR, (1, 2), work, [POSTGRES])}


def events(world: World) -> Parts:
    """Heartbeats of jobs that are over: a transaction each, which notes the message and locks the job."""
    heartbeat = {"type": "heartbeat", "attempt": 1, "worker": "bench"}
    messages = [(job, {**heartbeat, "job_id": job}) for job in world.sql(OVER).split()]
    told = {"bootstrap": bootstrap(world), "topic": "training_events", "messages": messages, "count": EVENT_COUNT}

    with ExitStack() as stack:
        send, ask = stack.enter_context(worker("send_messages.py", told)), stack.enter_context(session(world))

        def handle() -> Turn:
            wanted = int(ask(HEARD)) + EVENT_COUNT
            begin = time.perf_counter()
            send()
            wait_for("the events are handled", MOST_SECONDS, lambda: int(ask(HEARD)) >= wanted)
            return Turn(done=EVENT_COUNT, seconds=time.perf_counter() - begin)

        def work(_running: Sequence[Pod], meter: Meter) -> None:
            time.sleep(SETTLE_SECONDS)
            handle()
            meter.take(handle)

        return {EVENTS: compared(world, ORCHESTRATOR, (1, 2), work, [POSTGRES])}


def training(world: World) -> Parts:
    """Jobs of the sample data; each pod has trained before it is measured."""

    def train(ask: Ask, count: int) -> Turn:
        begin = time.perf_counter()
        for _ in range(count):
            world.call(ORCHESTRATOR, "POST", "/jobs", {**ORDER, "dataset_location": DATA})
        wait_for("the jobs are trained", MOST_SECONDS, lambda: ask(ACTIVE) == "0")
        return Turn(done=count, seconds=time.perf_counter() - begin)

    def work(running: Sequence[Pod], meter: Meter) -> None:
        time.sleep(SETTLE_SECONDS)
        with session(world) as ask:
            train(ask, len(running))
            meter.rest()
            meter.take(partial(train, ask, JOBS_TRAINED))

    return {TRAINING: compared(world, ENGINE, (1, 3), work, [ORCHESTRATOR, REGISTRY, POSTGRES])}


def consumers(world: World) -> Parts:
    """Members of a group whose handlers wait: no CPU is in the way, and the partitions are what is left."""
    found: dict[str, list[Case]] = {}
    with ExitStack() as stack:
        for partitions, work in CONSUMED.items():
            told = {"bootstrap": bootstrap(world), "partitions": partitions, "count": partitions * EACH}
            takes = {
                str(members): stack.enter_context(
                    worker("wait_on_messages.py", {**told, "members": members, "seconds": HANDLER_SECONDS})
                )
                for members in MEMBERS
            }
            turns = alternate(takes, world.rounds(ROUNDS))
            found[work] = [Case(pods=members, turns=turns[str(members)]) for members in MEMBERS]
    return found


def bootstrap(world: World) -> str:
    """Where Kafka is."""
    return world.told(ORCHESTRATOR)["KAFKA_BOOTSTRAP_SERVERS"]


def held(world: World) -> Mapping[str, str]:
    """Connections of a pool that was empty before, and what is kept of the work that was done."""
    part = world.platform.parts[ORCHESTRATOR]
    part.server.restart()
    wait_for("the service is ready", QUIET_SECONDS, part.is_ready)
    facts = {}
    for ask in (("POST", "/jobs", ORDER), ("GET", "/jobs", None)):
        world.sql(EMPTY)
        told = {"address": world.address(ORCHESTRATOR), "asks": [ask], "clients": MANY, "count": JOBS}
        with ExitStack() as stack:
            stack.enter_context(worker("ask_http.py", told))()
        facts[f"connections after {ask[0]} {ask[1]} by {MANY} clients at once"] = world.sql(HELD)
    return {**facts, **{name: f"{float(world.sql(query)):.0f}" for name, query in KEPT.items()}}


PARTS = {"consumers": consumers, "training": training, "intake": intake, "outbox": outbox, "events": events}
"""In this order: who trains is stopped before jobs are kept, and events are of the jobs that were kept."""


def tables(parts: Parts, facts: Mapping[str, str]) -> str:
    """A row for each number of pods; the ratio is that to one pod, the median of the rounds."""
    head = ("work", "pods", "rounds", "a second", "to one pod", "CPU ms for one")
    return "\n\n".join([table(head, _rows(parts), right=(1, 2, 3, 4)), listed(facts)])


def _rows(parts: Parts) -> Iterable[Sequence[str]]:
    for work, cases in parts.items():
        for case in cases:
            cpu = ", ".join(f"{name} {spent:.2f}" for name, spent in case.cpu.items())
            rate, to_one = middle(case.turns, "rate"), ratio(case.turns, cases[0].turns, "rate")
            yield work, str(case.pods), str(len(case.turns)), f"{rate:.1f}", f"{to_one:.2f}", cpu


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="parts to run; default: all")
    parser.add_argument("--quick", action="store_true", help="one round of everything: shows that it runs")
    parser.add_argument("--write", action="store_true", help="write the table into docs/scale.md")
    options = parser.parse_args()
    if options.write and (options.quick or set(options.only) != set(PARTS)):
        parser.error("--write goes with the whole run only, without --only and --quick")
    with platform(repository.platform(), ROOT) as started:
        started.start_in_order()
        text = measured(World(platform=started, quick=options.quick), options.only)
    print(text)
    if options.write:
        sections.fill(PAGE, "scaling", text)


def measured(world: World, only: Iterable[str]) -> str:
    """The tables of these parts; the commit is that of the services that were measured."""
    git = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True, cwd=ROOT)
    facts = {"commit": git.stdout.strip(), **dict(machine())}
    found: dict[str, Sequence[Case]] = {}
    for part in (part for part in PARTS if part in only):
        print(part, file=sys.stderr, flush=True)
        found |= PARTS[part](world)
    return tables(found, {**facts, "load when the run ended": f"{os.getloadavg()[0]:.1f}", **held(world)})


if __name__ == "__main__":
    main()
