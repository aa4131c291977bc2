"""Measures commands against each other: in turns, so that whatever else the machine does hits all of them alike."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

SUPERVISOR = Path(__file__).with_name("supervise.py")
SECONDS = 900
"""A command that takes longer has hung."""
LAST_LINES = 40


class CommandFailed(Exception):
    """A measured command failed, or gave something else than its peers: no figure of this run means anything."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """One way to do the work; `made` is what it writes, and is removed before each run, `before` what is done then."""

    name: str
    argv: Sequence[str]
    folder: Path
    env: Mapping[str, str]
    made: tuple[Path, ...] = ()
    stdout: Path | None = None
    before: Callable[[], None] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """One run: CPU of the command and all its descendants, and wall time, in seconds; memory in MiB where asked for."""

    cpu: float
    wall: float
    memory: float | None = None


@dataclass(kw_only=True, slots=True)
class Series:
    """All runs of one command; `memory` is the peak of the warm-up, in MiB."""

    memory: float
    samples: list[Sample] = field(default_factory=list)

    def values(self, kind: str) -> list[float]:
        """The figures of that kind (`cpu` or `wall`), one for each round."""
        return [float(getattr(sample, kind)) for sample in self.samples]

    def median(self, kind: str) -> float:
        """The middle one."""
        return median(self.values(kind))


Results = Mapping[str, Series]


def ratio(ours: Series, theirs: Series, kind: str) -> float:
    """The median of the ratios round by round: both of a pair ran next to each other."""
    return median(one / other for one, other in zip(ours.values(kind), theirs.values(kind), strict=True))


def alternate(commands: Sequence[Command], rounds: int, warmed: Callable[[], None]) -> dict[str, Series]:
    """Each command once to warm up (its memory is looked at), then `rounds` times all of them in turns.

    `warmed` is called between the two: what the commands made can be compared before anything is timed.
    """
    series = {command.name: Series(memory=run(command, memory=True).memory or 0.0) for command in commands}
    warmed()
    for _ in range(rounds):
        for command in commands:
            series[command.name].samples.append(run(command))
    return series


def run(command: Command, *, memory: bool = False) -> Sample:
    """Run it once; CommandFailed with what it printed where its exit code is not 0."""
    for path in command.made:
        shutil.rmtree(path, ignore_errors=True)
    if command.before:
        command.before()
    with tempfile.TemporaryDirectory() as folder:
        report, printed = Path(folder) / "report.json", Path(folder) / "printed.txt"
        if command.stdout:
            command.stdout.parent.mkdir(parents=True, exist_ok=True)
        _supervised(command, report, printed, ["--memory"] if memory else [])
        figures = json.loads(report.read_text(encoding="utf-8")) if report.exists() else {"code": None}
        if figures.pop("code") != 0:
            lines = printed.read_text(encoding="utf-8", errors="replace").splitlines()[-LAST_LINES:]
            raise CommandFailed("\n".join([f"{command.name} failed: {' '.join(command.argv)}", *lines]))
    return Sample(**figures)


def _supervised(command: Command, report: Path, printed: Path, options: Sequence[str]) -> None:
    supervisor = [sys.executable, "-I", str(SUPERVISOR), str(report), *options, "--", *command.argv]
    with printed.open("wb") as log, (command.stdout or printed).open("ab" if not command.stdout else "wb") as out:
        # A session of its own: where the command hangs, it goes with all its children.
        started = subprocess.Popen(
            supervisor,
            cwd=command.folder,
            env=dict(command.env),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=log,
            start_new_session=True,
        )
        try:
            started.wait(timeout=SECONDS)
        except subprocess.TimeoutExpired as error:
            raise CommandFailed(f"{command.name} has not ended after {SECONDS} s: {' '.join(command.argv)}") from error
        finally:
            if started.returncode is None:
                os.killpg(started.pid, signal.SIGKILL)
                started.wait()
