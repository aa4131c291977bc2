"""Data sets in S3: read as a stream, and refused when they are too large or no table."""

import hashlib
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, cast

import pyarrow as pa

from chatdb_common import object_store
from chatdb_common.columns import DataSet
from ml_engine import csv_text, parquet_files, tables
from ml_engine.domain import BadData, Frame
from ml_engine.limits import MOST_BYTES, Limits

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from mypy_boto3_s3 import S3Client

LOCATION = re.compile(r"^s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/([^\r\n\0]+)$")
# As S3 has it: a store that is asked for a longer one may say that it is in trouble.
MOST_KEY_BYTES = 1024
BAD_REQUEST = 400


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
        read_table = _parquet if place[2].endswith(".parquet") else _csv
        try:
            return read_table(body, location, limits)
        finally:
            # What Arrow keeps for its next table would be missing in training.
            pa.default_memory_pool().release_unused()


def _csv(body: IO[bytes], location: str, limits: Limits) -> Frame:
    hashed = _Hashed(body)
    buffered = io.BufferedReader(hashed, csv_text.BLOCK_BYTES)
    dialect = csv_text.sniff(buffered.peek())
    with _refusing(location, csv_text.tried(dialect)):
        table = _table(csv_text.batches(buffered, dialect, limits), limits)
        return tables.frame(table, dialect.mark, DataSet(sha256=hashed.sha256(), read_as=str(dialect)))


def _parquet(body: IO[bytes], location: str, limits: Limits) -> Frame:
    content = body.read()
    source = DataSet(sha256=hashlib.sha256(content).hexdigest(), read_as="Parquet")
    with _refusing(location, "read as Parquet, by the end of its name"):
        table = _parquet_table(content, limits)
        del content
        return tables.frame(table, ".", source)


def _parquet_table(content: bytes, limits: Limits) -> pa.Table:
    with suppress(pa.ArrowNotImplementedError):
        return _table(parquet_files.batches(content, limits), limits)
    return _table(parquet_files.batches(content, limits, once=False), limits)


class _Hashed(io.RawIOBase):
    """What is read of a body, and the digest of it."""

    def __init__(self, body: IO[bytes]) -> None:
        self._body = body
        self._digest = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer).cast("B")
        content = self._body.read(len(view))
        self._digest.update(content)
        view[: len(content)] = content
        return len(content)

    def sha256(self) -> str:
        return self._digest.hexdigest()


@contextmanager
def _refusing(location: str, tried: str) -> Iterator[None]:
    """BadData, which says how the data set was read, for what the libraries can't read."""
    try:
        yield
    except MemoryError:
        # One of Arrow's errors is of this class, too, and says nothing of the data.
        raise
    except (pa.ArrowException, UnicodeError) as error:
        raise BadData(f"{location} can't be read as a table: {_first_line(error)} ({tried})") from None


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


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:300]
