"""Kills servers and breaks connections in rounds drawn from a seed, and says what came of it.

Usage: kill_long.py [--seed SEED] [--rounds N] [--minutes M] [--write], with tests, tests/local and tools in
PYTHONPATH
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from math import ceil
from random import Random

from chatdb.local.fault_proxy import Fault, Proxies, with_proxies
from chatdb.local.processes import wait_for
from constructs_lib.problem import InvalidInput
from tests.local.kill_history import Order, violations
from tests.local.kill_run import ANYWHERE, FAILPOINTS, SERVERS, Blow, Clients, Supervisor, recoveries, watched, working
from tests.local.kill_world import world
from tests.repository import PLATFORM, ROOT
from tools.sections import fill

PAGE = ROOT / "docs/reliability.md"
SECONDS = 240
PLACES = [(name, place) for name, places in FAILPOINTS.items() for place in places]
PLACES += [(name, ANYWHERE) for name in SERVERS]
FAULT_SECONDS = (1.0, 25.0)
"""From less than any time limit of a service to more than most."""


def drawn(random: Random, ways: Sequence[str]) -> Iterator[tuple[str, str]]:
    """What each round breaks, and how: all there is in one order, then all in another, so that none is left out."""
    places = [*PLACES, *((way, fault) for way in ways for fault in Fault)]
    while True:
        yield from random.sample(places, len(places))


def play(random: Random, name: str, place: str, supervisor: Supervisor, proxies: Proxies, clients: Clients) -> None:
    """One round: a kill at a failpoint or at any moment, or a fault of a way; and a job that is sent after it."""
    before = len(supervisor.blows)
    print(f"{name} at {place}" if place not in list(Fault) else f"{name}: {place}", flush=True)
    time.sleep(random.uniform(0, 3))
    if name in proxies.ways:
        supervisor.befall(proxies, Fault(place), [name], random.uniform(*FAULT_SECONDS))
    elif place == ANYWHERE:
        supervisor.kill(name)
    else:
        supervisor.plan(name, f"{place}:{random.randint(1, 3)}")
    wait_for(f"{name} is seen dead", SECONDS, lambda: len(supervisor.blows) > before and supervisor.done())
    last = supervisor.blows[-1].at
    wait_for(f"a job after {name} at {place}", SECONDS, lambda: clients.ended_after(last))


def rounds(seed: int, count: int, minutes: float) -> tuple[list[Blow], list[Order], list[str], int]:
    """Blows, orders, violations, and how many rounds were played, on one platform."""
    random = Random(seed)
    until = time.monotonic() + 60 * minutes
    played = 0
    late: list[str] = []
    with with_proxies(PLATFORM, ROOT) as (running, proxies):
        running.start_in_order()
        places = drawn(random, proxies.ways)
        with watched(running) as supervisor:
            with working(running, seed) as clients:
                while played < count and time.monotonic() < until and not late:
                    played += 1
                    try:
                        play(random, *next(places), supervisor, proxies, clients)
                    except TimeoutError as error:
                        late.append(f"stuck: {error}")
            try:
                running.wait(SECONDS)
            except InvalidInput as error:
                late.append(f"stuck: {error}")
            lines = violations(clients.orders, world(running))
    return supervisor.blows, clients.orders, [*late, *lines], played


def table(blows: Sequence[Blow], orders: Sequence[Order], lines: Sequence[str]) -> str:
    """The figures as Markdown."""
    rows = ["| what | how | times | recovery, median | recovery, longest |", "|---|---|---|---|---|"]
    ways = sorted({blow.server for blow in blows} - set(SERVERS))
    kinds_of: list[tuple[str, Sequence[object]]] = [(name, [place]) for name, place in PLACES]
    kinds_of += [(way, list(Fault)) for way in ways]
    for name, places in kinds_of:
        mine = [blow for blow in blows if blow.server == name and blow.place in places]
        seconds = recoveries(mine, orders)
        if seconds:
            how = ", ".join(f"{place}" for place in places)
            rows.append(f"| {name} | {how} | {len(mine)} | {quantile(seconds, 0.5):.0f} s | {max(seconds):.0f} s |")
    kinds = Counter(line.partition(":")[0] for line in lines)
    acknowledged = sum(bool(order.job_ids) for order in orders)
    retries = sum(len(order.answers) - 1 for order in orders)
    seconds = recoveries(blows, orders)
    faults = sum(blow.place in list(Fault) for blow in blows)
    facts = f"{acknowledged} jobs acknowledged, {retries} requests sent again, {kinds['lost']} lost,"
    facts += f" {kinds['duplicated']} duplicated, {len(lines)} violations in all."
    facts += f" Recovery: p50 {quantile(seconds, 0.5):.0f} s, p99 {quantile(seconds, 0.99):.0f} s."
    return "\n".join([f"{len(blows) - faults} kills and {faults} faults of connections: {facts}", "", *rows])


def quantile(seconds: Sequence[float], share: float) -> float:
    """The smallest that so large a share does not exceed."""
    return sorted(seconds)[ceil(share * len(seconds)) - 1]


def main() -> int:
    """Play, print, and fail where something was violated."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1, help="what the rounds and the clients are drawn from")
    parser.add_argument("--rounds", type=int, default=50, help="how many blows, kills that arm a failpoint aside")
    parser.add_argument("--minutes", type=float, default=600, help="begin no round after so many minutes")
    parser.add_argument("--write", action="store_true", help="write the table into docs/reliability.md")
    asked = parser.parse_args()
    blows, orders, lines, played = rounds(asked.seed, asked.rounds, asked.minutes)
    text = f"Seed {asked.seed}, {played} rounds, {table(blows, orders, lines)}"
    print(text, *lines, sep="\n")
    if asked.write:
        fill(PAGE, "kills", text)
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
