"""What no database can hold is refused, wherever it lies in a request; many values are looked at as fast as few."""

from enum import StrEnum
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chatdb_common import problems
from chatdb_common.problems import DEEPEST, _complaint, unstorable


class Word(StrEnum):
    """Text of a type of its own."""

    GOOD = "good"
    BAD = "a\0"


ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=3)
HOSTILE = st.sampled_from(["\0", "\ud800", "\udc00", float("nan"), float("inf"), -float("inf"), Word.BAD])
PLAIN = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text("ab\U0001f600")
)
LEAVES = PLAIN | HOSTILE | ANY_TEXT | st.just(10**400) | st.uuids() | st.sampled_from(Word)


def within(inner: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    """Whatever JSON nests, and tuples."""
    few = st.lists(inner, max_size=3)
    return few | few.map(tuple) | st.dictionaries(ANY_TEXT | PLAIN, inner, max_size=3)


def nested(value: object, depth: int) -> object:
    """The value so many lists and mappings deep."""
    for number in range(depth):
        value = [value] if number % 2 else {"a": value}
    return value


@pytest.mark.parametrize("value", ["a\0", "\ud800", float("inf"), {"a\0": 1}, {"a": [{"b": float("nan")}]}])
def test_unstorable(value: object) -> None:
    """What no database can hold is named, however deep it lies."""
    assert unstorable(value)


@given(st.recursive(st.none() | st.booleans() | st.integers(), lambda inner: st.dictionaries(st.just("a"), inner)))
def test_storable(value: object) -> None:
    """Everything else passes."""
    assert unstorable(value) is None


@given(st.recursive(LEAVES, within, max_leaves=12), st.sampled_from([0, 0, 0, DEEPEST - 2, DEEPEST - 1, DEEPEST, 40]))
@example(("\0",), 0)
@example([Word.BAD], 0)
@example([{1: "\ud800"}], 0)
def test_all_at_once_is_as_one_by_one(value: object, depth: int) -> None:
    """The same complaint, in the same words, or none."""
    assert unstorable(nested(value, depth)) == _complaint(nested(value, depth), 0)


@given(st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(PLAIN, inner, max_size=3)))
def test_plain_values_are_not_looked_at_one_by_one(value: object) -> None:
    """That would take longer than all else that is done with a request."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(problems, "_complaint", lambda *_: pytest.fail("each value is looked at"))
        assert unstorable(value) is None


@pytest.mark.parametrize(("depth", "complaint"), [(DEEPEST, None), (DEEPEST + 1, "is nested more than 32 deep")])
def test_depth_is_bounded(depth: int, complaint: str | None) -> None:
    """The deepest that is allowed passes, one more does not; an empty list is a value, too."""
    assert unstorable(nested(1, depth)) == complaint
    assert unstorable(nested([], depth)) == complaint


def test_other_types_are_left_to_their_own_checks() -> None:
    """What JSON has no word for is text elsewhere."""
    assert unstorable([UUID(int=0), Word.GOOD]) is None
