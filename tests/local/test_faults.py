"""What is broken over the line is whole again when the line ends, however its other side has ended."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatdb.local.fault_proxy import Proxies
from chatdb.local.faults import CUT, KILL, Faults, broken
from chatdb.local.parts import Part
from chatdb.local.platform import Platform
from chatdb.local.processes import Server, free_ports, scratch_folder, wait_for
from chatdb.local.site import Detour, Site
from constructs_lib.problem import InvalidInput
from tests.local.test_fault_proxy import CUT as RESET
from tests.local.test_fault_proxy import WAY, answered, connect, echo
from tests.repository import PLATFORM, ROOT

SECONDS = 60
NAME = "query-parser"
HOLDER = """
import sys, time
from pathlib import Path
from chatdb.local.faults import broken
with broken(Path(sys.argv[1]), sys.argv[2], sys.argv[3]):
    time.sleep(600)
"""


class Running:
    """Faults of a platform of one process and one way, served by a thread until the end of the test."""

    def __init__(self, faults: Faults, port: int) -> None:
        """Begin to serve."""
        self.faults = faults
        self.port = port
        self.server = faults.platform.parts[NAME].server
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while not self._over.is_set():
            self.faults.serve(0.05)

    def end(self) -> None:
        """No more is served."""
        self._over.set()
        self._thread.join()

    def whole(self) -> bool:
        """Whether the process runs, and what is sent comes back."""
        try:
            with connect(self.port) as client:
                answered(client)
        except OSError:
            return False
        return self.server.alive()


@pytest.fixture
def running() -> Iterator[Running]:
    """All is whole."""
    listen, target = free_ports(2)
    with scratch_folder() as folder, echo(target):
        detours = {("one", "another", "echo"): Detour(listen=listen, target=target)}
        site = Site(platform=PLATFORM, root=ROOT, folder=folder, ports={}, secrets={}, detours=detours)
        server = Server(NAME, ["sleep", "600"], folder / "log", {"PATH": "/usr/bin:/bin"})
        part = Part(component=PLATFORM.component(NAME), server=server, ready=server.alive)
        platform = Platform(site=site, parts={NAME: part})
        platform.start(NAME)
        with (
            Proxies(detours).listening() as proxies,
            Faults(platform, proxies, folder / "faults").listening() as faults,
        ):
            made = Running(faults, listen)
            yield made
            made.end()
        platform.stop()


def test_cut(running: Running) -> None:
    """As long as the line is held."""
    with broken(running.faults.path, CUT, WAY), pytest.raises(OSError, match=RESET), connect(running.port) as client:
        answered(client)
    wait_for("the way is whole", SECONDS, running.whole)


def test_kill(running: Running) -> None:
    """It is down as long as the line is held, is not missed meanwhile, and is another process afterwards."""
    before = running.server.pid
    with broken(running.faults.path, KILL, NAME):
        assert not running.server.alive()
        running.faults.platform.check(running.faults.spared)
    wait_for("it runs again", SECONDS, running.whole)
    assert running.server.pid != before


@pytest.mark.parametrize(("kind", "name"), [(CUT, WAY), (KILL, NAME)])
def test_a_killed_breaker_leaves_nothing_broken(running: Running, kind: str, name: str) -> None:
    """SIGKILL in the middle, and all is whole within seconds."""
    line = [sys.executable, "-c", HOLDER, str(running.faults.path), kind, name]
    with subprocess.Popen(line, cwd=ROOT) as holder:
        wait_for("it is broken", SECONDS, lambda: running.faults.held)
        assert not running.whole()
        holder.kill()
    wait_for("it is whole", SECONDS, running.whole)
    assert running.faults.held == {}


@pytest.mark.parametrize(("kind", "name"), [(CUT, WAY), (KILL, NAME)])
def test_a_forgotten_fault_ends(running: Running, kind: str, name: str) -> None:
    """Also while its line is held, when its time is over."""
    running.faults.hold_seconds = 0.5
    with broken(running.faults.path, kind, name):
        wait_for("it is whole", SECONDS, running.whole)


def test_what_ends_while_it_comes_back_is_started_once_more(running: Running) -> None:
    """PostgreSQL does so; later on its end is an end."""
    with broken(running.faults.path, KILL, NAME):
        running.server.command = ["sh", "-c", "exit 1"]
    wait_for("it has ended", SECONDS, lambda: NAME in running.faults.coming_back)
    running.server.command = ["sleep", "600"]
    wait_for("it runs again", SECONDS, running.whole)


def test_wrong_requests_break_nothing(running: Running, tmp_path: Path) -> None:
    """An unknown name, another kind, what is broken already, and a line that nobody serves are refused with advice."""
    for kind, name in ((CUT, "nobody to another"), (KILL, "nobody"), ("burn", NAME)):
        with pytest.raises(InvalidInput, match="chatdb chaos list"), broken(running.faults.path, kind, name):
            pass
    with (
        broken(running.faults.path, CUT, WAY),
        pytest.raises(InvalidInput, match="chatdb chaos list"),
        broken(running.faults.path, CUT, WAY),
    ):
        pass
    wait_for("all is whole", SECONDS, running.whole)
    with pytest.raises(InvalidInput, match="local up --faults"), broken(tmp_path / "none", CUT, WAY):
        pass
