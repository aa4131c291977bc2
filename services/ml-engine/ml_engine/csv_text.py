"""CSV as people have it: the encoding by its first bytes, the delimiter by what makes rows of one length."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import pyarrow as pa
import pyarrow.csv

from ml_engine.domain import BadData
from ml_engine.limits import MEBIBYTE, Limits
from ml_engine.reading import Mark

# A field that is longer than a block can't be read.
BLOCK_BYTES = MEBIBYTE
ENCODINGS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
"""By the byte order mark that a file begins with."""
DELIMITERS = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "vertical bars"}
SAMPLE_ROWS = 50


@dataclass(frozen=True)
class Dialect:
    """How a file is written."""

    encoding: str
    delimiter: str
    columns: int

    @property
    def mark(self) -> Mark:
        """The decimal mark, unless the file's numbers say otherwise: where a comma is one, columns need another."""
        return "," if self.delimiter == ";" else "."

    def __str__(self) -> str:
        """For a person."""
        return f"CSV in {self.encoding.removesuffix('-sig').upper()} with {DELIMITERS[self.delimiter]} between columns"


def sniff(head: bytes) -> Dialect:
    """The dialect of a file that begins so; BadData where its first line can't be read."""
    encoding = next((name for mark, name in ENCODINGS.items() if head.startswith(mark)), "utf-8")
    text = head.decode(encoding, errors="replace")
    samples = {delimiter: rows for delimiter in DELIMITERS if (rows := _sample(text, delimiter)) is not None}
    if not samples:
        raise BadData("the first line can't be read: a name is too long")
    best = max(samples, key=lambda delimiter: _fit(samples[delimiter], delimiter))
    header = next(iter(samples[best]), [])
    if any("\0" in name for name in header):
        raise BadData("the first line has NUL characters: the file is no text, or UTF-16 without a byte order mark")
    return Dialect(encoding, best, len(header))


def batches(body: io.BufferedIOBase, dialect: Dialect, limits: Limits) -> Iterator[pa.RecordBatch]:
    """The rows as text, some at a time."""
    # Arrow takes some KiB for each column, before it says how many there are.
    limits.refuse(columns=dialect.columns)
    reader = pyarrow.csv.open_csv(
        pa.PythonFile(body, mode="r"),
        # Arrow leaves out a byte order mark of UTF-8 by itself.
        read_options=pyarrow.csv.ReadOptions(
            block_size=BLOCK_BYTES, use_threads=False, encoding=dialect.encoding.removesuffix("-sig")
        ),
        parse_options=pyarrow.csv.ParseOptions(delimiter=dialect.delimiter, newlines_in_values=True),
        # Types are chosen when all rows are seen, not by the first block.
        convert_options=pyarrow.csv.ConvertOptions(default_column_type=pa.string(), strings_can_be_null=False),
    )
    yield from reader


def tried(dialect: Dialect) -> str:
    """For who has sent a file that can't be read."""
    others = ", ".join(name for delimiter, name in DELIMITERS.items() if delimiter != dialect.delimiter)
    return f"read as {dialect}; {others} do not fit better. Save it as UTF-8 with one delimiter and rows of one length"


def _sample(text: str, delimiter: str) -> list[list[str]] | None:
    """The first rows that are not empty, however they end; None where the first has a longer name than can be read."""
    rows: list[list[str]] = []
    try:
        rows.extend(islice(filter(None, csv.reader(io.StringIO(text, newline=None), delimiter=delimiter)), SAMPLE_ROWS))
    except csv.Error:
        return rows or None
    return rows


def _fit(rows: list[list[str]], delimiter: str) -> tuple[bool, int, bool]:
    """Rows of one length first, then more columns; a comma is more common in text than what else is a delimiter."""
    # The last one may be cut off.
    widths = set(map(len, rows[:-1] or rows))
    fits = len(widths) == 1 and widths != {1}
    return fits, len(rows[0]) if rows else 0, (delimiter == ",") != fits
