"""What is stored with a version says how to read an instance, for this release and for those of before."""

import json
from typing import Any

import pytest

from chatdb_common.columns import Column, DataSet, Reading
from ml_engine.signature import Signature, plain

SIGNATURE = Signature(
    [
        Column(name="id", role="ignored", why="looks like an identifier"),
        Column(name="share", role="number", why="percentages", reading=Reading(kind="percent", decimal=",")),
        Column(name="zip", role="word", why="codes", reading=Reading(kind="code")),
        Column(name="day", role="date", reading=Reading(kind="date", order="day-month-year", time=True)),
        Column(name="sold", role="target", why="classification", reading=Reading(kind="word")),
    ],
    "sold",
    "classification",
    whole=True,
    source=DataSet(sha256="0" * 64, read_as="Parquet"),
)
OUTPUT = {"name": "sold", "task": "classification", "whole": True}


def test_signature_comes_back_from_the_registry() -> None:
    """As it was, and with the features in the order of the model."""
    back = Signature.from_json(json.loads(json.dumps(SIGNATURE.as_json())))
    assert back == SIGNATURE
    assert [feature.name for feature in back.scalars] == ["share", "day"]
    assert [feature.name for feature in back.words] == ["zip"]
    assert (back.width, back.needed, back.allowed - back.needed) == (6, {"share", "zip", "day"}, {"id"})


def test_signature_of_before() -> None:
    """Names of numbers and of words; what it was trained on is not known."""
    back = Signature.from_json({"inputs": {"numbers": ["a"], "words": ["b"]}, "output": OUTPUT})
    assert back == Signature(list(plain(["a"], ["b"])), "sold", "classification", whole=True)


@pytest.mark.parametrize(
    "column",
    [
        {"name": "a", "role": "number"},
        {"name": "a", "role": "number", "reading": {"kind": "number"}},
        {"name": "a", "role": "number", "reading": {"kind": "word"}},
        {"name": "a", "role": "word", "reading": {"kind": "word", "decimal": "."}},
        {"name": "a", "role": "date", "reading": {"kind": "date"}},
        {"name": "a", "role": "date", "reading": {"kind": "date", "order": "week-day"}},
        {"name": "a", "role": "word", "reading": {"kind": "word", "language": "of a later release"}},
        {"name": "a", "role": "cluster", "reading": {"kind": "word"}},
        {"role": "ignored"},
        "a",
    ],
)
def test_column_that_can_not_be_read(column: Any) -> None:
    """Anybody can register a version; and a later release may read what this one can't."""
    with pytest.raises(ValueError, match="column"):
        Signature.from_json({"columns": [column], "output": OUTPUT})
