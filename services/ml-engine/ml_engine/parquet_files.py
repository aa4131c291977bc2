"""Parquet: refused by what its end says of it, before anything is decoded."""

from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet

from ml_engine.domain import BadData
from ml_engine.limits import MEBIBYTE, Limits

# What describes a Parquet file takes some sixty times as much once it is read.
MOST_DESCRIPTION_BYTES = 4 * MEBIBYTE
UNKNOWN = "Not yet implemented"
BATCH_ROWS = 10_000
# What words may take that are not yet counted, where each is written out.
BATCH_BYTES = 32 * MEBIBYTE


def batches(content: bytes, limits: Limits, *, once: bool = True) -> Iterator[pa.RecordBatch]:
    """What the file would take is asked of its end first: a kilobyte can stand for gigabytes.

    A word that comes often is kept once. ArrowNotImplementedError where a column's encoding does not allow that (delta
    byte arrays); then it can be read without `once`.
    """
    _refuse_long_description(content)
    try:
        yield from _decoded(pa.py_buffer(content), limits, once=once)
    except OSError as error:
        # The store's part is over: it is the file that is damaged, or that has what Arrow does not read.
        kind = pa.ArrowNotImplementedError if str(error).startswith(UNKNOWN) else pa.ArrowInvalid
        raise kind(str(error)) from None
    except MemoryError as error:
        # What its end says it takes was not too much: one of its pages says more.
        raise pa.ArrowInvalid(f"a page asks for more memory than there is: {error}") from None


def _refuse_long_description(content: bytes) -> None:
    """Its length lies before the last four bytes, which are Parquet's name."""
    size = int.from_bytes(content[-8:-4], "little")
    if content[-4:] in (b"PAR1", b"PARE") and size > MOST_DESCRIPTION_BYTES:
        raise BadData(f"the data set takes {size} bytes to describe its columns: {MOST_DESCRIPTION_BYTES} are the most")


def _decoded(buffer: pa.Buffer, limits: Limits, *, once: bool) -> Iterator[pa.RecordBatch]:
    metadata = pyarrow.parquet.read_metadata(pa.BufferReader(buffer))
    schema = metadata.schema.to_arrow_schema()
    sizes = [metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups)]
    limits.refuse(columns=len(schema), rows=metadata.num_rows, size=sum(sizes))
    for column in schema:
        _refuse_useless(column)
    texts = [column.name for column in schema if is_text(column.type)]
    file = pyarrow.parquet.ParquetFile(pa.BufferReader(buffer), read_dictionary=texts if once else [])
    if not once:
        # No word is longer than all that its row group holds.
        _refuse_long_words(file, texts, max(1, BATCH_BYTES // max([1, *sizes])), limits)
    rows = 0
    for batch in file.iter_batches(batch_size=BATCH_ROWS):
        limits.refuse(size=sum(_written_out(column) for column in batch.columns))
        rows += batch.num_rows
        yield batch
    if rows != metadata.num_rows:
        raise pa.ArrowInvalid(f"its end says that it has {metadata.num_rows} rows, and its pages have {rows}")


def _refuse_long_words(file: pyarrow.parquet.ParquetFile, texts: Sequence[str], rows: int, limits: Limits) -> None:
    """BadData where these columns are too much written out; a few bytes can repeat a long word in each row."""
    size = 0
    for name in texts:
        for batch in file.iter_batches(batch_size=min(rows, BATCH_ROWS), columns=[name]):
            size += batch.nbytes
            limits.refuse(size=size)


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
    if not (is_text(kind) or pa.types.is_null(kind) or any(one(kind) for one in known)):
        raise BadData(f"column {column.name!r} is of type {column.type}, which can't be used")


def is_text(kind: pa.DataType) -> bool:
    """Whether it has words, in a form that they can be read in."""
    texts = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary)
    return any(one(kind) for one in texts)
