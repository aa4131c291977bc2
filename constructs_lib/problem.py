"""How everything in here says that something is wrong: where, what, and how to fix it."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One defect of an input; `where` names the file and the entry."""

    where: str
    what: str
    fix: str

    def __str__(self) -> str:
        """One line for a terminal or a log."""
        return " ".join(f"{self.where}: {self.what}; {self.fix}".split())


class InvalidInput(Exception):
    """Everything that is wrong with an input, at once."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        """The message has one line per problem."""
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))
