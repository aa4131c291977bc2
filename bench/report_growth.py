"""Measures `chatdb report`, of ChatDB and of generated platforms, and writes the tables of docs/performance.md.

Usage: report_growth.py [--rounds N] [--write]
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

import report_fleet
from goal import Goal
from machine import processor
from measure import Command, Results, alternate
from report import goal_table, table
from rivals import CHATDB, ROOT, environment

from tools.sections import fill

COUNTS = (10, 100, 1000)
ENVIRONMENTS = ("minikube", "production")
FEWER = 3
"""Rounds of generated platforms."""
GOALS: tuple[Goal[Results], ...] = tuple(
    Goal(
        what=f"`chatdb report -e {name}`, wall",
        figure=lambda series, name=name: series[name].median("wall") if name in series else None,
        unit=" s",
        limit=3,
    )
    for name in ENVIRONMENTS
)


def own(folder: Path, name: str) -> tuple[Command, Path]:
    """The command for an environment of ChatDB, and what it writes."""
    path = folder / f"{name}.html"
    argv = [sys.executable, "-c", CHATDB, "report", "-e", name, "-o", str(path)]
    return Command(name=name, argv=argv, folder=ROOT, env=environment(folder / "home", node_first=False)), path


def generated(folder: Path, count: int) -> tuple[Command, Path]:
    """That for a generated platform, whose repository is made now."""
    root = folder / str(count)
    report_fleet.make(count, root, ROOT / ".tools")
    argv = [sys.executable, "bench/report_fleet.py", str(count), str(root)]
    env = environment(folder / "home", node_first=False) | {"PYTHONPATH": "."}
    return Command(name=f"{count} services", argv=argv, folder=ROOT, env=env), root / report_fleet.REPORT


def measured(folder: Path, rounds: int) -> str:
    """Both tables, and on what was measured."""
    ours = [own(folder, name) for name in ENVIRONMENTS]
    others = [generated(folder, count) for count in COUNTS]
    series = alternate([command for command, _ in ours], rounds, lambda: None)
    series |= alternate([command for command, _ in others], min(rounds, FEWER), lambda: None)
    rows = [
        (
            command.name,
            f"{series[command.name].median('wall'):.2f}",
            f"{series[command.name].median('cpu'):.2f}",
            f"{series[command.name].memory:.0f}",
            f"{path.stat().st_size / 1000:.0f}",
        )
        for command, path in (*ours, *others)
    ]
    heads = ("report of", "wall s", "CPU s", "memory MiB", "file kB")
    text = f"Medians of {rounds} runs, of generated platforms {min(rounds, FEWER)}. {processor()}"
    return "\n\n".join(
        [
            goal_table(GOALS, series),
            table(heads, rows, right=(1, 2, 3, 4)),
            f"{text}; load {os.getloadavg()[0]:.0f} at the end.",
        ]
    )


def main() -> None:
    """Measure, print, and write where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="how often each command runs, in turns with the others")
    parser.add_argument("--write", action="store_true", help="write the tables into docs/performance.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        text = measured(Path(folder), options.rounds)
    print(text)
    if options.write:
        fill(ROOT / "docs/performance.md", "report", text)


if __name__ == "__main__":
    main()
