"""Training in a process of its own: what it does to its memory or to itself leaves predictions alone.

At the container's limit the kernel may kill all of its processes. So this process looks at the anonymous memory of the
training process, and kills it above its share. A limit of resources can't do that: RLIMIT_AS and RLIMIT_DATA count what
is reserved, and Arrow reserves 1 to 3 GiB that it does not touch for a data set that is trained on in 640 MiB.
"""

import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from multiprocessing import Pipe
from multiprocessing.connection import Connection

from pydantic import BaseModel

from ml_engine import memory
from ml_engine.beside import Done, beside
from ml_engine.domain import Assignment, BadData, Died, Trained, TrainingFailed, Unavailable
from ml_engine.signature import Signature

PROGRAM = (sys.executable, "-m", "ml_engine.training_main")
READ = "read data set"
"""The first step of a job."""
CRASHES = frozenset({signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGFPE, signal.SIGILL})
"""The signals of a process that ends by an error of its own."""
WATCH_SECONDS = 0.02
CHECK_SECONDS = 0.25
# A process that holds so much more than before its first job would have less for the next one.
GROWN_BYTES = 64 * memory.MEBIBYTE
Check = Callable[[], None]
Begin = Callable[[str, int], None]


class Kind(StrEnum):
    """What the training process says."""

    READY = "ready"
    STEP = "step"
    TRAINED = "trained"
    BAD_DATA = "bad data"
    UNAVAILABLE = "unavailable"
    FAILED = "failed"


class Report(BaseModel):
    """One message of it; the bytes of a model come after TRAINED, as a message of their own."""

    kind: Kind
    text: str = ""
    detail: str = ""
    rows: int = 0
    signature: Signature | None = None
    metrics: dict[str, float] = {}


class Command(BaseModel):
    """One message to it."""

    assignment: Assignment
    available_bytes: int


@dataclass
class Child:
    """The process, and our end of the channel to it."""

    process: "subprocess.Popen[bytes]"
    channel: Connection
    held: int = 0
    """Bytes of anonymous memory when it was ready for its first job; 0 before."""
    excess: int = 0
    """Bytes that it held when the watch killed it; 0 where that did not happen."""
    share: int = 0
    """Bytes that it might have held then: predictions may have taken some of what there was at its start."""
    idle: bool = True
    """Whether it waits for a job."""
    step: str = ""
    """What it said last that it does."""

    @property
    def usable(self) -> bool:
        """Whether the next job finds it as the first one did."""
        return self.idle and self.process.poll() is None and self.anonymous() <= self.held + GROWN_BYTES

    def anonymous(self) -> int:
        """Bytes that it holds."""
        return memory.anonymous(self.process.pid)

    def close(self) -> None:
        """Kill it, and wait for its end."""
        self.process.kill()
        self.process.wait()
        self.channel.close()


@dataclass
class TrainingProcess:
    """Starts the process when there is a job for it, and keeps it for the next one where it is none the worse."""

    env_vars: Mapping[str, str]
    limit: Callable[[], int] = memory.limit
    _child: Child | None = None
    # The kernel takes the end of the thread that has started a process for the end of its parent.
    _starter: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "training process"))

    def learn(self, assignment: Assignment, check: Check, begin: Begin) -> Trained:
        """The model of a data set; one at a time.

        `check` is called again and again, and may raise: then training ends at once. `begin` is called with each step
        and the number of its rows, 0 where they are not known. Raises BadData where the data can't teach or memory is
        too small for it, Unavailable where the object store is down or the process can't be started, Died where it is
        gone, and TrainingFailed for an error that nobody foresaw.
        """
        if self._child is None or self._child.process.poll() is not None:
            self.close()
            try:
                self._child = self._starter.submit(self._start).result()
            except OSError as error:
                raise Unavailable(f"the training process can't be started: {error}") from error
        child, limit = self._child, self.limit()
        command = Command(assignment=assignment, available_bytes=memory.available(limit))
        try:
            with _watched(child, limit):
                return _trained(child, command, check, begin)
        except (EOFError, OSError):
            if child.excess:
                raise BadData(memory.shortage(child.excess, child.share)) from None
            with suppress(subprocess.TimeoutExpired):
                child.process.wait(1)
            status = child.process.returncode
            if child.step == READ and status is not None and -status in CRASHES:
                # What reads it is the same each time, and would crash each time.
                crash = f"the process that reads it crashes ({signal.Signals(-status).name})"
                raise BadData(f"{assignment.location} can't be read as a table: {crash}") from None
            raise Died(f"the training process ended with status {status}") from None
        finally:
            if not child.usable:
                self.close()

    def close(self) -> None:
        """End the process."""
        child, self._child = self._child, None
        if child is not None:
            child.close()

    def _start(self) -> Child:
        ours, its = Pipe()
        with its:
            command = [*PROGRAM, str(its.fileno())]
            # Closed here, as the end of the process shall be the end of the channel.
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=[its.fileno()], env=self.env_vars)
        return Child(process, ours)


def _watched(child: Child, limit: int) -> AbstractContextManager[None]:
    """Kill it when it holds more than its share of the container's limit, from a thread that waits for nobody."""

    def watch(done: Done) -> None:
        while not done(WATCH_SECONDS):
            held, share = child.anonymous(), memory.available(limit)
            if held > share:
                child.excess, child.share = held, share
                child.process.kill()
                return

    return beside("memory of training", watch)


def _trained(child: Child, command: Command, check: Check, begin: Begin) -> Trained:
    """Send one job, and follow it to its end."""
    if not child.held:
        _next(child, check)
        child.held = child.anonymous()
    child.idle, child.step = False, ""
    child.channel.send_bytes(command.model_dump_json().encode())
    while (report := _next(child, check)).kind is Kind.STEP:
        child.step = report.text
        begin(report.text, report.rows)
    onnx = child.channel.recv_bytes() if report.kind is Kind.TRAINED else b""
    child.idle = True
    if report.signature is not None:
        return Trained(onnx, report.signature, report.metrics)
    if report.kind is Kind.FAILED:
        raise TrainingFailed(report.text, report.detail)
    raise (BadData if report.kind is Kind.BAD_DATA else Unavailable)(report.text)


def _next(child: Child, check: Check) -> Report:
    while not child.channel.poll(CHECK_SECONDS):
        check()
    return Report.model_validate_json(child.channel.recv_bytes())
