"""Measures `chatdb plan` and `chatdb report`, of ChatDB and of generated platforms, for docs/performance.md.

Usage: insight.py [--rounds N] [--only plan|report] [--write]
"""

import argparse
import os
import sys
import tempfile
from functools import partial
from pathlib import Path

import insight_fleet
from goal import Goal
from machine import processor
from measure import Command, CommandFailed, Results, alternate
from report import goal_table, table
from rivals import CHATDB, ROOT, copy_project, environment

from constructs_lib.cache import FOLDER as CACHE
from tools.sections import fill

COUNTS = (10, 100, 1000)
ENVIRONMENTS = ("minikube", "production")
FEWER = 3
"""Rounds of generated platforms."""
CHANGED = ("grace_period=60", "grace_period=61")
"""In the entries: three pods of each environment, which a plan tells."""
LIMITS = {"plan": 2, "report": 3}
"""Subject -> seconds of wall time that one environment may take."""


def goals(subject: str) -> tuple[Goal[Results], ...]:
    """Those of the command, for each environment of ChatDB."""
    return tuple(
        Goal(
            what=f"`chatdb {subject} -e {name}`{'' if cached else ', no cache'}, wall",
            figure=partial(wall, title(name, cached=cached)),
            unit=" s",
            limit=LIMITS[subject],
        )
        for name in ENVIRONMENTS
        for cached in (False, True)
    )


def wall(name: str, series: Results) -> float | None:
    """The median of the command of that name."""
    return series[name].median("wall") if name in series else None


def changed(folder: Path) -> Path:
    """A copy of the project with a commit of it, and a change of the catalogue since."""
    root = folder / "chatdb"
    if not root.exists():
        copy_project(root)
        insight_fleet.commit(root)
        entries = root / insight_fleet.ENTRIES
        entries.write_text(entries.read_text(encoding="utf-8").replace(*CHANGED), encoding="utf-8")
    return root


def own(folder: Path, subject: str, name: str, *, cached: bool) -> tuple[Command, Path]:
    """The command for an environment of ChatDB, and what it writes."""
    path = folder / f"{name}.{subject}"
    options = ["-o", str(path)] if subject == "report" else ["--base", "HEAD"]
    argv = [sys.executable, "-c", CHATDB, subject, "-e", name, *options]
    root = changed(folder)
    env = environment(folder / "home", node_first=False)
    stdout = None if subject == "report" else path
    made = () if cached else (root / CACHE,)
    return Command(name=title(name, cached=cached), argv=argv, folder=root, env=env, stdout=stdout, made=made), path


def title(name: str, *, cached: bool) -> str:
    """The environment, and whether what Kustomize has built before is there."""
    return name if cached else f"{name}, no cache"


def generated(folder: Path, subject: str, count: int) -> tuple[Command, Path]:
    """That for a generated platform, whose repository is made where there is none."""
    root = folder / str(count)
    if not root.exists():
        insight_fleet.make(count, root, ROOT / ".tools")
    argv = [sys.executable, "bench/insight_fleet.py", subject, str(count), str(root)]
    env = environment(folder / "home", node_first=False) | {"PYTHONPATH": "."}
    command = Command(name=f"{count} services, no cache", argv=argv, folder=ROOT, env=env, made=(root / CACHE,))
    return command, root / insight_fleet.WRITTEN[subject]


def refuse_empty(paths: list[Path]) -> None:
    """CommandFailed where a plan tells no change: then its time means nothing."""
    for path in paths:
        if "nothing changes" in path.read_text(encoding="utf-8"):
            raise CommandFailed(f"{path.name}: the plan has no change")


def measured(folder: Path, subject: str, rounds: int) -> str:
    """Both tables, and on what was measured."""
    ours = [own(folder, subject, name, cached=cached) for name in ENVIRONMENTS for cached in (False, True)]
    others = [generated(folder, subject, count) for count in COUNTS]
    told = partial(refuse_empty, [path for _, path in ours])
    series = alternate([command for command, _ in ours], rounds, told)
    series |= alternate([command for command, _ in others], min(rounds, FEWER), lambda: None)
    rows = [
        (
            command.name,
            f"{series[command.name].median('wall'):.2f}",
            f"{series[command.name].median('cpu'):.2f}",
            f"{series[command.name].memory:.0f}",
            f"{path.stat().st_size / 1000:.0f}" if path.exists() else "",
        )
        for command, path in (*ours, *others)
    ]
    heads = (f"{subject} of", "wall s", "CPU s", "memory MiB", "file kB")
    text = f"Medians of {rounds} runs, of generated platforms {min(rounds, FEWER)}. {processor()}"
    return "\n\n".join(
        [
            goal_table(goals(subject), series),
            table(heads, rows, right=(1, 2, 3, 4)),
            f"{text}; load {os.getloadavg()[0]:.0f} at the end.",
        ]
    )


def main() -> None:
    """Measure, print, and write where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="how often each command runs, in turns with the others")
    parser.add_argument("--only", choices=LIMITS, help="measure this command alone")
    parser.add_argument("--write", action="store_true", help="write the tables into docs/performance.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for subject in [options.only] if options.only else LIMITS:
            text = measured(Path(folder), subject, options.rounds)
            print(text)
            if options.write:
                fill(ROOT / "docs/performance.md", subject, text)


if __name__ == "__main__":
    main()
