"""Runs rules, and fails with the rule, the object and the command to repeat it where one does not answer."""

import json
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from constructs_lib.checks.model import Finding, Inputs, Rule
from constructs_lib.checks.rules import RULES, run
from tests.fuzz.lane import repeat

SECONDS = 3
"""Of this process' own CPU, and not of the clock, for one rule: an ordinary run takes a hundredth of it."""
INTERNAL = "internal-error"
"""The id of the finding that a rule failed with an exception that nobody expected."""
PROGRAMS = ("schema", "files")
"""Rules that start a program: asked for many objects at once."""
OF_FILES = ("overlays",)
"""Rules about files, which no object changes."""
PURE = tuple(rule for rule in RULES if rule.id not in (*PROGRAMS, *OF_FILES))


def rule(id_: str) -> Rule:
    """The rule of that id."""
    return next(found for found in RULES if found.id == id_)


class _TooLong(BaseException):
    """Raised where the code is when its time is over; no handler of exceptions in there stops it."""


@contextmanager
def bounded(seconds: float) -> Iterator[None]:
    """TimeoutError where the block takes more CPU of this process."""

    def stop(_signal: int, _frame: Any) -> None:
        raise _TooLong

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    except _TooLong as error:
        raise TimeoutError(f"more than {seconds} s of CPU") from error
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def findings(inputs: Inputs, rules: Sequence[Rule], drawn: Any) -> list[Finding]:
    """What each rule finds by itself; AssertionError, from its cause, where one fails or takes too long."""
    found: list[Finding] = []
    for asked in rules:
        try:
            with bounded(SECONDS):
                answer = run(inputs, [asked])
        except Exception as error:
            raise AssertionError(f"rule {asked.id}: {type(error).__name__}: {error}\n{told(drawn)}") from error
        broken = [str(finding.problem) for finding in answer if finding.rule == INTERNAL]
        assert not broken, f"rule {asked.id}: {broken}\n{told(drawn)}"
        found += answer
    return found


def told(drawn: Any) -> str:
    """The example and how to draw it again."""
    return f"example: {json.dumps(drawn)}\nrepeat: {repeat()}"
