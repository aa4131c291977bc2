"""Reads Parquet files that lie, in a process of its own; a line for each says what became of it."""

import io
import json
import resource
import sys
import time

from lying_parquet import ROWS, lies
from memory import peak

from ml_engine import datasets
from ml_engine.domain import BadData
from ml_engine.limits import Limits

MEBIBYTE = 1024 * 1024
# As on a small node: Arrow asks for what a page claims before it looks for it.
resource.setrlimit(resource.RLIMIT_AS, (6 * 1024 * MEBIBYTE,) * 2)


def outcome(content: bytes) -> str:
    """Why it is refused; "read" where it has as many rows as an honest file."""
    try:
        frame = datasets._parquet(io.BytesIO(content), "s3://datasets/lie.parquet", Limits(room=640 * MEBIBYTE))
    except BadData as error:
        return f"refused: {error}"
    sizes = {len(column) for column in (*frame.numbers.values(), *frame.words.values())}
    return "read" if sizes == {ROWS} else f"read with {sizes} rows"


seed, number = map(int, sys.argv[1:])
start = peak()
for lie in lies(seed, number):
    # Before it is read: what ends the process is the last line.
    print(json.dumps(lie.said), flush=True)
    begun = time.perf_counter()
    print(json.dumps([outcome(lie.content), time.perf_counter() - begun, (peak() - start) / MEBIBYTE]), flush=True)
