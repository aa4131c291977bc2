"""Data sets in S3: read as a stream, and refused when they are too large or no table."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet
from numpy.typing import NDArray

from chatdb_common import object_store
from ml_engine.domain import BadData, Frame, Words

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MEBIBYTE = 1024 * 1024
MOST_BYTES = 128 * MEBIBYTE
MOST_ROWS = 200_000
MOST_COLUMNS = 200
# Of a table in memory; what becomes features is limited by training.
MOST_TABLE_BYTES = 2 * MOST_BYTES
MOST_CELLS = 8_000_000
# A field that is longer than a block can't be read.
BLOCK_BYTES = MEBIBYTE
LOCATION = re.compile(r"^s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/([^\r\n]+)$")
MISSING = ("", "na", "n/a", "nan", "null", "none", "?")
TOO_MANY_ROWS = f"the data set has more than {MOST_ROWS} rows"
TOO_LARGE = f"the data set takes more than {MOST_TABLE_BYTES} bytes of memory"
Check = Callable[[], None]


def read(client: "S3Client", location: str, check: Check) -> Frame:
    """The data set; `check` is called between blocks, and may raise. BadData where it can't be read."""
    place = LOCATION.fullmatch(location)
    if place is None:
        raise BadData(f"{location} is no location of a data set: write s3://<bucket>/<key>")
    with _opened(client, place[1], place[2], location) as (body, size):
        if size > MOST_BYTES:
            raise BadData(f"{location} has {size} bytes, and {MOST_BYTES} are the most that is read")
        try:
            if place[2].endswith(".parquet"):
                table = _table(_parquet_batches(body), check)
            else:
                table = _table(_csv_batches(body), check)
        except pa.ArrowInvalid as error:
            raise BadData(f"{location} can't be read as a table: {_first_line(error)}") from None
    return _frame(table)


@contextmanager
def _opened(client: "S3Client", bucket: str, key: str, location: str) -> Iterator[tuple[IO[bytes], int]]:
    try:
        found = client.get_object(Bucket=bucket, Key=key)
    except object_store.ClientError as error:
        if object_store.is_missing(error):
            raise BadData(f"there is no data set at {location}") from None
        raise
    body = found["Body"]
    try:
        yield cast("IO[bytes]", body), found["ContentLength"]
    finally:
        body.close()


def _csv_batches(body: IO[bytes]) -> Iterator[pa.RecordBatch]:
    # Arrow takes some KiB for each column, before it says how many there are.
    buffered = io.BufferedReader(cast("io.RawIOBase", body), BLOCK_BYTES)
    _check_columns(_columns(buffered.peek()))
    reader = pyarrow.csv.open_csv(
        pa.PythonFile(buffered, mode="r"),
        read_options=pyarrow.csv.ReadOptions(block_size=BLOCK_BYTES, use_threads=False),
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
        # Types are chosen when all rows are seen, not by the first block.
        convert_options=pyarrow.csv.ConvertOptions(default_column_type=pa.string(), strings_can_be_null=False),
    )
    yield from reader


def _columns(head: bytes) -> int:
    """How many columns the first line has; 0 where it can't be read, which is said later."""
    try:
        return len(next(csv.reader(io.StringIO(head.decode(errors="replace"))), []))
    except csv.Error:
        return 0


def _check_columns(count: int) -> None:
    if count > MOST_COLUMNS:
        raise BadData(f"the data set has {count} columns, and {MOST_COLUMNS} are the most")


