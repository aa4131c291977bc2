"""Several processes of one service, as a Deployment has pods, and the CPU time that processes take."""

import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from supervise import descendants
from world import World

from chatdb.local.processes import Server, free_ports, wait_for
from chatdb.local.site import HOST

START_SECONDS = 60
USER_TIME, LAST_TIME = 11, 15
"""Fields of /proc/<pid>/stat behind the name: own user and system time, and those of children that have ended."""


@dataclass(frozen=True, slots=True)
class Pod:
    """A process of a service that is ready, and where it answers."""

    address: str
    pid: int


@contextmanager
def pods(world: World, name: str, count: int) -> Iterator[list[Pod]]:
    """So many of the service; the platform's own is the first, and stays."""
    with ExitStack() as stack:
        more = [stack.enter_context(_another(world, name, number)) for number in range(2, count + 1)]
        yield [Pod(world.address(name), world.platform.parts[name].server.pid), *more]


@contextmanager
def _another(world: World, name: str, number: int) -> Iterator[Pod]:
    part = world.platform.parts[name]
    (port,) = free_ports(1)
    address = f"{HOST}:{port}"
    log = part.server.log.with_name(f"log-{number}")
    server = Server(f"{name}-{number}", part.server.command, log, part.server.env_vars | {"PORT": str(port)})
    server.start()
    try:
        wait_for(f"{server.name} is ready", START_SECONDS, lambda: _ready(address))
        yield Pod(address, server.pid)
    finally:
        server.ask()
        server.stop(part.component.grace_period)


def _ready(address: str) -> bool:
    try:
        with urlopen(f"http://{address}/ready", timeout=1) as answer:
            return bool(answer.status == 200)  # noqa: PLR2004
    except (URLError, OSError):
        return False


def cpu_seconds(pids: Iterable[int]) -> float:
    """CPU time of the processes, and of all that they have started, also of what has ended by now."""
    ticks = sum(_ticks(one) for pid in pids for one in (pid, *descendants(pid)))
    return ticks / os.sysconf("SC_CLK_TCK")


def _ticks(pid: int) -> int:
    """0 for a process that has just gone: its parent has them by then."""
    try:
        line = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return 0
    return sum(int(field) for field in line.rpartition(")")[2].split()[USER_TIME:LAST_TIME])
