"""Measures how generation and checks grow with the number of environments, and writes the table of docs/performance.md.

Usage: environments.py [--rounds N]
"""

import argparse
import os
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from machine import processor
from measure import Command, alternate, run
from rivals import CHATDB, ROOT, copy_project, environment

from tools.sections import fill

COUNTS = (1, 2, 5)
LIKE = "minikube"


def chatdb(project: Path, name: str, *arguments: str) -> Command:
    """The command in the copy; what it left before stays."""
    env = environment(project.parent / "home", node_first=False)
    return Command(name=name, argv=[sys.executable, "-O", "-c", CHATDB, *arguments], folder=project, env=env)


def project(folder: Path, count: int) -> Path:
    """A copy of the repository with so many environments, all like one."""
    copy = copy_project(folder / "project")
    others = [path.name for path in (copy / "argocd").iterdir() if path.name not in ("install", LIKE)]
    lines = [["remove-environment", name, "--yes"] for name in others]
    lines += [["new-environment", f"like-{number}", "--like", LIKE] for number in range(1, count)]
    for line in lines:
        run(chatdb(copy, line[0], *line))
    return copy


def commands(copy: Path, count: int) -> list[Command]:
    """From nothing, all of it; the same for one environment; and the check."""
    made = tuple(copy / name for name in ("dist", "argocd", ".cdk8s"))
    names = ("generate all", "generate one", "check all")
    lines = (["synth"], ["synth", "-e", LIKE], ["check"])
    every = [chatdb(copy, f"{name}, {count}", *line) for name, line in zip(names, lines, strict=True)]
    # The check wants what the first one writes.
    return [replace(every[1], made=made), replace(every[0], made=made), every[2]]


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="how often each command runs, in turns with the others")
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        every = [one for count in COUNTS for one in commands(project(Path(folder) / str(count), count), count)]
        series = alternate(every, rounds, lambda: None)
    heads = ["environments", "generate one", "generate all", "`chatdb check`"]
    rows = [
        [str(count), *(f"{series[one.name].median('cpu'):.2f} s" for one in every if one.name.endswith(f", {count}"))]
        for count in COUNTS
    ]
    lines = ["| " + " | ".join(row) + " |" for row in (heads, ["---"] * len(heads), *rows)]
    text = f"CPU, the median of {rounds} runs in turns. {processor()}; load {os.getloadavg()[0]:.0f} at the end."
    print("\n".join(lines))
    fill(ROOT / "docs/performance.md", "environments", "\n".join([*lines, "", text]))


if __name__ == "__main__":
    main()
