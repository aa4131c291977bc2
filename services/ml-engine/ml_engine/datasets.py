"""Data sets in S3: read as a stream, and refused when they are too large or no table."""

import csv
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet
from numpy.typing import NDArray

from chatdb_common import object_store
from ml_engine.domain import BadData, Frame, Words
from ml_engine.memory import CELL_BYTES, MOST_CELLS, in_mebibytes

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MEBIBYTE = 1024 * 1024
MOST_BYTES = 128 * MEBIBYTE
MOST_ROWS = 200_000
MOST_COLUMNS = 200
# A field that is longer than a block can't be read.
BLOCK_BYTES = MEBIBYTE
# What describes a Parquet file takes some sixty times as much once it is read.
MOST_DESCRIPTION_BYTES = 4 * MEBIBYTE
LOCATION = re.compile(r"^s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/([^\r\n\0]+)$")
# As S3 has it: a store that is asked for a longer one may say that it is in trouble.
MOST_KEY_BYTES = 1024
BAD_REQUEST = 400
MISSING = ("", "na", "n/a", "nan", "null", "none", "?")


@dataclass(frozen=True)
class Limits:
    """What a data set may have."""

    room: int
    """Bytes of memory that are left for the data set and for training on it."""

    def refuse(self, *, columns: int = 0, rows: int = 0, size: int = 0) -> None:
        """BadData where what is known so far is too much; more can only be more."""
        if columns > MOST_COLUMNS:
            raise BadData(f"the data set has {columns} columns, and {MOST_COLUMNS} are the most")
        if rows > MOST_ROWS:
            raise BadData(f"the data set has more than {MOST_ROWS} rows")
        if columns * rows > MOST_CELLS:
            raise BadData(f"the data set has {columns} columns in so many rows: {MOST_CELLS} cells are the most")
        if size > 2 * MOST_BYTES:
            raise BadData(f"the data set takes more than {2 * MOST_BYTES} bytes of memory")
        self.refuse_need(columns * rows * CELL_BYTES, f"{columns} columns in {rows} rows or more")

    def refuse_need(self, needed: int, data: str) -> None:
        """BadData, which names both, where so many bytes of memory are more than there are."""
        if needed > self.room:
            room = in_mebibytes(max(self.room, 0))
            raise BadData(
                f"{data} need at least {in_mebibytes(needed)} of memory, and {room} are available:"
                " use fewer rows or columns"
            )


def read(client: "S3Client", location: str, limits: Limits) -> Frame:
    """The data set. BadData where it can't be read or is too large."""
    place = LOCATION.fullmatch(location)
    if place is None:
        raise BadData(f"{location} is no location of a data set: write s3://<bucket>/<key>")
    if len(place[2].encode()) > MOST_KEY_BYTES:
        raise BadData(f"the data set's key is longer than {MOST_KEY_BYTES} bytes")
    with _opened(client, place[1], place[2], location) as (body, size):
        if size > MOST_BYTES:
            raise BadData(f"{location} has {size} bytes, and {MOST_BYTES} are the most that is read")
        # Both formats are held as a whole.
        limits.refuse_need(size, f"{size} bytes")
        batches = _parquet_batches if place[2].endswith(".parquet") else _csv_batches
        try:
            return _frame(_table(batches(body, limits), limits))
        except MemoryError:
            # One of Arrow's errors is of this class, too, and says nothing of the data.
            raise
        except (pa.ArrowException, UnicodeDecodeError) as error:
            raise BadData(f"{location} can't be read as a table: {_first_line(error)}") from None
        finally:
            # What Arrow keeps for its next table would be missing in training.
            pa.default_memory_pool().release_unused()


@contextmanager
def _opened(client: "S3Client", bucket: str, key: str, location: str) -> Iterator[tuple[IO[bytes], int]]:
    try:
        response = client.get_object(Bucket=bucket, Key=key)
    except object_store.ClientError as error:
        if object_store.is_missing(error):
            raise BadData(f"there is no data set at {location}") from None
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == BAD_REQUEST:
            raise BadData(f"{location} is no location that the object store takes: {_first_line(error)}") from None
        raise
    body = response["Body"]
    try:
        yield cast("IO[bytes]", body), response["ContentLength"]
    finally:
        body.close()


def _csv_batches(body: IO[bytes], limits: Limits) -> Iterator[pa.RecordBatch]:
    # Arrow takes some KiB for each column, before it says how many there are.
    buffered = io.BufferedReader(cast("io.RawIOBase", body), BLOCK_BYTES)
    limits.refuse(columns=_columns(buffered.peek()))
    reader = pyarrow.csv.open_csv(
        pa.PythonFile(buffered, mode="r"),
        read_options=pyarrow.csv.ReadOptions(block_size=BLOCK_BYTES, use_threads=False),
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
        # Types are chosen when all rows are seen, not by the first block.
        convert_options=pyarrow.csv.ConvertOptions(default_column_type=pa.string(), strings_can_be_null=False),
    )
    yield from reader


