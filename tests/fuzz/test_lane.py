"""The harness itself: what is drawn again is the same, and a rule that fails or does not end is noticed."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import strategies as st

from constructs_lib.checks.model import Check, Inputs
from constructs_lib.problem import Problem
from tests.fuzz import answers
from tests.fuzz.conftest import Platforms
from tests.fuzz.kinds import kinds
from tests.fuzz.lane import SEED, VARIABLE, examples
from tests.fuzz.objects import Manifest, objects


def test_same_examples_again() -> None:
    """The seed decides what is drawn, and the simplest value of all is not among it."""
    strategy = st.sampled_from(kinds()).flatmap(objects)
    first = examples(strategy, 10, 10)
    assert len(first) == 10
    assert len({str(manifest) for manifest in first}) > 5
    assert examples(strategy, 10, 10) == first


def fails(inputs: Inputs) -> Iterator[Problem]:
    """A rule with an exception for one object."""
    for object_ in inputs.of("ConfigMap"):
        if object_.name == "bad":
            yield Problem("", object_.manifest["data"]["missing"], "")


def hangs(inputs: Inputs) -> Iterator[Problem]:
    """A rule that does not end for one object, and handles every exception."""
    while any(object_.name == "bad" for object_ in inputs.rendered):
        try:
            sum(range(1000))
        except Exception:  # noqa: BLE001, S112 - as a rule might
            continue
    yield from ()


@pytest.mark.parametrize(("check", "words"), [(fails, "KeyError"), (hangs, "TimeoutError")])
def test_culprits(platforms: Platforms, monkeypatch: pytest.MonkeyPatch, check: Check, words: str) -> None:
    """A failure names the object alone, without what it fails without, and the command that draws it again."""
    monkeypatch.setattr(answers, "SECONDS", 0.5)
    bad = {**config_map("bad"), "data": {"a": "b"}}
    with pytest.raises(AssertionError) as error:
        answers.findings(platforms.beside, [config_map("good"), bad], [replace(answers.rule("size"), check=check)])
    example = '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "bad"}}'
    for part in (words, f"example: {example}\n", f"{VARIABLE}={SEED} pytest 'tests/fuzz/test_lane.py::test_culprits"):
        assert part in str(error.value)
    assert "good" not in str(error.value)


def config_map(name: str) -> Manifest:
    """One that is valid."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}
