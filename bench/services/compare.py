"""Measures the five services on a platform as `chatdb local up` starts it, each against its peer, in turns.

Prints the tables, and writes them into docs/performance.md if told to. The exit code is 0 whether goals are met or
missed; an error ends the run, and no figure of it is printed.
"""

import argparse
import sys
from collections.abc import Sequence
from typing import Any

import page
from findings import Findings
from jobs import jobs
from loads import load_query_parser, load_test_service, memory
from predictions import predictions
from reads import reads
from starts import starts
from uploads import uploads
from world import ROOT, World

from chatdb import repository
from chatdb.local.platform import platform
from tools import sections

PAGE = ROOT / "docs/performance.md"
PARTS = ("starts", "predictions", "loads", "uploads", "reads", "jobs")
"""In this order: services are started anew before anything loads them, and the jobs are kept while nobody trains."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for."""
    options = _options(arguments)
    facts = dict(page.facts())
    with platform(repository.platform(), ROOT) as started:
        _tell("the platform starts")
        started.start_in_order()
        findings = measure(World(platform=started, quick=options.quick), options.only)
    text = page.tables(facts, findings)
    print(text)
    if options.write:
        sections.fill(PAGE, "bench-services", text)
    return 0


def measure(world: World, parts: Sequence[str]) -> Findings:
    """The findings of those parts; the memory is looked at before ml-engine is stopped, and at the end."""
    results: dict[str, Any] = {}
    held: dict[str, Any] = {}
    for part in PARTS:
        if part not in parts:
            continue
        _tell(part)
        if part == "loads":
            load_query_parser(world)
            load_test_service(world)
            continue
        held |= memory(world) if part == "jobs" else {}
        results[part] = MEASURES[part](world)
    if "loads" in parts:
        results["memory"] = held | memory(world)
    return Findings(**results)


MEASURES = {"starts": starts, "predictions": predictions, "uploads": uploads, "reads": reads, "jobs": jobs}


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="parts to run; default: all")
    parser.add_argument("--quick", action="store_true", help="one short round of everything: shows that it runs")
    parser.add_argument("--write", action="store_true", help=f"write the tables into docs/{PAGE.name}")
    options = parser.parse_args(arguments)
    if options.write and (options.quick or set(options.only) != set(PARTS)):
        parser.error("--write goes with the whole run only, without --only and --quick")
    return options


def _tell(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