def _parquet_batches(body: IO[bytes]) -> Iterator[pa.RecordBatch]:
    # The format is read from its end: the bytes are limited, and kept.
    stored = io.BytesIO(body.read())
    found = pyarrow.parquet.ParquetFile(stored)
    _check_footer(found)
    words = [field.name for field in found.schema_arrow if _is_words(field.type)]
    # As it is stored, a word that many rows have takes its room once: it is measured before it is written out.
    reader = pyarrow.parquet.ParquetFile(stored, read_dictionary=words)
    for batch in reader.iter_batches(batch_size=10_000):
        if sum(_length(column) for column in batch.columns) > MOST_TABLE_BYTES:
            raise BadData(TOO_LARGE)
        columns = [c.dictionary_decode() if pa.types.is_dictionary(c.type) else c for c in batch.columns]
        yield pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _check_footer(found: pyarrow.parquet.ParquetFile) -> None:
    """What the file says of itself, before any of it is unpacked."""
    footer = found.metadata
    _check_columns(footer.num_columns)
    if footer.num_rows > MOST_ROWS:
        raise BadData(TOO_MANY_ROWS)
    if sum(footer.row_group(place).total_byte_size for place in range(footer.num_row_groups)) > MOST_TABLE_BYTES:
        raise BadData(TOO_LARGE)
    for field in found.schema_arrow:
        if pa.types.is_nested(field.type):
            raise BadData(f"column {field.name!r} holds lists or structures, which are no features")
        if pa.types.is_fixed_size_binary(field.type):
            raise BadData(f"column {field.name!r} is of type {field.type}, which can't be used")


def _is_words(kind: pa.DataType) -> bool:
    return any(is_one(kind) for is_one in (pa.types.is_string, pa.types.is_binary, pa.types.is_dictionary)) or (
        pa.types.is_large_string(kind) or pa.types.is_large_binary(kind)
    )


def _length(column: pa.Array) -> int:
    """How many bytes its words are, once they are written out."""
    if not pa.types.is_dictionary(column.type):
        return 0
    lengths = pc.binary_length(column.dictionary).take(column.indices)
    return int(pc.sum(pc.cast(lengths, pa.int64())).as_py() or 0)


def _table(batches: Iterator[pa.RecordBatch], check: Check) -> pa.Table:
    kept: list[pa.RecordBatch] = []
    rows = size = 0
    for batch in batches:
        check()
        rows += batch.num_rows
        size += batch.nbytes
        if rows > MOST_ROWS:
            raise BadData(TOO_MANY_ROWS)
        if rows * batch.num_columns > MOST_CELLS:
            raise BadData(f"the data set has more than {MOST_CELLS} cells: leave out rows or columns")
        if size > MOST_TABLE_BYTES:
            raise BadData(TOO_LARGE)
        kept.append(batch)
    if rows == 0:
        raise BadData("the data set has no rows")
    return pa.Table.from_batches(kept)


def _frame(table: pa.Table) -> Frame:
    names = [name.strip() for name in table.column_names]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled or "" in names:
        raise BadData(f"column {doubled[0]!r} is there twice" if doubled else "a column has no name")
    numbers: dict[str, NDArray[np.float64]] = {}
    words: dict[str, Words] = {}
    for name, column in zip(names, table.columns, strict=True):
        found = _numbers(column)
        if found is None:
            words[name] = _words(column)
        else:
            numbers[name] = found
    return Frame(numbers, words, names)


def _numbers(column: pa.ChunkedArray) -> NDArray[np.float64] | None:
    """The column as numbers, if every value that is there is one; what is infinite counts as missing."""
    if pa.types.is_boolean(column.type) or pa.types.is_nested(column.type) or pa.types.is_temporal(column.type):
        return None
    try:
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            column = _without_missing(column)
            if column.null_count == len(column):
                return None
        values: NDArray[np.float64] = pc.cast(column, pa.float64()).to_numpy().astype(np.float64)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None
    values[~np.isfinite(values)] = np.nan
    return values


def _words(column: pa.ChunkedArray) -> Words:
    if pa.types.is_nested(column.type):
        raise BadData("a column holds lists or structures, which are no features")
    try:
        column = _without_missing(pc.cast(column, pa.string()))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise BadData(f"a column of type {column.type} can't be used") from None
    return np.asarray(pc.fill_null(column, "").to_numpy(zero_copy_only=False), dtype=object)


def _without_missing(column: pa.ChunkedArray) -> pa.ChunkedArray:
    trimmed = pc.utf8_trim_whitespace(column)
    missing = pc.is_in(pc.utf8_lower(trimmed), value_set=pa.array(MISSING))
    return pc.if_else(missing, pa.scalar(None, trimmed.type), trimmed)


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:300]
