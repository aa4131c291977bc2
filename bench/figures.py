"""Runs the platform on this machine under load, or under faults, and writes the table of the page about it.

Usage: figures.py load [--users N ...] [--seconds S] | chaos [--only ID ...]
"""

import argparse
import os
import re
import sys
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from machine import processor
from supervise import KIB, descendants, pss

from chatdb import repository
from chatdb.chaos.experiments import chosen, experiments
from chatdb.chaos.run import Limits, play, services
from chatdb.loadtest import locust
from chatdb.loadtest.door import door, routes
from chatdb.loadtest.report import milliseconds, report
from chatdb.local.addresses import exported
from chatdb.local.faults import broken, with_faults
from chatdb.local.platform import Platform, platform
from constructs_lib.checks.render import inputs
from constructs_lib.quantity import MIB, in_bytes
from constructs_lib.settings import read_settings
from tools.sections import fill

ROOT = Path(__file__).resolve().parents[1]
LOOK_SECONDS = 1.0


def conditions() -> str:
    """The line that says on what this was measured."""
    return f"{processor()}; load {os.getloadavg()[0]:.0f} at the end."


def memory(pid: int) -> int:
    """Bytes that the process and all that it has started hold; what several share is divided between them."""
    return KIB * sum(pss(one) for one in (pid, *descendants(pid)))


@contextmanager
def watched(running: Platform) -> Iterator[dict[str, int]]:
    """The most that each server has held so far, in bytes."""
    peaks = dict.fromkeys((name for name, part in running.parts.items() if not part.ends), 0)
    over = threading.Event()

    def watch() -> None:
        while not over.wait(LOOK_SECONDS):
            for name in peaks:
                peaks[name] = max(peaks[name], memory(running.parts[name].server.pid))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield peaks
    finally:
        over.set()
        thread.join()


def limits() -> Mapping[str, int]:
    """What each workload may hold on minikube, in bytes."""
    rendered = inputs(ROOT, repository.platform(), read_settings(ROOT, repository.catalogue(), "minikube"))
    return {
        one.name: in_bytes(container["resources"]["limits"]["memory"])
        for one in rendered.workloads()
        for container in one.containers
        if container["name"] == one.name
    }


def load(users: Collection[int], seconds: int) -> str:
    """A row for each number of users, and one for each server."""
    heads = "| users | req/s | requests | refused: queue full | failures | p50 | p95 | p99 |"
    lines = [heads, re.sub(r"[^|]+", "---", heads)]
    resolved = repository.platform()
    with platform(resolved, ROOT) as running:
        running.start_in_order()
        with watched(running) as peaks, door(routes(resolved, exported(running.site))) as url:
            for count in users:
                counted = locust.run(ROOT, url, users=count, seconds=seconds)
                row = report(counted, seconds, most_failures=0, slowest=1).total
                times = " | ".join(milliseconds(one) for one in (row.p50, row.p95, row.p99))
                counts = f"{row.requests} | {row.refused} | {row.failures}"
                lines.append(f"| {count} | {row.per_minute / 60:.1f} | {counts} | {times} |")
    most = limits()
    lines += ["", "| server | most memory | limit on minikube | |", "|---|---|---|---|"]
    for name, peak in sorted(peaks.items()):
        verdict = "within" if peak <= most[name] else "**beyond**"
        lines.append(f"| {name} | {peak / MIB:.0f} MiB | {most[name] // MIB} MiB | {verdict} |")
    return "\n".join([f"{seconds} s for each number of users, one after another. {conditions()}", "", *lines])


def chaos(only: Collection[str]) -> str:
    """A row for each experiment."""
    heads = ["| experiment | not ready, as expected | ready again after | otherwise |", "|---|---|---|---|"]
    rows = []
    resolved = repository.platform()
    some = chosen(experiments(resolved, ROOT), only, None)
    over = threading.Event()
    with with_faults(resolved, ROOT) as (running, faults):
        running.start_in_order()

        def serve() -> None:
            while not over.is_set():
                faults.serve(LOOK_SECONDS / 10)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        state = services(resolved, exported(running.site))
        for one in play(some, state, lambda each: broken(faults.path, each.kind, each.name), Limits()):
            back = "**not**" if one.back is None else f"{one.back / 1000:.1f} s"
            noticed = ", ".join(sorted({*one.expected} & {*one.seen})) or "nobody"
            rows.append(f"| `{one.id}` | {noticed} | {back} | {'; '.join(one.problems) or '-'} |")
            print(rows[-1], flush=True)
        over.set()
        thread.join()
    day = time.strftime("%Y-%m-%d")
    return "\n".join([f"{len(rows)} of {len(some)} played, {day}. {conditions()}", "", *heads, *rows])


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("load", "chaos"))
    parser.add_argument("--users", type=int, nargs="+", default=[10, 50, 100], help="load: numbers of users")
    parser.add_argument("--seconds", type=int, default=60, help="load: how long each works")
    parser.add_argument("--only", nargs="+", default=[], help="chaos: ids of experiments")
    asked = parser.parse_args()
    text = load(asked.users, asked.seconds) if asked.what == "load" else chaos(asked.only)
    print(text)
    fill(ROOT / f"docs/{asked.what}.md", asked.what, text)


if __name__ == "__main__":
    sys.exit(main())
