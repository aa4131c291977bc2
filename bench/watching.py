"""What passes between a save and the files: `chatdb synth --watch`, while entries of ChatDB are edited."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from measure import CommandFailed, Sample, Series
from rivals import CHATDB, FIRST, edit, environment

SECONDS = 60
LOOK = 0.002
"""Seconds between two looks at the file that the edit changes."""
OUTPUT = "dist/core/model-registry.k8s.yaml"


def saves(project: Path, home: Path, rounds: int) -> Series:
    """One sample for each save: seconds until the file is written, and the CPU time of the run."""
    process = subprocess.Popen(
        [sys.executable, "-c", CHATDB, "synth", "--watch", "-e", FIRST],
        cwd=project, env=environment(home, node_first=False), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _ended(process)
        return Series(memory=0.0, samples=[_save(project, process) for _ in range(rounds)])
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=SECONDS)


def _save(project: Path, process: "subprocess.Popen[bytes]") -> Sample:
    output, before = project / OUTPUT, _cpu(process.pid)
    old = _written(output)
    edit(project)
    began = time.monotonic()
    while _written(output) in (None, old):
        if time.monotonic() - began > SECONDS:
            raise CommandFailed(f"{OUTPUT} was not written within {SECONDS} s")
        time.sleep(LOOK)
    wall = time.monotonic() - began
    _ended(process)
    return Sample(cpu=_cpu(process.pid) - before, wall=wall)


def _written(path: Path) -> int | None:
    """When; None in the moment in which its folder is replaced."""
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return None


def _ended(process: "subprocess.Popen[bytes]") -> None:
    """Each run ends with a line."""
    if process.stdout is None or not process.stdout.readline():
        raise CommandFailed("chatdb synth --watch has ended")


def _cpu(pid: int) -> float:
    """Seconds of CPU of the process and its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
