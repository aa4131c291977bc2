"""Writing files: a run that dies leaves the old ones whole, two runs wait for each other, a refusal is advice."""

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from constructs_lib.problem import InvalidInput, Problem

SECONDS = 60
POLL = 0.1
MIB = 2**20


def write_by_rename(path: Path, text: str) -> None:
    """Replace the file's text at once, on disk too; its folder is made where it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    try:
        with fresh.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def is_scratch(name: str) -> bool:
    """Whether an editor or a file manager leaves files of that name behind: they are no part of any input."""
    return name.startswith((".", "#")) or name.endswith(("~", ".swp", ".orig", ".rej", ".bak"))


@contextmanager
def advised_writes(where: str) -> Iterator[None]:
    """InvalidInput where the file system refuses: no room, no right, no such folder."""
    try:
        yield
    except OSError as error:
        # Who copies a tree collects its errors: (source, target, words) for each file.
        collected = error.args[0][0][2] if isinstance(error, shutil.Error) else None
        raise _refused(where, collected or f"{error.strerror}: {error.filename or where}") from error


def _refused(where: str, message: str) -> InvalidInput:
    fix = "make room or allow writing there, and run again; what was generated before is whole"
    return InvalidInput([Problem(where, message, fix)])


def enough_room(folder: Path, needed: int) -> None:
    """InvalidInput where less than that many bytes are free: said before the work, and not in the middle of it."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        message = f"{free // MIB} MiB are free, {needed // MIB} MiB are needed"
        raise InvalidInput([Problem(str(folder), message, "make room; nothing was changed")])


@contextmanager
def exclusive(lock: Path, seconds: float = SECONDS) -> Iterator[None]:
    """Hold the lock file, which a dying process lets go of; InvalidInput where another one holds it for too long."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a+", encoding="utf-8") as file:
        deadline = time.monotonic() + seconds
        while not _locked(file.fileno()):
            if time.monotonic() > deadline:
                message = f"another run has been going on for over {seconds:g} s"
                raise InvalidInput([Problem(str(lock), message, "wait until it has ended, or end it, and run again")])
            time.sleep(POLL)
        yield


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
