"""Something that runs in the background until it is stopped: `make cluster-up`, `make node-up`.

Usage: <module> start|stop [FOLDER]        (a supervisor that lives in the background: <module> serve FOLDER)

Everything is in FOLDER. The supervisor holds a lock on FOLDER/supervisor, whose text is its process id: the lock says
whether it lives, however it ended, and nothing outlives it.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from chatdb.local.processes import wait_for
from tests.repository import ROOT

LOCK, LOG, READY = "supervisor", "log", "ready"
STOPPING = 60
USAGE = 2


def show(path: Path) -> str:
    """The path as it is in this folder."""
    return f"$PWD/{path.relative_to(ROOT)}" if path.is_relative_to(ROOT) else str(path)


def running(folder: Path) -> int | None:
    """The process id of the supervisor that lives there."""
    path = folder / LOCK
    if not path.exists():
        return None
    with path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(file.read())
    return None


def wrong(what: str, fix: str) -> int:
    """Say it, and the exit code."""
    print(f"{what}: {fix}", file=sys.stderr)
    return 1


@dataclass(frozen=True, kw_only=True)
class Supervised:
    """What is run in the background; `name` is the first word of make's two targets."""

    name: str
    module: str
    folder: Path
    """Where none is named."""
    missing: Callable[[], tuple[str, str] | None]
    """What keeps it from being started, and the fix."""
    run: Callable[[Path], AbstractContextManager[None]]
    """Starts it, prints how that goes, and ends it."""
    hints: Callable[[Path], Sequence[str]]
    """What a person types next."""
    sweep: Callable[[Path], None] = lambda _: None
    """Removes what a supervisor that was killed has left."""

    def main(self, arguments: list[str]) -> int:
        """The exit code."""
        commands = {"start": self.start, "stop": self.stop, "serve": self.serve}
        if not 1 <= len(arguments) <= USAGE or arguments[0] not in commands:
            print(f"usage: {self.module} start|stop [FOLDER]", file=sys.stderr)
            return USAGE
        folder = Path(arguments[1]).absolute() if arguments[1:] else self.folder
        return commands[arguments[0]](folder)

    def start(self, folder: Path) -> int:
        """Start the supervisor, and print what it says until all is there."""
        if wanting := self.missing():
            return wrong(*wanting)
        if running(folder):
            return wrong(f"a {self.name} runs in {show(folder)} already", f"use it, or stop it:\n{self.usage(folder)}")
        if folder.exists() and any(folder.iterdir()) and not (folder / LOCK).exists():
            return wrong(f"{show(folder)} holds something else", "name another folder")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        with (folder / LOG).open("w") as log:
            supervisor = subprocess.Popen(
                [sys.executable, "-m", self.module, "serve", str(folder)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        return self._follow(folder, supervisor)

    def _follow(self, folder: Path, supervisor: subprocess.Popen[bytes]) -> int:
        with (folder / LOG).open() as log:
            while supervisor.poll() is None and not (folder / READY).exists():
                sys.stdout.write(log.read())
                sys.stdout.flush()
                time.sleep(0.2)
            sys.stdout.write(log.read())
        if supervisor.poll() is not None:
            fix = "the end of the log says why"
            return wrong(f"the supervisor has ended; its log is {show(folder / LOG)}", fix)
        print(self.usage(folder))
        return 0

    def usage(self, folder: Path) -> str:
        """What a person types next, and how it is stopped."""
        argument = "" if folder == self.folder else f" FOLDER={show(folder)}"
        return "\n".join(f"  {line}" for line in (*self.hints(folder), f"make {self.name}-down{argument}"))

    def serve(self, folder: Path) -> int:
        """The supervisor: it starts everything, and waits for a signal."""
        with (folder / LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            lock.write(str(os.getpid()))
            lock.flush()
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: sys.exit(0))
            with self.run(folder):
                (folder / READY).touch()
                threading.Event().wait()
        return 0

    def stop(self, folder: Path) -> int:
        """End the supervisor, which ends everything, and take the folder away."""
        pid = running(folder)
        if pid:
            os.kill(pid, signal.SIGTERM)
            wait_for("the supervisor ends", STOPPING, lambda: not running(folder))
        if not (folder / LOCK).exists():
            return wrong(f"no {self.name} in {show(folder)}", "name the folder that it was started in")
        self.sweep(folder)
        shutil.rmtree(folder)
        print("stopped" if pid else "it ran no more; its folder is gone")
        return 0
