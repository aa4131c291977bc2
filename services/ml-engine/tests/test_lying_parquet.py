"""Parquet whose numbers lie about what is in it: the job fails with a sentence, and the next one is done."""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

import pyarrow as pa
import pytest
from lying_parquet import (
    COMPRESSED,
    DATA_HEADER,
    DICTIONARY_HEADER,
    FLAVOURS,
    FOOTER_ROWS,
    GROUP_ROWS,
    UNCOMPRESSED,
    VALUES,
    honest,
    in_footer,
    in_page,
    lies,
    shortened,
)
from object_store_server import StoreSettings
from test_jobs import Running, job

from chatdb_common import object_store
from ml_engine import parquet_files
from ml_engine.limits import Limits
from ml_engine.training_process import TrainingProcess

# A seed of its own, and more of them, for who looks for what nobody has thought of.
SEED = int(os.environ.get("CHATDB_FUZZ_SEED", "23"))
NUMBER = 20_000 if os.environ.get("CHATDB_FUZZ") == "whole" else 400
MOST_SECONDS = 10.0
MOST_MEBIBYTES = 100
LARGEST = 2**31 - 1
FIRST, DATA = 0, 1
"""Of a column with a dictionary: its page, and the one after it."""
LIES: dict[str, Callable[[bytes], bytes]] = {
    "uncompressed: far too large": lambda file: in_page(file, DATA, LARGEST, UNCOMPRESSED),
    "uncompressed: far too small": lambda file: in_page(file, DATA, 1, UNCOMPRESSED),
    "uncompressed: negative": lambda file: in_page(file, DATA, -1, UNCOMPRESSED),
    "compressed: far too large": lambda file: in_page(file, DATA, LARGEST, COMPRESSED),
    "compressed: far too small": lambda file: in_page(file, DATA, 1, COMPRESSED),
    "compressed: negative": lambda file: in_page(file, DATA, -1, COMPRESSED),
    "values of a page: too many": lambda file: in_page(file, DATA, LARGEST, DATA_HEADER, VALUES),
    "values of a page: too few": lambda file: in_page(file, DATA, 1, DATA_HEADER, VALUES),
    "values of a page: negative": lambda file: in_page(file, DATA, -1, DATA_HEADER, VALUES),
    "words of a dictionary: too many": lambda file: in_page(file, FIRST, LARGEST, DICTIONARY_HEADER, VALUES),
    "words of a dictionary: too few": lambda file: in_page(file, FIRST, 1, DICTIONARY_HEADER, VALUES),
    "dictionary: far too large": lambda file: in_page(file, FIRST, LARGEST, UNCOMPRESSED),
    "rows of the file: too many": lambda file: in_footer(file, 1000, FOOTER_ROWS),
    "rows of the file: too few": lambda file: in_footer(file, 10, FOOTER_ROWS),
    "rows of the file: negative": lambda file: in_footer(file, -1, FOOTER_ROWS),
    "rows of a group: too few": lambda file: in_footer(file, 10, *GROUP_ROWS),
    "page: cut off": lambda file: shortened(file, DATA, 10),
    "dictionary: cut off": lambda file: shortened(file, FIRST, 10),
}


def test_lies_fail_their_jobs(engine: Running, training: TrainingProcess, object_store_settings: StoreSettings) -> None:
    """Each with a sentence, and in the process that trains, which does the next job."""
    engine.train()
    process = training._child
    client = object_store.connect(object_store_settings)
    # Compressed, so that each size of a page matters.
    file = honest(FLAVOURS[0], Random(1))  # noqa: S311 - no secret
    reasons = {}
    for name, lie in LIES.items():
        engine.events.clear()
        client.put_object(Bucket="datasets", Key="lie.parquet", Body=lie(file))
        engine.trainer.handle(job(dataset_location="s3://datasets/lie.parquet"))
        reasons[name] = [*engine.told(), engine.events[-1].error]
    said = "s3://datasets/lie.parquet can't be read as a table: "
    assert {name: reason for name, reason in reasons.items() if reason[1] != "failed" or said not in reason[2]} == {}
    engine.train()
    assert training._child is process


def test_claim_that_no_memory_has_room_for() -> None:
    """It is the page that is wrong: fewer rows or columns would not help."""
    body = LIES["words of a dictionary: too many"](honest(FLAVOURS[0], Random(1)))  # noqa: S311 - no secret
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (16 * 1024**3, before[1]))
    try:
        with pytest.raises(pa.ArrowInvalid, match=r"a page asks for more memory than there is: .*failed"):
            list(parquet_files.batches(body, Limits(room=1024**3)))
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def test_drawn_lies() -> None:
    """Any number of any page or of the footer may be another one: nothing ends or holds up the process, or fills it.

    Some lies are about what nobody needs, such as statistics; then no row is lost or made up.
    """
    program = [sys.executable, str(Path(__file__).with_name("read_lies.py")), str(SEED), str(NUMBER)]
    done = subprocess.run(
        program,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=60 + NUMBER * MOST_SECONDS / 100,
        check=False,
    )
    lines = done.stdout.splitlines()
    assert done.returncode == 0, f"seed {SEED}: {lines[-1:]} {done.stderr[-2000:]}"
    outcomes = {said: json.loads(outcome) for said, outcome in zip(lines[::2], lines[1::2], strict=True)}
    for said, (outcome, seconds, grown) in outcomes.items():
        assert outcome == "read" or outcome.startswith("refused: "), (SEED, said, outcome)
        assert seconds < MOST_SECONDS, (SEED, said, outcome)
        assert grown < MOST_MEBIBYTES, (SEED, said, outcome)
    refused = sum(outcome.startswith("refused") for outcome, _, _ in outcomes.values())
    assert len(outcomes) // 4 < refused < len(outcomes)


def test_same_seed_draws_the_same_lies() -> None:
    """A failure names its seed."""
    first, second, other = (list(lies(seed, 20)) for seed in (1, 1, 2))
    assert first == second != other
