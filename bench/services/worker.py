"""A contender as a process of its own: it is told once what to do, and each line that it then reads is a turn.

Its clients are threads. Nothing of the driver's own work is in the figures, and it ends when its driver is gone.
"""

import json
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from turns import Turn

Act = Callable[[], object]
MILLISECONDS = 1000


def serve(make: Callable[[Mapping[str, Any]], Callable[[], Turn]]) -> None:
    """Read what to do, then take a turn for each line, and print it."""
    take = make(json.loads(sys.stdin.readline()))
    print("ready", flush=True)
    for _ in sys.stdin:
        print(json.dumps(asdict(take())), flush=True)


def timed(clients: Sequence[Callable[[int], object]], count: int) -> Turn:
    """Let the clients do `count` pieces between them, each the next one that nobody has; an error ends the turn."""
    numbers = iter(range(count))
    times: list[float] = []
    failures: list[BaseException] = []

    def run(act: Callable[[int], object]) -> None:
        # next() of a range is one step for all threads.
        for number in numbers:
            begin = time.perf_counter()
            try:
                act(number)
            except Exception as error:  # noqa: BLE001 - it is raised again below
                failures.append(error)
                return
            times.append((time.perf_counter() - begin) * MILLISECONDS)

    threads = [threading.Thread(target=run, args=(client,)) for client in clients]
    begin = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - begin
    if failures:
        raise failures[0]
    return Turn(done=count, seconds=seconds, times=times)
