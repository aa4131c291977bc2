"""The harness itself: what is drawn again is the same, and a rule that fails or does not end is noticed."""

from collections.abc import Iterator

import pytest
from hypothesis import given

from constructs_lib.checks.model import Inputs, Rule
from constructs_lib.problem import Problem
from tests.fuzz import answers
from tests.fuzz.batches import Many, batches, first_alone
from tests.fuzz.conftest import Platforms
from tests.fuzz.lane import SEED, VARIABLE, drawn
from tests.fuzz.objects import Manifest


def draw() -> list[Manifest]:
    """The objects of one run."""
    found: list[Manifest] = []

    @drawn(2, 2)
    @given(batches(5))
    def note(batch: Many) -> None:
        found.extend(manifest for _, manifest in batch)

    note()
    return found


def test_same_examples_again() -> None:
    """The seed decides what is drawn."""
    first = draw()
    assert len(first) == 10
    assert draw() == first


def fails(_inputs: Inputs) -> Iterator[Problem]:
    """A rule with an exception."""
    raise KeyError("spec")


def hangs(_inputs: Inputs) -> Iterator[Problem]:
    """A rule that does not end, and handles every exception."""
    while True:
        try:
            sum(range(1000))
        except Exception:  # noqa: BLE001, S112 - as a rule might
            continue


def internal(_inputs: Inputs) -> Iterator[Problem]:
    """A rule that reports its own failure."""
    yield Problem("a", "b", "c")


@pytest.mark.parametrize(
    ("id_", "check", "words"),
    [("a", fails, "rule a: KeyError"), ("b", hangs, "TimeoutError"), (answers.INTERNAL, internal, "a: b; c")],
)
def test_failures_are_told(
    platforms: Platforms, monkeypatch: pytest.MonkeyPatch, id_: str, check: object, words: str
) -> None:
    """With the rule, the object and the command that draws it again."""
    monkeypatch.setattr(answers, "SECONDS", 0.2)
    with pytest.raises(AssertionError) as error:
        answers.findings(platforms.part, [Rule(id_, "a test", check, "", "")], {"kind": "drawn"})
    for part in (words, '{"kind": "drawn"}', f"{VARIABLE}={SEED} pytest 'tests/fuzz/test_lane.py::test_failures"):
        assert part in str(error.value)


def test_the_culprit_of_a_batch() -> None:
    """The one that fails alone; all where only their meeting fails."""
    assert first_alone([1, 2, 3], lambda batch: 2 in batch) == [2]
    assert first_alone([1, 2], lambda batch: len(batch) == 2) == [1, 2]