def _columns(head: bytes) -> int:
    """How many columns the first line has that is not empty, however it ends; 0 where there is none."""
    lines = csv.reader(io.StringIO(head.decode(errors="replace"), newline=None))
    try:
        return len(next(filter(None, lines), []))
    except csv.Error as error:
        raise BadData(f"the first line can't be read: {error}") from None


def _parquet_batches(body: IO[bytes], limits: Limits) -> Iterator[pa.RecordBatch]:
    """What the file would take is asked of its end first: a kilobyte can stand for gigabytes."""
    content = body.read()
    _refuse_long_description(content)
    try:
        yield from _decoded(pa.py_buffer(content), limits)
    except OSError as error:
        # The store's part is over: it is the file that is damaged.
        raise pa.ArrowInvalid(str(error)) from None


def _refuse_long_description(content: bytes) -> None:
    """Its length lies before the last four bytes, which are Parquet's name."""
    size = int.from_bytes(content[-8:-4], "little")
    if content[-4:] in (b"PAR1", b"PARE") and size > MOST_DESCRIPTION_BYTES:
        raise BadData(f"the data set takes {size} bytes to describe its columns: {MOST_DESCRIPTION_BYTES} are the most")


def _decoded(buffer: pa.Buffer, limits: Limits) -> Iterator[pa.RecordBatch]:
    metadata = pyarrow.parquet.read_metadata(pa.BufferReader(buffer))
    schema = metadata.schema.to_arrow_schema()
    size = sum(metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups))
    limits.refuse(columns=len(schema), rows=metadata.num_rows, size=size)
    for column in schema:
        _refuse_useless(column)
    # A word that comes often is kept once.
    texts = [column.name for column in schema if _is_text(column.type)]
    file = pyarrow.parquet.ParquetFile(pa.BufferReader(buffer), read_dictionary=texts)
    for batch in file.iter_batches(batch_size=10_000):
        limits.refuse(size=sum(_written_out(column) for column in batch.columns))
        yield batch


def _written_out(column: pa.Array) -> int:
    """How many bytes the words of a column are, each as often as it comes; what compares them reads them so often."""
    if not pa.types.is_dictionary(column.type):
        return 0
    lengths = pc.binary_length(column.dictionary).take(column.indices)
    return int(pc.sum(pc.cast(lengths, pa.int64())).as_py() or 0)


def _refuse_useless(column: pa.Field) -> None:
    """Other types are no features, or have values of any length."""
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    known = (pa.types.is_boolean, pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_temporal)
    if not (_is_text(kind) or pa.types.is_null(kind) or any(one(kind) for one in known)):
        raise BadData(f"column {column.name!r} is of type {column.type}, which can't be used")


def _is_text(kind: pa.DataType) -> bool:
    texts = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary)
    return any(one(kind) for one in texts)


def _table(batches: Iterator[pa.RecordBatch], limits: Limits) -> pa.Table:
    kept: list[pa.RecordBatch] = []
    rows = size = 0
    for batch in batches:
        rows += batch.num_rows
        size += batch.nbytes
        limits.refuse(columns=batch.num_columns, rows=rows, size=size)
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
        places, values = _once(column)
        floats = _numbers(values)
        if floats is None:
            words[name] = np.append(_words(values), "")[places]
        else:
            numbers[name] = np.append(floats, np.nan)[places]
    return Frame(numbers, words, names)


def _once(column: pa.ChunkedArray) -> tuple[NDArray[np.int64], pa.Array]:
    """For each row which of the values it has, -1 for none; each value is there once, in memory, too."""
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    array = column.unify_dictionaries().combine_chunks()
    return pc.fill_null(array.indices.cast(pa.int64()), -1).to_numpy(), array.dictionary


def _numbers(values: pa.Array) -> NDArray[np.float64] | None:
    """The values as numbers, if every one that is there is one; what is infinite counts as missing."""
    if pa.types.is_boolean(values.type) or pa.types.is_temporal(values.type):
        return None
    try:
        if _is_text(values.type):
            values = _without_missing(pc.cast(values, pa.string()))
            if values.null_count == len(values):
                return None
        # Of whole numbers that no float has, the nearest is taken, as it is of text.
        numbers = pc.cast(values, pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None
    floats: NDArray[np.float64] = numbers.astype(np.float64)
    floats[~np.isfinite(floats)] = np.nan
    return floats


def _words(values: pa.Array) -> Words:
    try:
        known = _without_missing(pc.cast(values, pa.string()))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise BadData(f"a column of type {values.type} can't be used") from None
    return np.asarray(pc.fill_null(known, "").to_numpy(zero_copy_only=False), dtype=object)


def _without_missing(values: pa.Array) -> pa.Array:
    trimmed = pc.utf8_trim_whitespace(values)
    missing = pc.is_in(pc.utf8_lower(trimmed), value_set=pa.array(MISSING))
    return pc.if_else(missing, pa.scalar(None, trimmed.type), trimmed)


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:300]
