"""What a job says of each column: what it was used as, why, how it was read; and how an instance's value is read."""

import io
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from people import columns, csv, prepared

from chatdb_common.columns import Column, Reading
from ml_engine.domain import BadData
from ml_engine.instances import BadInstance, arrays
from ml_engine.preparation import Examples

ROWS = 60
NUMBER = Reading(kind="number", decimal=".")
Cell = Callable[[int], object]


def with_column(name: str, cell: Cell, target: Cell = lambda n: "yes" if n % 3 else "no") -> bytes:
    """A data set with this column, one that teaches, and a target."""
    return csv([name, "size", "large"], [(cell(n), n % 7, target(n)) for n in range(ROWS)]).encode()


def report(name: str, cell: Cell, target: Cell = lambda n: "yes" if n % 3 else "no") -> Column:
    """What is said of the column."""
    return columns(prepared(with_column(name, cell, target)))[name]


def code(n: int) -> str:
    """A postal code."""
    return f"0{1200 + n % 5}"


def day(n: int) -> str:
    """A date of German form, as late as the 28th."""
    return f"{n % 28 + 1:02}.{n % 12 + 1:02}.2026"


@pytest.mark.parametrize(
    ("cell", "reading", "why"),
    [
        (lambda n: n * 0.5, NUMBER, "numbers"),
        (lambda n: f"{n + 1},345", NUMBER, "numbers with thousands separators"),
        (lambda n: f"{n + 1},345.5" if n else "7", NUMBER, "numbers with thousands separators"),
        (lambda n: f"{n + 1} 345", NUMBER, "numbers with thousands separators"),
        (lambda n: f"{n}%", Reading(kind="percent", decimal="."), "percentages (12% is 12)"),
        (lambda n: f"{n},5 %", Reading(kind="percent", decimal=","), "percentages (12% is 12) with a decimal comma"),
        (lambda n: f"0,{n + 1}", Reading(kind="number", decimal=","), "numbers with a decimal comma"),
        (lambda n: f"0,{n:03}", Reading(kind="number", decimal=","), "numbers with a decimal comma"),
        (code, Reading(kind="code"), "codes with leading zeros"),
        (lambda n: "true" if n % 2 else "FALSE", Reading(kind="truth"), "true/false words"),
        (lambda n: "Yes" if n % 5 else "no", Reading(kind="truth"), "true/false words"),
        (lambda n: "north" if n % 2 else "south", Reading(kind="word"), "words"),
        (
            day,
            Reading(kind="date", order="day-month-year"),
            "dates (day-month-year), as days since 1970, month, day of the month, day of the week",
        ),
        (
            lambda n: f"2026-01-{n % 28 + 1:02}T{n % 24:02}:30:00Z",
            Reading(kind="date", order="year-month-day", time=True),
            "dates (year-month-day), as days since 1970, month, day of the month, day of the week, hour",
        ),
        (lambda n: f"{n % 12 + 1}/{n % 28 + 1}/2026", Reading(kind="date", order="month-day-year"), None),
        (lambda n: f"{n % 28 + 1}/{n % 12 + 1}/2026", Reading(kind="date", order="day-month-year"), None),
        (
            lambda n: f"{n % 12 + 1}/1/2026",
            Reading(kind="word"),
            "dates in which day and month can't be told apart (write 2026-01-31)",
        ),
    ],
)
def test_column_that_is_used(cell: Cell, reading: Reading, why: str | None) -> None:
    """As a number, a word or a date, in whatever way it is written; a value that is missing changes nothing."""
    for written in (cell, lambda n: "" if n == 7 else cell(n)):
        column = report("a", written)
        assert column.reading == reading
        assert column.role == {"percent": "number", "code": "word", "truth": "word"}.get(reading.kind, reading.kind)
        assert why in (None, column.why)


