"""Servers that never outlive the tests: each has a keeper that ends it when the process that started it is gone."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

# Ends the server when its own standard input is closed, also by the death of who holds the other end. At once: asked to
# end, an API server waits for every watch that is still open, and for a store that may be gone already.
KEEPER = '"$@" >>"$SERVER_LOG" 2>&1 </dev/null & echo $!; read -r _; kill -KILL $! 2>/dev/null; wait $!'
STOP_SECONDS = 15
POLL = 0.2


class Server:
    """One server process and its log; it can be killed and started again."""

    def __init__(self, name: str, command: Sequence[str], log: Path, environment: Mapping[str, str]) -> None:
        """It is not started yet."""
        self.name = name
        self.command = list(command)
        self.log = log
        self.environment = dict(environment)
        self._keeper: subprocess.Popen[str] | None = None
        self.pid = 0

    def start(self) -> None:
        """Start it; its output is added to the log."""
        line = ["sh", "-c", KEEPER, "sh", *self.command]
        environment = {**os.environ, **self.environment, "SERVER_LOG": str(self.log)}
        self._keeper = subprocess.Popen(
            line,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
            start_new_session=True,
        )
        assert self._keeper.stdout
        self.pid = int(self._keeper.stdout.readline())

    def kill(self) -> None:
        """SIGKILL, as a crash."""
        os.kill(self.pid, signal.SIGKILL)
        self.stop()

    def stop(self) -> None:
        """End it; nothing where it does not run."""
        if self._keeper is None:
            return
        keeper, self._keeper = self._keeper, None
        assert keeper.stdin
        keeper.stdin.close()
        keeper.wait(STOP_SECONDS)

    def restart(self) -> None:
        """Crash it, and start it anew."""
        self.kill()
        self.start()

    def alive(self) -> bool:
        """Whether the server itself runs."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return self._keeper is not None


def wait_for(what: str, seconds: float, ready: Callable[[], object]) -> None:
    """Ask until the answer is true; TimeoutError that says what was waited for."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds:g} s")
        time.sleep(POLL)
