"""What a contender took, turn by turn, and how two compare: both of a pair ran next to each other."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median, quantiles

HUNDRED = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """How much was done within how many seconds, and how many milliseconds each piece of it took."""

    done: float
    seconds: float
    times: Sequence[float] = ()

    @property
    def rate(self) -> float:
        """How much was done in a second."""
        return self.done / self.seconds

    @property
    def p50(self) -> float:
        """Milliseconds: half of the pieces took less."""
        return percentile(self.times, 50)

    @property
    def p99(self) -> float:
        """Milliseconds: all but one in a hundred pieces took less."""
        return percentile(self.times, 99)


Turns = Sequence[Turn]
Results = Mapping[str, Turns]
"""By contender."""
Contender = Callable[[], Turn]


def percentile(times: Sequence[float], percent: int) -> float:
    """The value below which that percentage of the times lies; of one time it is that time."""
    if len(times) == 1:
        return times[0]
    return quantiles(times, n=HUNDRED, method="inclusive")[percent - 1]


def middle(turns: Turns, figure: str) -> float:
    """The median of the turns' figures of that name."""
    return median(getattr(turn, figure) for turn in turns)


def ratio(ours: Turns, theirs: Turns, figure: str) -> float:
    """The median of the ratios round by round."""
    return median(getattr(one, figure) / getattr(other, figure) for one, other in zip(ours, theirs, strict=True))


def alternate(contenders: Mapping[str, Contender], rounds: int) -> dict[str, list[Turn]]:
    """Each once to warm up, then `rounds` times all of them in turns."""
    for take in contenders.values():
        take()
    turns: dict[str, list[Turn]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, take in contenders.items():
            turns[name].append(take())
    return turns
