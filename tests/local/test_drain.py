"""A stop loses nothing: neither requests nor jobs nor messages, and it ends within the grace period."""

import json
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest

from chatdb.local.parts import Part
from chatdb.local.platform import Platform
from chatdb.local.processes import Server, scratch_folder, wait_for
from chatdb.local.site import make_site
from constructs_lib.defaults import DRAIN_SECONDS
from tests.local.clients import kafka, smoke_run
from tests.local.kill_history import Order, violations
from tests.local.kill_run import working
from tests.local.kill_world import patiently, topics, world
from tests.local.load import ACTS, Load, load, prepare
from tests.repository import PLATFORM, ROOT

LONG, SHORT = 30, 1
SEED = 1
SECONDS = 240
LINGER_SECONDS = 1.0
"""As long after SIGTERM a service takes what was not asked yet: chatdb_common.service."""
IDLE_SECONDS = 5
"""After so long without a request a service closes a connection at any time, as uvicorn does: its client was slow."""
WARM = 3
QUESTIONS = 500


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder for logs."""
    with scratch_folder() as made:
        yield made


def is_up(part: Part) -> bool:
    """Whether it has said so."""
    return part.server.last_lines(1) == "up"


def test_stop_gives_the_grace_period(folder: Path) -> None:
    """A service has as long to end as its pod has, and no longer: the one says a last word, the other is killed."""
    scripts = {LONG: "trap 'sleep 2; echo bye; exit' TERM; echo up", SHORT: "trap '' TERM; echo up"}
    parts = {}
    for seconds, script in scripts.items():
        component = replace(PLATFORM.component("ml-engine"), name=f"grace-{seconds}", grace_period=seconds)
        command = ["sh", "-c", f"{script}; while :; do sleep 0.05; done"]
        server = Server(component.name, command, folder / component.name, {"PATH": os.defpath})
        parts[component.name] = Part(component=component, server=server, ready=lambda: True)
    site = make_site(PLATFORM, ROOT, folder, ())
    platform = Platform(site=site, parts=parts)
    for name, part in parts.items():
        platform.start(name)
        wait_for(f"{name} is up", LONG, partial(is_up, part))
    begin = time.monotonic()
    platform.stop()
    assert SHORT < time.monotonic() - begin < LONG / 2
    assert [part.server.last_lines(2) for part in parts.values()] == ["up\nbye", "up"]


def stop(running: Platform, name: str, asked: Load) -> float:
    """SIGTERM amid requests, and the end with 0 while the pod would still have time; when it was asked for."""
    part = running.parts[name]
    wait_for(f"clients of {name} have answers", SECONDS, lambda: sum(one.status > 0 for one in asked.exchanges) > WARM)
    wait_for(f"{name} has work", SECONDS, lambda: any(not one.ended for one in list(asked.exchanges)))
    moment = time.monotonic()
    part.server.ask()
    # The preStop hook has taken its share of the pod's time by then.
    left = part.component.grace_period - DRAIN_SECONDS
    wait_for(f"{name} has ended", left, lambda: part.server.status() is not None)
    assert part.server.status() == 0, (name, part.server.last_lines(5))
    return moment


def losses(asked: Load, moment: float) -> list[str]:
    """Answers that are not good, and requests without one that were sent while somebody had to be there."""
    lost = []
    for one in asked.exchanges:
        at = one.sent or one.ended
        closed = at > moment + LINGER_SECONDS or (one.before is not None and at > one.before + IDLE_SECONDS)
        if one.problem and (one.status or not closed):
            lost.append(f"{one.what}, {at - moment:+.3f} s after SIGTERM: {one.problem}")
    return lost


def send_questions(running: Platform) -> set[str]:
    """Over Kafka, more than are answered in a moment; their ids."""
    ids = [str(UUID(int=(SEED << 64) + number)) for number in range(QUESTIONS)]
    lines = [json.dumps({"message_id": one, "query_id": one, "query": "how many jobs failed last week"}) for one in ids]
    kafka(running, "kafka-console-producer", "--topic", "queries", given="\n".join(lines))
    return set(ids)


def answered(running: Platform) -> set[str]:
    """Which questions have an answer."""
    return {json.loads(value)["query_id"] for value in topics(running, "query_results")["query_results"]}


def test_a_stop_under_load_loses_nothing(running: Platform) -> None:
    """Each service gets SIGTERM amid requests and messages: all it was asked is answered, and done once."""
    prepare(running, SEED)
    assert smoke_run(running)["status"] == "passed"
    orders: list[Order] = []
    questions: set[str] = set()
    with working(running, SEED + 1) as clients:
        for name in ACTS:
            with load(running, name, seed=SEED, predicts="smoke-test") as asked:
                questions |= send_questions(running) if name == "query-parser" else set()
                moment = stop(running, name, asked)
            assert losses(asked, moment) == [], name
            assert any(one.last for one in asked.exchanges if one.ended > moment), f"{name} let nobody go"
            orders += asked.orders
            running.parts[name].server.stop()
            running.parts[name].server.start()
            running.wait(SECONDS)
        begin = time.monotonic()
        wait_for("a job after all stops", SECONDS, lambda: clients.ended_after(begin))
    assert violations([*clients.orders, *orders], world(running)) == []
    patiently("all questions are answered", lambda: questions <= answered(running))
    assert questions <= answered(running)
