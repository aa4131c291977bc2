"""Runs rules over many objects; where one fails, names the objects that make it fail, as small as can be."""

import json
import signal
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from constructs_lib.checks.model import Finding, Inputs, Rule
from constructs_lib.checks.rules import RULES, run
from tests.fuzz.changes import KEPT, paths, without
from tests.fuzz.lane import repeat
from tests.fuzz.objects import Manifest

SECONDS = 10
"""Of this process' own CPU, and not of the clock: an ordinary run takes a twentieth of it."""
INTERNAL = "internal-error"
"""The id of the finding that a rule failed with an exception that nobody expected."""
ALL_BUT_FILES = tuple(rule for rule in RULES if rule.id not in ("overlays", "files"))
"""No object changes what 'overlays' reads; 'files' starts a program for each file."""
GENERATOR = "/constructs_lib/"
MOST_TOLD = 2
MOST_RUNS = 25
"""Of one object that is being made smaller."""


def rule(id_: str) -> Rule:
    """The rule of that id."""
    return next(one for one in RULES if one.id == id_)


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


def answer(inputs: Inputs, rules: Sequence[Rule]) -> tuple[list[Finding], str]:
    """What the rules find, and how they fail: with an exception, a finding of their own failure, or by the time."""
    try:
        with bounded(SECONDS):
            results = run(inputs, rules)
    except Exception as error:  # noqa: BLE001 - every exception is a failure, InvalidInput, too: it hides all findings
        return [], _words(error)
    return results, "; ".join(str(finding.problem) for finding in results if finding.rule == INTERNAL)


def _words(error: Exception) -> str:
    """The exception, and the innermost place in the generator that it came from."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if GENERATOR in frame.filename]
    place = f" at {own[-1].filename.rpartition(GENERATOR)[2]}:{own[-1].lineno}" if own else ""
    return f"{type(error).__name__}{place}: {error}"


Place = Callable[[Sequence[Manifest]], Inputs]
"""Puts objects among those of a platform."""


def findings(place: Place, manifests: Sequence[Manifest], rules: Sequence[Rule]) -> list[Finding]:
    """What the rules find; AssertionError with the objects that make a rule fail."""
    results, failure = answer(place(manifests), rules)
    if failure:
        raise AssertionError("\n".join(_culprits(place, manifests, rules)) or f"{failure}\n{told(manifests)}")
    return results


def _culprits(place: Place, manifests: Sequence[Manifest], rules: Sequence[Rule]) -> Iterator[str]:
    """The first objects that make a rule fail by themselves, each with how."""
    number = 0
    for manifest in manifests:
        if answer(place([manifest]), rules)[1]:
            small = smaller(manifest, lambda candidate: bool(answer(place([candidate]), rules)[1]))
            yield f"{answer(place([small]), rules)[1]}\n{told(small)}"
            number += 1
        if number == MOST_TOLD:
            return


def smaller(manifest: Manifest, fails: Callable[[Manifest], bool]) -> Manifest:
    """The object without the parts that it fails without, largest parts first; what Kustomize asks for stays."""
    runs, smallest = 0, manifest
    places = [place for place in paths(manifest) if place and place not in KEPT]
    for place in sorted(places, key=len):
        less = without(smallest, place)
        if less is not None and runs < MOST_RUNS:
            runs += 1
            smallest = less if fails(less) else smallest
    return smallest


def told(drawn: Any) -> str:
    """The example and how to draw it again."""
    return f"example: {json.dumps(drawn)}\nrepeat: {repeat()}"
