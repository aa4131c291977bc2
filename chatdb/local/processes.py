"""Processes that never outlive who started them: each has a keeper that ends it when its starter is gone."""

import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

# Ends the server when its own standard input is closed, also by the death of who holds the other end, and then all that
# the server has started. Prints the server's process id, and at the end its exit status.
KEEPER = """
exec 3<&0
"$@" >>"$SERVER_LOG" 2>&1 </dev/null 3<&- &
server=$!
echo $server
{ read -r _; kill -"$SERVER_END" $server; } <&3 2>/dev/null &
wait $server
status=$?
trap '' PIPE
echo $status
kill -KILL 0
"""
# Servers write into the folder until their own keepers have ended them.
CLEANER = 'read -r _; tries=100; until rm -rf "$1" 2>/dev/null || [ $((tries -= 1)) = 0 ]; do sleep 0.1; done'
STOP_SECONDS = 15
POLL = 0.2
PORTS = range(15000, 30000)


class Server:
    """One process and its log; it can be killed and started again."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log: Path,
        env_vars: Mapping[str, str],
        *,
        end: str = "KILL",
        owner: Mapping[str, Any] | None = None,
    ) -> None:
        """It is not started yet; `end` is the signal of its keeper, `owner` whom it runs as (arguments of Popen)."""
        self.name = name
        self.command = list(command)
        self.log = log
        self.env_vars = dict(env_vars)
        self.end = end
        self.owner = dict(owner or {})
        self._keeper: subprocess.Popen[str] | None = None
        self._status: int | None = None
        self.pid = 0

    def start(self) -> None:
        """Start it; its output is added to the log."""
        pipe = subprocess.PIPE
        self._status = None
        keeper = subprocess.Popen(
            ["sh", "-c", KEEPER, "sh", *self.command],
            stdin=pipe,
            stdout=pipe,
            stderr=subprocess.DEVNULL,
            text=True,
            env=self.env_vars | {"SERVER_LOG": str(self.log), "SERVER_END": self.end},
            start_new_session=True,
            **self.owner,
        )
        assert keeper.stdout is not None  # noqa: S101 - for the type checker
        # It is alive for another thread when its process id is its own, and no longer that of its last life.
        self.pid = int(keeper.stdout.readline())
        self._keeper = keeper

    def ask(self) -> None:
        """SIGTERM: it may finish what it does."""
        if self.alive():
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL, as a crash."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        self.stop()

    def stop(self, patience: float = 0) -> None:
        """End it; nothing where it does not run. An end that was asked for is waited for `patience` seconds."""
        if self._keeper is None:
            return
        keeper, self._keeper = self._keeper, None
        with suppress(subprocess.TimeoutExpired):
            keeper.wait(patience)
        for stream in (keeper.stdin, keeper.stdout):
            if stream:
                stream.close()
        keeper.wait(STOP_SECONDS)

    def restart(self) -> None:
        """Crash it, and start it anew."""
        self.kill()
        self.start()

    def alive(self) -> bool:
        """Whether the server itself runs."""
        return self._keeper is not None and self._keeper.poll() is None

    def status(self) -> int | None:
        """The exit status of a server that has ended by itself; None where it runs, or was stopped before."""
        if self._status is None and self._keeper and self._keeper.stdout and not self.alive():
            self._status = int(self._keeper.stdout.readline() or 1)
        return self._status

    def last_lines(self, count: int) -> str:
        """The end of the log."""
        with suppress(FileNotFoundError):
            return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-count:])
        return ""


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A new folder that goes with this process, however it ends."""
    folder = Path(tempfile.mkdtemp(prefix="chatdb-"))
    # A server that must not be root finds its own folder in it.
    folder.chmod(0o711)
    command = [shutil.which("sh") or "sh", "-c", CLEANER, "sh", str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True):
        yield folder


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody listens on, from those that no outgoing connection is given meanwhile."""
    free: list[int] = []
    with ExitStack() as stack:
        for number in random.SystemRandom().sample(PORTS, len(PORTS)):
            if len(free) == count:
                break
            one = stack.enter_context(socket.socket())
            with suppress(OSError):
                one.bind(("127.0.0.1", number))
                free.append(number)
    return free


def wait_for(condition: str, seconds: float, ready: Callable[[], object]) -> None:
    """Ask until the answer is true; TimeoutError that says what was waited for."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{condition}: not within {seconds:g} s")
        time.sleep(POLL)
