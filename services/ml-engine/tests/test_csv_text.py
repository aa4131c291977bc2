"""CSV as people have it: read rightly, or refused with what was tried."""

import pytest
from people import csv, frame

from ml_engine.domain import BadData, Frame

HEADER = ["größe", "ort", "preis"]
ROWS = [[n, "Köln" if n % 2 else "Ulm", n * 3] for n in range(1, 41)]
TEXT = csv(HEADER, ROWS)


def assert_same(read: Frame, said: str) -> None:
    """The table is that of TEXT, and it is told how it was read."""
    assert list(read.order) == HEADER
    assert read.numbers["größe"].tolist() == [row[0] for row in ROWS]
    assert read.words["ort"].tolist() == [row[1] for row in ROWS]
    assert read.source.read_as == said


@pytest.mark.parametrize(
    ("encoding", "said"),
    [("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8"), ("utf-16", "UTF-16")],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("delimiter", "name"), [(",", "commas"), (";", "semicolons"), ("\t", "tabs"), ("|", "vertical bars")]
)
def test_encodings_delimiters_and_line_ends(encoding: str, said: str, end: str, delimiter: str, name: str) -> None:
    """Each with each."""
    text = csv(HEADER, ROWS, delimiter).replace("\n", end)
    assert_same(frame(text.encode(encoding)), f"CSV in {said} with {name} between columns")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_of_both_byte_orders(encoding: str) -> None:
    """By its byte order mark."""
    assert_same(frame(("\ufeff" + TEXT).encode(encoding)), "CSV in UTF-16 with commas between columns")


def test_decimal_comma() -> None:
    """With semicolons, points group thousands, also where a column leaves it open."""
    rows = [(f"{n}.500,25", f"{n}.000", n, f"{n},125") for n in range(1, 41)]
    read = frame(csv(["a", "b", "c", "d"], rows, ";").encode())
    assert {name: values[1].item() for name, values in read.numbers.items()} == {
        "a": 2500.25,
        "b": 2000,
        "c": 2,
        "d": 2.125,
    }
    assert {read.read[name].reading.decimal for name in read.order} == {","}


def test_decimal_point_in_a_file_with_semicolons() -> None:
    """Numbers that have a point and group nothing say so for all columns."""
    rows = [(f"{n}.25", f"{n},000", f"{n}.500") for n in range(1, 41)]
    read = frame(csv(["a", "b", "c"], rows, ";").encode())
    assert {name: values[1].item() for name, values in read.numbers.items()} == {"a": 2.25, "b": 2000, "c": 2.5}


def test_decimal_comma_in_quotes() -> None:
    """In a file with commas between columns, too."""
    rows = [(f"{n},5", f"{n},125", n) for n in range(1, 41)]
    read = frame(csv(["a", "b", "c"], rows).encode())
    assert {name: values[1].item() for name, values in read.numbers.items()} == {"a": 2.5, "b": 2.125, "c": 2}


def test_newlines_and_delimiters_in_quotes() -> None:
    """They are part of a word."""
    rows = "".join(f'{n},"north, or\nnot ""south""",{n * 2}\n' if n % 2 else f"{n},south,{n * 2}\n" for n in range(40))
    read = frame(f'a,"b\nc",d\n{rows}'.encode())
    assert list(read.order) == ["a", "b\nc", "d"]
    assert set(read.words["b\nc"]) == {"south", 'north, or\nnot "south"'}


def test_text_with_commas_in_a_file_with_tabs() -> None:
    """Both would make rows of one length."""
    read = frame(csv(["name, first", "age"], [(f"Doe, {n}", n) for n in range(40)], "\t").encode())
    assert list(read.order) == ["name, first", "age"]


def test_rows_so_long_that_the_first_block_cuts_one() -> None:
    """Without its end it has fewer columns than it has."""
    rows = "".join(f"Doe, {'x' * 50_000};{n}\n" for n in range(40))
    read = frame(f"name, first;age\n{rows}".encode())
    assert list(read.order) == ["name, first", "age"]


def test_one_column() -> None:
    """Has no delimiter."""
    assert list(frame(b"a\n1\n2\n").order) == ["a"]


@pytest.mark.parametrize(
    ("body", "reasons"),
    [
        (b"a,b\n1,x\n2\n", ["Expected 2 columns, got 1", "read as CSV in UTF-8 with commas between columns"]),
        (b"a;b\n1;x\n2\n", ["Expected 2 columns", "semicolons between columns", "commas, tabs, vertical bars"]),
        ("größe,b\n1,x\n".encode("latin-1"), ["can't decode byte", "CSV in UTF-8", "Save it as UTF-8"]),
        ("\ufeffa,b\n1,x\n".encode("utf-16-le")[:-1], ["truncated data", "CSV in UTF-16 with commas"]),
        (b"", ["Empty CSV file", "CSV in UTF-8"]),
        ("a,b\n1,x\n".encode("utf-16-le"), ["NUL characters", "UTF-16 without a byte order mark"]),
        (b"a" * 257 + b",b\n1,x\n", ["a column's name has 257 characters, and 256 are the most"]),
    ],
)
def test_what_can_not_be_read_is_told_with_what_was_tried(body: bytes, reasons: list[str]) -> None:
    """The encoding and the delimiter that fit best, and what to do."""
    with pytest.raises(BadData) as caught:
        frame(body)
    for reason in reasons:
        assert reason in str(caught.value)


def test_digest_is_of_all_bytes() -> None:
    """Whatever the format and the encoding; one byte more is other data."""
    digests = {frame(body).source.sha256 for body in (TEXT.encode(), TEXT.encode(), TEXT.encode() + b"\n")}
    assert len(digests) == 2
