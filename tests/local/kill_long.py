"""Kills services, Kafka and PostgreSQL in rounds drawn from a seed, and says what came of it.

Usage: kill_long.py [--seed SEED] [--rounds N] [--minutes M] [--write], with tests and tests/local in PYTHONPATH
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from math import ceil
from pathlib import Path
from random import Random

from kill_history import Order, violations
from kill_run import ANYWHERE, FAILPOINTS, SERVERS, Clients, Kill, Supervisor, recoveries, watched, working
from kill_world import world
from repository import ROOT

from constructs_lib.catalogue.components import CATALOGUE
from constructs_lib.local.platform import platform
from constructs_lib.local.processes import wait_for

PAGE = ROOT / "docs/reliability.md"
MARKS = ("<!-- kills -->", "<!-- /kills -->")
SECONDS = 240
PLACES = [(name, place) for name, places in FAILPOINTS.items() for place in places]
PLACES += [(name, ANYWHERE) for name in SERVERS]


def drawn(random: Random) -> Iterator[tuple[str, str]]:
    """Where the rounds kill: all places in one order, then all in another, so that none is left out."""
    while True:
        yield from random.sample(PLACES, len(PLACES))


def play(random: Random, name: str, place: str, supervisor: Supervisor, clients: Clients) -> None:
    """One round: a kill at a failpoint or at any moment, and a job that is sent after it and ends."""
    before = len(supervisor.kills)
    print(f"{name} at {place}", flush=True)
    time.sleep(random.uniform(0, 3))
    if place == ANYWHERE:
        supervisor.kill(name)
    else:
        supervisor.plan(name, f"{place}:{random.randint(1, 3)}")
    wait_for(f"{name} is seen dead", SECONDS, lambda: len(supervisor.kills) > before and supervisor.done())
    last = supervisor.kills[-1].at
    wait_for(f"a job after {name} at {place}", SECONDS, lambda: clients.ended_after(last))


def rounds(seed: int, count: int, minutes: float) -> tuple[list[Kill], list[Order], list[str], int]:
    """Kills, orders, violations, and how many rounds were played, on one platform."""
    random = Random(seed)
    places = drawn(random)
    until = time.monotonic() + 60 * minutes
    played = 0
    late: list[str] = []
    with platform(CATALOGUE, ROOT) as running:
        running.start_in_order()
        with watched(running) as supervisor:
            with working(running, seed) as clients:
                while played < count and time.monotonic() < until and not late:
                    played += 1
                    try:
                        play(random, *next(places), supervisor, clients)
                    except TimeoutError as error:
                        late.append(f"stuck: {error}")
            found = violations(clients.orders, world(running))
    return supervisor.kills, clients.orders, [*late, *found], played


def table(kills: Sequence[Kill], orders: Sequence[Order], found: Sequence[str]) -> str:
    """The figures as Markdown."""
    rows = ["| server | killed at | kills | recovery, median | recovery, longest |", "|---|---|---|---|---|"]
    for name, place in PLACES:
        mine = [kill for kill in kills if (kill.server, kill.place) == (name, place)]
        seconds = recoveries(mine, orders)
        if seconds:
            rows.append(f"| {name} | {place} | {len(mine)} | {quantile(seconds, 0.5):.0f} s | {max(seconds):.0f} s |")
    kinds = Counter(line.partition(":")[0] for line in found)
    acknowledged = sum(bool(order.job_ids) for order in orders)
    retries = sum(len(order.answers) - 1 for order in orders)
    seconds = recoveries(kills, orders)
    facts = f"{acknowledged} jobs acknowledged, {retries} requests sent again, {kinds['lost']} lost,"
    facts += f" {kinds['duplicated']} duplicated, {len(found)} violations in all."
    facts += f" Recovery: p50 {quantile(seconds, 0.5):.0f} s, p99 {quantile(seconds, 0.99):.0f} s."
    return "\n".join([f"{len(kills)} kills: {facts}", "", *rows])


def quantile(seconds: Sequence[float], share: float) -> float:
    """The smallest that so large a share does not exceed."""
    return sorted(seconds)[ceil(share * len(seconds)) - 1]


def write(text: str, page: Path = PAGE) -> None:
    """Put it between the marks of the page."""
    before, rest = page.read_text(encoding="utf-8").split(MARKS[0])
    _, after = rest.split(MARKS[1])
    page.write_text(f"{before}{MARKS[0]}\n{text}\n{MARKS[1]}{after}", encoding="utf-8")


def main() -> int:
    """Play, print, and fail where something was violated."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1, help="what the rounds and the clients are drawn from")
    parser.add_argument("--rounds", type=int, default=50, help="how many kills, those that arm a failpoint aside")
    parser.add_argument("--minutes", type=float, default=600, help="begin no round after so many minutes")
    parser.add_argument("--write", action="store_true", help="write the table into docs/reliability.md")
    asked = parser.parse_args()
    kills, orders, found, played = rounds(asked.seed, asked.rounds, asked.minutes)
    text = f"Seed {asked.seed}, {played} rounds, {table(kills, orders, found)}"
    print(text, *found, sep="\n")
    if asked.write:
        write(text)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
