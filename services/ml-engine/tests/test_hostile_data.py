"""Data sets that are small where they lie, and large where they are read: refused in bounded memory."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from object_store_server import StoreSettings

from chatdb_common import object_store
from ml_engine.limits import MOST_BYTES

MEBIBYTE = 1024 * 1024
# The worker has 2 GiB, for all that it does.
MOST_MEBIBYTES = 300
SMALL = 8 * MEBIBYTE


def parquet(tables: Iterator[pa.Table], **options: object) -> bytes:
    """One file, a row group for each table."""
    sink = io.BytesIO()
    first = next(tables)
    with pq.ParquetWriter(sink, first.schema, compression="zstd", **options) as writer:
        writer.write_table(first)
        for table in tables:
            writer.write_table(table)
    return sink.getvalue()


def many_rows() -> bytes:
    """Five million rows that are all the same."""
    zeros = pa.repeat(0, 1_000_000)
    table = pa.table({"a": zeros, "b": zeros})
    return parquet(table for _ in range(5))


def huge_fields() -> bytes:
    """Few rows, whose text is 320 MiB of one letter."""
    table = pa.table({"a": [1], "b": ["x" * 64 * MEBIBYTE]})
    return parquet((table for _ in range(5)), use_dictionary=False, write_statistics=False)


def one_word(*, store_schema: bool) -> bytes:
    """A word of 1 MiB that is written once, and meant by each of 100,000 rows: 100 GiB."""
    words = pa.DictionaryArray.from_arrays(pa.repeat(pa.scalar(0, pa.int32()), 100_000), ["x" * MEBIBYTE])
    table = pa.table({"a": list(range(100_000)), "b": words})
    return parquet(iter([table]), write_statistics=False, store_schema=store_schema)


def repeated_words(encoding: str) -> bytes:
    """A word of 64 KiB in each of 50,000 rows: 3 GiB, of which each row is the beginning of the next one."""
    words = pa.DictionaryArray.from_arrays(pa.repeat(pa.scalar(0, pa.int32()), 1000), ["x" * 64 * 1024])
    table = pa.table({"a": list(range(1000)), "b": words.cast(pa.string())})
    tables = (table for _ in range(50))
    return parquet(tables, use_dictionary=False, column_encoding={"a": "PLAIN", "b": encoding}, write_statistics=False)


def one_list() -> bytes:
    """Two rows, each a list of ten million zeros."""
    values = pa.repeat(pa.scalar(0, pa.int8()), 10_000_000)
    table = pa.table({"a": [1], "b": pa.ListArray.from_arrays([0, 10_000_000], values)})
    return parquet(table for _ in range(2))


def square() -> bytes:
    """No more columns and no more rows than may be, and too many of both together."""
    return b",".join(b"c%d" % n for n in range(190)) + b"\n" + (b",".join([b"1"] * 190) + b"\n") * 106_000


def many_names() -> bytes:
    """No rows, and 300,000 columns that have no name: what is read of each takes sixty times its bytes."""
    sink = io.BytesIO()
    pq.ParquetWriter(sink, pa.schema([pa.field("", pa.int8())] * 300_000), store_schema=False).close()
    return sink.getvalue()


SETS: dict[str, tuple[Callable[[], bytes], str]] = {
    "million.csv": (lambda: b"a,b\n" + b"1,x\n" * 1_000_000, "more than 200000 rows"),
    "wide.csv": (lambda: b",".join(b"c%d" % n for n in range(100_000)) + b"\n", "100000 columns"),
    "carriage.csv": (lambda: b",".join([b"a"] * 100_000) + b"\r1", "100000 columns"),
    "blank.csv": (lambda: b"\n\r\n" + b",".join([b"a"] * 100_000) + b"\n1", "100000 columns"),
    "name.csv": (lambda: b"a" * 150_000 + b",a" * 100_000 + b"\n1", "first line can't be read"),
    "square.csv": (square, "cells"),
    "wide.parquet": (many_names, "describe its columns"),
    "rows.parquet": (many_rows, "more than 200000 rows"),
    "fields.parquet": (huge_fields, f"more than {2 * MOST_BYTES} bytes"),
    "word.parquet": (lambda: one_word(store_schema=False), f"more than {2 * MOST_BYTES} bytes"),
    "dictionary.parquet": (lambda: one_word(store_schema=True), f"more than {2 * MOST_BYTES} bytes"),
    "prefix.parquet": (lambda: repeated_words("DELTA_BYTE_ARRAY"), f"more than {2 * MOST_BYTES} bytes"),
    "length.parquet": (lambda: repeated_words("DELTA_LENGTH_BYTE_ARRAY"), f"more than {2 * MOST_BYTES} bytes"),
    "list.parquet": (one_list, "can't be used"),
}


def test_bombs_are_refused_in_bounded_memory(object_store_settings: StoreSettings) -> None:
    """Each with a sentence; the most memory of a process that is sent all of them is known."""
    client = object_store.connect(object_store_settings)
    for name, (make, _) in SETS.items():
        body = make()
        assert name.endswith(".csv") or len(body) < SMALL, name
        client.put_object(Bucket="datasets", Key=name, Body=body)
    keys = {"aws_access_key_id", "aws_secret_access_key"}
    settings = object_store_settings.model_dump() | {
        key: getattr(object_store_settings, key).get_secret_value() for key in keys
    }
    program = [sys.executable, str(Path(__file__).with_name("read_measured.py"))]
    done = subprocess.run(
        [*program, *(f"s3://datasets/{name}" for name in SETS)],
        input=json.dumps(settings),
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    outcomes = [json.loads(line) for line in done.stdout.splitlines()]
    for (name, (_, reason)), (outcome, grown) in zip(SETS.items(), outcomes, strict=True):
        assert reason in outcome, (name, outcomes)
        assert grown < MOST_MEBIBYTES, (name, outcomes)
