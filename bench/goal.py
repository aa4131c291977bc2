"""One figure, and what it should be: the same for the generator's speed and for the services'."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

Results = TypeVar("Results")


@dataclass(frozen=True, kw_only=True, slots=True)
class Goal(Generic[Results]):
    """A figure, and what it should be; `figure` gives None where that was not measured.

    `below` is a limit that has to be undercut, `limit` one that may be met, `least` one that has to be reached; without
    any the figure is for information.
    """

    what: str
    figure: Callable[[Results], float | None]
    unit: str = ""
    limit: float | None = None
    below: float | None = None
    least: float | None = None

    @property
    def wanted(self) -> str:
        """The goal in words."""
        bounds = (("at most", self.limit), ("below", self.below), ("at least", self.least))
        return " and ".join(f"{word} {bound:g}{self.unit}" for word, bound in bounds if bound is not None)

    def verdict(self, value: float) -> str:
        """`met` or `missed`; nothing where there is no goal."""
        if not self.wanted:
            return ""
        kept = (
            self.limit is None or value <= self.limit,
            self.below is None or value < self.below,
            self.least is None or value >= self.least,
        )
        return "met" if all(kept) else "missed"
