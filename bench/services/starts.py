"""From a service's process to its first /ready with 200: what it needs is up, and its files are in the cache."""

import time
from collections.abc import Mapping, Sequence

from turns import Turn
from world import World

from chatdb.local.parts import Part

ROUNDS = 5
POLL = 0.01
MOST_SECONDS = 120


def starts(world: World) -> Mapping[str, Sequence[Turn]]:
    """The turns by service; each is ended as by a crash, and nothing else is going on meanwhile."""
    platform = world.platform
    services = [name for name in platform.parts if platform.is_service(name)]
    return {name: [_start(platform.parts[name]) for _ in range(world.rounds(ROUNDS))] for name in services}


def _start(part: Part) -> Turn:
    part.server.kill()
    begin = time.perf_counter()
    part.server.start()
    while not part.is_ready():
        if time.perf_counter() - begin > MOST_SECONDS:
            raise TimeoutError(f"{part.component.name} is not ready after {MOST_SECONDS} s")
        time.sleep(POLL)
    return Turn(done=1, seconds=time.perf_counter() - begin)
