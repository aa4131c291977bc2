"""The line by which another process breaks a running platform: what it breaks is whole again when the line ends.

The platform itself fixes, so it does not matter how the other side has ended; a SIGKILL closes its lines, too.
"""

import json
import os
import selectors
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from chatdb.local.fault_proxy import Fault, Proxies, with_proxies
from chatdb.local.platform import Platform
from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.resolved import ResolvedPlatform

VARIABLE = "CHATDB_FAULTS"
"""Under which a shell is told where the line begins."""
HOLD_SECONDS = 120.0
"""So long a fault may last, also when the other side forgets it."""
COMING_BACK_SECONDS = 60.0
"""So long a killed part may end again by itself: PostgreSQL does while a process of its last life is there."""
ANSWER_SECONDS = 60.0
LINE_BYTES = 4096
HELD = b"held\n"
CUT, KILL = "cut", "kill"
"""What can be asked for: a way, by its name, or a part."""


@dataclass(frozen=True, kw_only=True)
class Held:
    """A fault that lasts: whose it is, what ends it, and when it ends at the latest."""

    name: str
    fix: Callable[[], None]
    until: float


@dataclass
class Faults:
    """Breaks, fixes and looks after what comes back, all in the thread that calls `serve`."""

    platform: Platform
    proxies: Proxies
    path: Path
    hold_seconds: float = HOLD_SECONDS
    held: dict[socket.socket, Held] = field(default_factory=dict)
    coming_back: dict[str, float] = field(default_factory=dict)
    down: set[str] = field(default_factory=set)
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)

    @property
    def spared(self) -> set[str]:
        """Parts that may have ended: they are down for now, or have just been started again."""
        return self.down | set(self.coming_back)

    @contextmanager
    def listening(self) -> Iterator["Faults"]:
        """Until the end of the body, where all is fixed."""
        with socket.socket(socket.AF_UNIX) as door:
            door.bind(str(self.path))
            self.path.chmod(0o600)
            door.listen()
            door.settimeout(0)
            self._selector.register(door, selectors.EVENT_READ, lambda: self._accept(door))
            try:
                yield self
            finally:
                for line in list(self.held):
                    self._end(line)
                self._selector.close()

    def serve(self, seconds: float) -> None:
        """Do what is asked for, for so long at least as nothing is."""
        for key, _ in self._selector.select(seconds):
            key.data()
        for line in [line for line, one in self.held.items() if time.monotonic() > one.until]:
            self._end(line)
        for name, until in list(self.coming_back.items()):
            self._look_after(name, until)

    def _accept(self, door: socket.socket) -> None:
        line, _ = door.accept()
        line.settimeout(0)
        self._selector.register(line, selectors.EVENT_READ, lambda: self._hear(line))

    def _hear(self, line: socket.socket) -> None:
        """One request; whatever comes after it, the end too, ends its fault."""
        try:
            said = line.recv(LINE_BYTES)
            if line in self.held or not said:
                self._end(line)
                return
            asked = json.loads(said)
            until = time.monotonic() + self.hold_seconds
            self.held[line] = Held(name=asked["name"], fix=self._break(**asked), until=until)
            line.sendall(HELD)
        except (OSError, ValueError, KeyError, TypeError):
            self._end(line)

    def _break(self, kind: str, name: str) -> Callable[[], None]:
        """Do it; what fixes it. ValueError where it is broken already, and for a kind that there is not."""
        if kind not in (CUT, KILL) or name in {one.name for one in self.held.values()}:
            raise ValueError(name)
        if kind == CUT:
            self.proxies.set(Fault.CUT, [name])
            return lambda: self.proxies.set(None, [name])
        self.platform.parts[name].server.kill()
        self.down.add(name)
        return lambda: self._start(name)

    def _start(self, name: str) -> None:
        self.down.discard(name)
        self.coming_back[name] = time.monotonic() + COMING_BACK_SECONDS
        self.platform.parts[name].server.start()

    def _look_after(self, name: str, until: float) -> None:
        server = self.platform.parts[name].server
        if server.status() is not None:
            server.stop()
            server.start()
        if time.monotonic() > until:
            del self.coming_back[name]

    def _end(self, line: socket.socket) -> None:
        with suppress(KeyError):
            self._selector.unregister(line)
        line.close()
        held = self.held.pop(line, None)
        if held:
            held.fix()


@contextmanager
def with_faults(resolved: ResolvedPlatform, root: Path) -> Iterator[tuple[Platform, Faults]]:
    """A platform, not started, that another process may break as long as somebody calls `serve`."""
    with with_proxies(resolved, root) as (local_platform, proxies):
        path = local_platform.site.folder / "faults"
        with Faults(local_platform, proxies, path).listening() as faults:
            yield local_platform, faults


@contextmanager
def broken(path: Path, kind: str, name: str) -> Iterator[None]:
    """Have the platform at that line break something until the end of the body; InvalidInput where it does not."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(ANSWER_SECONDS)
        try:
            line.connect(os.fspath(path))
            line.sendall(json.dumps({"kind": kind, "name": name}).encode())
            answer = line.recv(LINE_BYTES)
        except OSError as error:
            message = f"the platform does not answer: {error}"
            raise InvalidInput(
                [Problem("local", message, "run `chatdb local up --faults` in another shell")]
            ) from error
        if answer != HELD:
            raise InvalidInput([Problem(name, f"the platform does not {kind} it", "choose one of `chatdb chaos list`")])
        yield
