"""Runs one command, and says what it and all its descendants took: CPU and wall time in seconds, memory in MiB.

Usage: supervise.py REPORT [--memory] -- COMMAND...

A process of its own, so that RUSAGE_CHILDREN holds this command alone. As their subreaper it inherits every descendant
whose parent has gone; it waits for all of them, since only a process that was waited for is counted.
"""

import ctypes
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

PR_SET_CHILD_SUBREAPER = 36
INTERVAL = 0.02
"""Seconds between two looks at the memory."""
KIB = 1024


def main(report: Path, command: list[str], *, memory: bool) -> None:
    """Write the report as JSON."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "this process cannot become a subreaper")
    peak = Peak()
    if memory:
        peak.start()
    begin = time.monotonic()
    first = subprocess.Popen(command).pid
    code, wall = None, 0.0
    for pid, status in _ended():
        if pid == first:
            code, wall = os.waitstatus_to_exitcode(status), time.monotonic() - begin
    peak.stop()
    used = getrusage(RUSAGE_CHILDREN)
    figures = {"code": code, "cpu": used.ru_utime + used.ru_stime, "wall": wall, "memory": peak.mib if memory else None}
    report.write_text(json.dumps(figures), encoding="utf-8")


def _ended() -> Iterator[tuple[int, int]]:
    """(process, status) of every descendant that ends while this process is its parent."""
    while True:
        try:
            yield os.wait()
        except ChildProcessError:
            return


class Peak(threading.Thread):
    """The highest sum of the proportional set sizes of all descendants: each has its share of a page."""

    def __init__(self) -> None:
        """Nothing is looked at before `start`."""
        super().__init__(daemon=True)
        self.mib = 0.0
        self._done = threading.Event()

    def run(self) -> None:
        """Look, until told to stop."""
        while not self._done.wait(INTERVAL):
            self.mib = max(self.mib, sum(pss(pid) for pid in descendants(os.getpid())) / KIB)

    def stop(self) -> None:
        """End the looking, if there is any."""
        self._done.set()
        if self.is_alive():
            self.join()


def descendants(pid: int) -> Iterator[int]:
    """All that the process has started, and what those have; a process may end while it is looked at."""
    try:
        files = list(Path(f"/proc/{pid}/task").glob("*/children"))
    except OSError:
        return
    for path in files:
        try:
            children = [int(child) for child in path.read_text().split()]
        except OSError:
            continue
        for child in children:
            yield child
            yield from descendants(child)


def pss(pid: int) -> int:
    """KiB; 0 for a process that has just gone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


if __name__ == "__main__":
    OPTIONS = sys.argv[2 : sys.argv.index("--")]
    main(Path(sys.argv[1]), sys.argv[sys.argv.index("--") + 1 :], memory="--memory" in OPTIONS)
