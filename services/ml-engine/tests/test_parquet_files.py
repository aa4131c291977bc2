"""Parquet as other programs write it."""

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from people import frame

ROWS = 300
TOWNS = [None if n % 7 == 0 else f"town {n % 5}" for n in range(ROWS)]
STREETS = [f"street {n}" for n in range(ROWS)]


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.binary()])
@pytest.mark.parametrize("encoding", ["PLAIN", "DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY"])
def test_words_of_any_encoding(encoding: str, kind: pa.DataType) -> None:
    """Beside a column with a dictionary, in several row groups, and in a column whose name is a path elsewhere."""
    table = pa.table({"a.b": pa.array(TOWNS, kind), "street": STREETS, "n": range(ROWS)})
    sink = io.BytesIO()
    pq.write_table(table, sink, row_group_size=100, use_dictionary=["street"], column_encoding={"a.b": encoding})
    metadata = pq.read_metadata(sink)
    assert {encoding in metadata.row_group(group).column(0).encodings for group in range(3)} == {True}
    words = frame(sink.getvalue(), "set.parquet").words
    assert words["a.b"].tolist() == [town or "" for town in TOWNS]
    assert words["street"].tolist() == STREETS


def test_words_of_which_a_part_has_no_dictionary() -> None:
    """As writers do once a dictionary is too large."""
    sink = io.BytesIO()
    schema = pa.schema({"street": pa.string(), "n": pa.int64()})
    with pq.ParquetWriter(sink, schema, use_dictionary=["street"], dictionary_pagesize_limit=100) as writer:
        writer.write_table(pa.table({"street": STREETS, "n": range(ROWS)}), row_group_size=100)
    assert frame(sink.getvalue(), "set.parquet").words["street"].tolist() == STREETS
