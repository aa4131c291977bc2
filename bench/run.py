"""Measures the generator against its peers, prints the tables, and writes them into docs/performance.md if told to.

The exit code is 0 whether goals are met or missed; 1 where a command fails or renders other objects than its peers.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import report
import rivals
from goals import CHANGE, CHANGED, DAILY, SAVED, SIZES, SYNTH, services
from machine import facts
from measure import Command, CommandFailed, Results, alternate
from watching import saves

from tools import sections

PAGE = rivals.ROOT / "docs/performance.md"
PARTS = ("synth", "chatdb", "services", "change")
SAVES = 30
ROUNDS = {SYNTH: 7, DAILY: 7, CHANGED: 7, services(5): 7, services(100): 5, services(1000): 3}
OTHER_ROUNDS = 3
SHOWN = 5


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for."""
    options = _options(arguments)
    machine_facts = dict(facts())
    try:
        with tempfile.TemporaryDirectory() as folder:
            groups = _measured(Path(folder), options)
    except CommandFailed as error:
        print(error, file=sys.stderr)
        return 1
    text = report.tables(machine_facts, groups)
    print(text)
    if options.write:
        sections.fill(PAGE, "bench", text)
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="parts to run; default: all")
    parser.add_argument("--sizes", nargs="+", type=int, default=SIZES, help="numbers of services; default: %(default)s")
    parser.add_argument("--rounds", type=int, help="rounds of each part; default: fewer for what takes long")
    parser.add_argument("--write", action="store_true", help=f"write the tables into docs/{PAGE.name}")
    options = parser.parse_args(arguments)
    if options.rounds is not None and options.rounds < 1:
        parser.error("--rounds: at least 1")
    if min(options.sizes) < 1:
        parser.error("--sizes: at least 1")
    if options.write and (tuple(options.only), tuple(options.sizes)) != (PARTS, SIZES):
        parser.error("--write goes with the whole run only, without --only and --sizes")
    if options.write and (missing := rivals.missing()):
        parser.error(f"--write needs all peers, and there is no {' and no '.join(missing)}: run make bench")
    return options


def _measured(folder: Path, options: argparse.Namespace) -> dict[str, Results]:
    """The results of every group."""
    groups: dict[str, Results] = {}

    def measure(name: str, commands: list[Command], warmed: Callable[[], None]) -> None:
        rounds = options.rounds or ROUNDS.get(name, OTHER_ROUNDS)
        print(f"{name}: {', '.join(command.name for command in commands)}; {rounds} rounds", file=sys.stderr)
        groups[name] = alternate(commands, rounds, warmed)

    project = rivals.copy_project(folder / "project")
    if "synth" in options.only:
        home = folder / "home"
        # In this order: what the first one leaves is what nothing has changed in.
        commands = [
            rivals.synth(project, home),
            rivals.unchanged(project, home),
            rivals.rendering(project, home),
            rivals.empty(project, folder / "empty"),
        ]
        measure(SYNTH, commands, lambda: _unchanged(project))
    if "chatdb" in options.only:
        words = (("synth",), ("synth", "-e", rivals.FIRST), ("check",))
        commands = [rivals.chatdb(project, folder / "home", *each) for each in words]
        measure(DAILY, commands, lambda: _unchanged(project))
    if "services" in options.only:
        for size in options.sizes:
            commands = rivals.platform(project, folder / services(size), size)
            measure(services(size), commands, partial(_equal, commands))
    if "change" in options.only:
        size = options.sizes[-1]
        among = folder / CHANGE
        among.mkdir()
        commands = [rivals.again(project, among, size, patched=patched) for patched in (False, True)]
        helm = [] if rivals.HELM_NAME in rivals.missing() else [rivals.helm(project, among, size)]
        measure(CHANGE, [*commands, *helm], lambda: None)
        measure(CHANGED, [rivals.edited(project, folder / "home")], lambda: None)
        groups[SAVED] = {SAVED: saves(project, folder / "home", options.rounds or SAVES)}
    return groups


def _unchanged(project: Path) -> None:
    """The platform that the copy generated is the one that the repository holds."""
    stale = rivals.stale(project)
    if stale:
        lines = [f"{path}: not what the code gives; run `chatdb synth` and commit" for path in stale]
        raise CommandFailed("\n".join(lines))


def _equal(commands: list[Command]) -> None:
    """Everybody rendered the same objects."""
    lines = [
        f"{name}: {line}" for name, differences in rivals.unequal(commands).items() for line in differences[:SHOWN]
    ]
    if lines:
        raise CommandFailed("\n".join(["not the same objects:", *lines]))


if __name__ == "__main__":
    sys.exit(main())