@pytest.mark.parametrize(
    ("name", "cell", "why"),
    [
        ("id", lambda n: n, "looks like an identifier: named like one, with 60 different whole numbers in 60 rows"),
        ("customerID", lambda n: n * 7919 % 1009, "looks like an identifier: named like one"),
        ("Unnamed: 0", lambda n: n, "looks like an identifier: named like one"),
        ("mail", lambda n: f"user{n}@example.org", "looks like an identifier: every row has another word"),
        ("a", lambda _: 7, "constant: every value is the same"),
        ("a", lambda _: "x", "constant: every value is the same"),
        ("a", lambda _: "2026-01-31", "constant: every value is the same"),
        ("a", lambda n: 7 if n % 2 else "", "constant: every value is the same"),
        ("a", lambda _: "", "empty: no row that has a target has a value"),
        ("a", lambda _: "n/a", "empty: no row that has a target has a value"),
        ("a", lambda n: "yes" if n % 3 else "no", "a copy of the target"),
        ("a", lambda n: "YES" if n % 3 else "No", "a copy of the target"),
        ("a", lambda n: n % 3 > 0, "a copy of the target"),
        ("a", lambda n: int(n % 3 > 0), "a copy of the target"),
    ],
)
def test_column_that_is_ignored(name: str, cell: Cell, why: str) -> None:
    """With the reason, and not read at all; the others are learned from."""
    examples = prepared(with_column(name, cell))
    column = columns(examples)[name]
    assert (column.role, column.reading) == ("ignored", None)
    assert column.why.startswith(why), column
    assert examples.features.shape == (ROWS, 1)


def test_words_that_are_too_many() -> None:
    """They are counted."""
    rows = [(f"word {n % 150}", n % 7, n % 2) for n in range(300)]
    column = columns(prepared(csv(["a", "b", "c"], rows).encode()))["a"]
    assert (column.role, column.why) == ("ignored", "too many different words: 150, and 100 are the most")


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("a", lambda n: n),
        ("id", lambda n: n % 5),
        ("id", lambda n: n + 0.5),
        ("paid", lambda n: n),
        ("number_of_rooms", lambda n: n),
    ],
)
def test_number_that_is_no_identifier(name: str, cell: Cell) -> None:
    """Numbers in order teach a trend, and a name alone says nothing."""
    assert report(name, cell).role == "number"


def test_words_are_compared_in_small_letters() -> None:
    """With the target's, in all rows: the first ones may agree by chance."""
    for last, role in (("NORTH", "ignored"), ("south", "word")):
        rows = [("North" if n % 2 else "south", n % 7, "north" if n % 2 else "South") for n in range(99)]
        rows.append((last, 1, "north"))
        assert columns(prepared(csv(["a", "size", "town"], rows).encode()))["a"].role == role


def test_numbers_that_are_the_target_are_its_copy() -> None:
    """Also written otherwise, and read as the same numbers."""
    rows = [(f"{n * 1000:,}", n % 7, n * 1000) for n in range(ROWS)]
    report = columns(prepared(csv(["price in euros", "size", "price"], rows).encode()))
    assert [column.role for column in report.values()] == ["ignored", "number", "target"]
    assert report["price in euros"].why == "a copy of the target"
    assert report["price"].why == "regression: its whole numbers are many, or come rarely"


@pytest.mark.parametrize(
    ("cell", "values"),
    [
        (lambda n: f"{n + 1},000", [1000, 2000]),
        (lambda n: f"{n}.5%", [0.5, 1.5]),
    ],
)
def test_target_is_read_as_a_feature_is(cell: Cell, values: list[float]) -> None:
    """Its numbers are a regression."""
    examples = prepared(with_column("a", lambda n: n % 5, cell))
    assert examples.target[:2].tolist() == values


def test_classes_are_predicted_as_they_are_written() -> None:
    """Codes keep their zeros, and yes stays yes."""
    for cell in (code, lambda n: "Yes" if n % 2 else "No"):
        examples = prepared(with_column("a", lambda n: n % 5, cell))
        assert examples.target[:2].tolist() == [cell(0), cell(1)]
        assert columns(examples)["large"] == Column(
            name="large",
            role="target",
            why="classification: its words are classes",
            reading=Reading(kind="word"),
        )


def test_nothing_to_learn_from_is_told_with_the_reasons() -> None:
    """The first ones."""
    with pytest.raises(BadData, match="no column is left to learn from; 'id' is ignored: looks like an identifier"):
        prepared(csv(["id", "a"], [(n, n % 2) for n in range(ROWS)]).encode())


def parquet(cells: list[Any]) -> Examples:
    """A data set of which the first column has these."""
    sink = io.BytesIO()
    other = {"size": [n % 7 for n in range(len(cells))], "large": [n % 2 for n in range(len(cells))]}
    pyarrow.parquet.write_table(pa.table({"a": cells} | other), sink)
    return prepared(sink.getvalue(), key="set.parquet")


