"""The same work by one, two and more pods of a service, in turns, and the CPU time that it takes of each component."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from pods import Pod, cpu_seconds, pods
from turns import Contender, Turn
from world import World

MILLISECONDS = 1000
ROUNDS = 3
REST_SECONDS = 5.0


@dataclass(kw_only=True, slots=True)
class Meter:
    """What was done, and the CPU seconds that each component spent on it; what comes between takes is left out.

    `idle` are the CPU seconds that a component takes in each second at rest.
    """

    watched: Mapping[str, Sequence[int]]
    idle: Mapping[str, float] = field(default_factory=dict)
    done: float = 0
    seconds: float = 0
    spent: dict[str, float] = field(default_factory=dict)

    def rest(self) -> None:
        """Learn what is spent on nothing: where work is slow, that is much of it."""
        before = self._spent()
        time.sleep(REST_SECONDS)
        self.idle = {name: (spent - before[name]) / REST_SECONDS for name, spent in self._spent().items()}

    def take(self, contender: Contender) -> None:
        """Let it do its work, and add that up."""
        before = self._spent()
        turn = contender()
        for name, spent in self._spent().items():
            own = spent - before[name] - self.idle.get(name, 0) * turn.seconds
            self.spent[name] = self.spent.get(name, 0) + own
        self.done += turn.done
        self.seconds += turn.seconds

    def _spent(self) -> Mapping[str, float]:
        return {name: cpu_seconds(pids) for name, pids in self.watched.items()}


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """So many pods of a service, or members of a group: their turns, and the CPU that a piece took of whom, in ms."""

    pods: int
    turns: Sequence[Turn]
    cpu: Mapping[str, float] = field(default_factory=dict)


Work = Callable[[Sequence[Pod], Meter], None]


def compared(world: World, name: str, counts: Sequence[int], work: Work, beside: Sequence[str] = ()) -> list[Case]:
    """The work by so many pods of the service, round by round; new pods are cold, so the work warms them up.

    The CPU time is that of the service, and of the components `beside` it.
    """
    taken: dict[int, list[Meter]] = {count: [] for count in counts}
    for _ in range(world.rounds(ROUNDS)):
        for count, meters in taken.items():
            with pods(world, name, count) as running:
                watched = {one: [world.platform.parts[one].server.pid] for one in beside}
                meter = Meter(watched={name: [pod.pid for pod in running], **watched})
                work(running, meter)
            meters.append(meter)
    return [_case(count, meters) for count, meters in taken.items()]


def _case(count: int, meters: Sequence[Meter]) -> Case:
    cpu = {
        name: median(MILLISECONDS * meter.spent[name] / meter.done for meter in meters) for name in meters[0].watched
    }
    return Case(pods=count, turns=[Turn(done=one.done, seconds=one.seconds) for one in meters], cpu=cpu)
