"""Instances become arrays column by column; what is refused, and in which words, is as if each cell were looked at."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chatdb_common.columns import Column, Reading
from ml_engine.domain import LARGEST
from ml_engine.instances import BadInstance, arrays, cell_by_cell
from ml_engine.signature import Signature, plain

Row = dict[str, Any]
COLUMNS = ("size", "rooms", "town", "kind")
MODEL = Signature(list(plain(["size", "rooms"], ["town", "kind"])), "price", "regression")
SIGNATURES = (
    MODEL,
    Signature(list(plain(["size"], [])), "price", "regression"),
    Signature(list(plain([], ["town"])), "price", "regression"),
    # Anybody can register a version, with any signature.
    Signature(list(plain([], [])), "price", "regression"),
    Signature(list(plain(["size", "size"], ["size", "town"])), "price", "regression"),
    Signature(
        [
            Column(name="size", role="number", reading=Reading(kind="percent", decimal=",")),
            Column(name="rooms", role="date", reading=Reading(kind="date", order="day-month-year", time=True)),
            Column(name="town", role="word", reading=Reading(kind="code")),
            Column(name="kind", role="word", reading=Reading(kind="truth")),
            Column(name="colour", role="ignored"),
        ],
        "price",
        "regression",
    ),
)
LIMITS = [LARGEST, -LARGEST, int(LARGEST), int(LARGEST) + 1, -int(LARGEST) - 1, LARGEST * 1.0000001, 2**53 + 1, 10**400]
GOOD_NUMBERS = st.none() | st.integers(-(10**20), 10**20) | st.floats(-1e38, 1e38)
GOOD_WORDS = st.none() | st.booleans() | st.integers() | st.floats() | st.text("aB \n\u00a0\U0001f600", max_size=3)
WRITTEN = st.sampled_from(["1,5", "1.234,5 %", "12%", "1.5", "31.12.2026", "1.2.2026 10:30", "Yes", "NA", "007", "inf"])
HOSTILE = st.sampled_from([*LIMITS, "\ud800", "\0", [], [1], {"a": 1}, True]) | st.floats() | st.integers()
CELLS = GOOD_NUMBERS | GOOD_WORDS | WRITTEN | HOSTILE


def row(numbers: st.SearchStrategy[Any], words: st.SearchStrategy[Any]) -> st.SearchStrategy[Row]:
    """All columns of MODEL."""
    return st.fixed_dictionaries({"size": numbers, "rooms": numbers, "town": words, "kind": words})


GOOD = st.lists(row(GOOD_NUMBERS, GOOD_WORDS), min_size=1, max_size=6)
ROWS = row(GOOD_NUMBERS, GOOD_WORDS) | row(WRITTEN, WRITTEN) | row(CELLS, CELLS)
ANY = st.lists(ROWS | st.dictionaries(st.sampled_from([*COLUMNS, "colour"]), CELLS), max_size=6)


def outcome(read: Callable[..., Any], signature: Signature, instances: Sequence[Row]) -> object:
    """What a model would be given, bit by bit, or the refusal."""
    try:
        numbers, words = read(signature, instances)
    except BadInstance as error:
        return error.field, error.message
    return numbers.dtype, numbers.shape, numbers.tobytes(), words.dtype, words.shape, words.tolist()


@given(ANY | GOOD, st.sampled_from(SIGNATURES))
@example([{"size": 10**400}], SIGNATURES[1])
@example([{"size": -int(LARGEST) - 1}], SIGNATURES[1])
@example([{"size": 1, "rooms": 2, "town": "a", "kind": []}], MODEL)
@example([{"size": 1}, {"size": True}], SIGNATURES[1])
@example([{"size": int(LARGEST)}, {"size": int(LARGEST) + 1}], SIGNATURES[1])
@example([{"size": 2**54 + 2**30 + 1}], SIGNATURES[1])
@example([{"size": 1}, {"size": 1, "colour": "red"}], SIGNATURES[1])
@example([{"town": "a"}, {"town": True}, {"town": 1.0}, {"town": None}, {"town": " b "}], SIGNATURES[2])
@example([{"town": " b "}, {"town": "\u00a0"}], SIGNATURES[2])
@example([{"size": "1,5%", "rooms": "1.2.2026 10:30", "town": "007", "kind": "Yes", "colour": []}], SIGNATURES[-1])
@example([{"size": 1, "rooms": None, "town": 7, "kind": True}], SIGNATURES[-1])
def test_columns_are_read_as_cells_are(instances: list[Row], signature: Signature) -> None:
    """The same arrays to the last bit, or the same refusal of the same field."""
    assert outcome(arrays, signature, instances) == outcome(cell_by_cell, signature, instances)


@given(GOOD)
def test_good_instances_need_no_second_look(instances: list[Row]) -> None:
    """Cell by cell takes several times as long as a model does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ml_engine.instances.cell_by_cell", lambda *_: pytest.fail("each cell is looked at"))
        arrays(MODEL, instances)


@pytest.mark.parametrize(
    ("instances", "field", "message"),
    [
        ([{"size": True}, {}], "instances.1.size", "is missing: null says that there is none"),
        ([{"size": 1, "b": 1, "a": 1}], "instances.0.a", "is no column of this model"),
        ([{"size": 1}, {"size": True}, {"size": 10**400}], "instances.1.size", "has to be a number or null"),
        ([{"size": -(10**400)}, {"size": "x"}], "instances.0.size", "is too large: 3.4e+38 is the largest number"),
    ],
)
def test_first_bad_cell_is_named(instances: list[Row], field: str, message: str) -> None:
    """Columns that are missing or too many first, then the first cell by row."""
    with pytest.raises(BadInstance) as caught:
        arrays(SIGNATURES[1], instances)
    assert (caught.value.field, caught.value.message) == (field, message)


def test_numbers_are_refused_before_words() -> None:
    """In whichever row they are."""
    good, bad = {"size": 1, "rooms": 1, "town": "a", "kind": "b"}, {"size": 1, "rooms": "x", "town": "a", "kind": "b"}
    with pytest.raises(BadInstance, match=r"^instances\.1\.rooms: has to be a number or null$"):
        arrays(MODEL, [good | {"town": []}, bad])
    with pytest.raises(BadInstance, match=r"^instances\.1\.town: has to be a word or null$"):
        arrays(MODEL, [good, good | {"town": []}])


def test_what_a_model_is_given() -> None:
    """float32 with NaN for null; words without blanks around them, "" for null, and in small letters what is true."""
    numbers, words = arrays(MODEL, [{"size": 1, "rooms": None, "town": " north\n", "kind": True}])
    assert (numbers.dtype, numbers[0, 0]) == (np.float32, 1)
    assert np.isnan(numbers[0, 1])
    assert words.tolist() == [["north", "true"]]
    assert arrays(MODEL, [{"size": 1, "rooms": 2, "town": 3, "kind": None}])[1].tolist() == [["3", ""]]