def test_types_of_parquet_are_read_as_text_is() -> None:
    """Dates have parts, with an hour where there is one, and truths are words."""
    days = np.arange("2026-01-01", "2026-03-01", dtype="datetime64[D]")
    examples = parquet(days.tolist())
    assert columns(examples)["a"].reading == Reading(kind="date", order="year-month-day")
    assert examples.features[0].tolist() == [20454, 1, 1, 3, 0]
    timed = parquet((days.astype("datetime64[us]") + np.timedelta64(90, "m")).tolist())
    assert timed.features[0].tolist() == [20454, 1, 1, 3, 1.5, 0]
    assert columns(parquet([n % 3 == 0 for n in range(ROWS)]))["a"].reading == Reading(kind="truth")
    assert columns(parquet([f"0{n % 5}" for n in range(ROWS)]))["a"].reading == Reading(kind="code")


def given(cell: Cell, values: Sequence[object]) -> list[Any]:
    """What a model is given of these values of a column."""
    examples = prepared(with_column("a", cell))
    numbers, words = arrays(examples.signature, [{"a": value, "size": 1} for value in values])
    return words[:, 0].tolist() if examples.signature.words else numbers[:, :-1].tolist()


@pytest.mark.parametrize(
    ("cell", "values", "expected"),
    [
        (lambda n: f"{n + 1},345", ["12,345", 12345, "12345", " 1,000.5 "], [[12345], [12345], [12345], [1000.5]]),
        (lambda n: f"{n},5%", ["12,5%", 12.5, "12,5 %", "1.000"], [[12.5], [12.5], [12.5], [1000]]),
        (code, ["01200", " 01234 ", None], ["01200", "01234", ""]),
        (
            lambda n: "yes" if n % 2 else "no",
            ["Yes", True, "FALSE", "n", "maybe"],
            [*["true"] * 2, *["false"] * 2, "maybe"],
        ),
        (
            lambda n: "north" if n % 2 else "south",
            ["north ", None, "", "NA", 7, False],
            ["north", "", "", "", "7", "false"],
        ),
        (day, ["31.1.2026", "01.02.2026 17:00"], [[20484, 1, 31, 5], [20485, 2, 1, 6]]),
        (day, ["31.12.1969", "29.02.2024"], [[-1, 12, 31, 2], [19782, 2, 29, 3]]),
    ],
)
def test_instances_are_read_as_the_data_set_was(cell: Cell, values: list[object], expected: list[Any]) -> None:
    """Text as there, and what JSON has of its own."""
    assert given(cell, values) == expected


def test_numbers_and_dates_may_be_missing() -> None:
    """As in the data set; and a number that is not finite is missing in both."""
    assert np.isnan(given(day, [None, "", "null"])).all()
    assert np.isnan(given(lambda n: n, [None, "", "NaN", "inf"])).all()


@pytest.mark.parametrize(
    ("cell", "value", "message"),
    [
        (lambda n: n, "twelve", "has to be a number or null"),
        (lambda n: n, "12%", "has to be a number or null"),
        (lambda n: n, "1e300", "is too large: 3.4e+38 is the largest number"),
        (day, "2026-01-31", "has to be a date (day-month-year) or null"),
        (day, "31.02.2026", "has to be a date (day-month-year) or null"),
        (day, 20260131, "has to be a date (day-month-year) or null"),
        (code, 1200, "has to be text with the code's leading zeros or null"),
    ],
)
def test_value_that_the_column_does_not_have(cell: Cell, value: object, message: str) -> None:
    """It is refused, never guessed."""
    with pytest.raises(BadInstance) as caught:
        given(cell, [cell(1), value])
    assert (caught.value.field, caught.value.message) == ("instances.1.a", message)


def test_row_of_the_data_set_is_an_instance() -> None:
    """With the columns that were ignored, which may be left out; the target has to be."""
    signature = prepared(with_column("id", lambda n: n)).signature
    for row in ({"size": 3}, {"size": 3, "id": 5}, {"size": 3, "id": "anything"}):
        assert arrays(signature, [row])[0].tolist() == [[3]]
    with pytest.raises(BadInstance, match="is what this model predicts: leave it out"):
        arrays(signature, [{"size": 3, "large": "yes"}])
