"""Data sets as people have them, read and prepared as a job does, without a store."""

import io
from collections.abc import Mapping, Sequence
from typing import Any, cast

from chatdb_common.columns import Column
from chatdb_common.messages import Task
from ml_engine import datasets, preparation
from ml_engine.limits import Limits
from ml_engine.preparation import Examples

ROOMY = Limits(room=2**40)


class Store:
    """An object store with one object."""

    def __init__(self, body: bytes) -> None:
        """Whatever its key is."""
        self._body = body

    def get_object(self, **_place: str) -> Mapping[str, Any]:
        """As S3 answers."""
        return {"Body": io.BytesIO(self._body), "ContentLength": len(self._body)}


def frame(body: bytes, key: str = "set.csv") -> datasets.Frame:
    """The data set as it is read."""
    return datasets.read(cast("Any", Store(body)), f"s3://datasets/{key}", ROOMY)


def prepared(body: bytes, target: str | None = None, task: Task | None = None, key: str = "set.csv") -> Examples:
    """What is learned from what."""
    return preparation.prepare(frame(body, key), target, task)


def columns(examples: Examples) -> dict[str, Column]:
    """The report, by name."""
    return {column.name: column for column in examples.signature.columns}


def csv(header: Sequence[str], rows: Sequence[Sequence[object]], delimiter: str = ",") -> str:
    """Cells that hold the delimiter are quoted."""
    quoted = [[f'"{cell}"' if delimiter in str(cell) else str(cell) for cell in row] for row in (header, *rows)]
    return "\n".join(delimiter.join(row) for row in quoted) + "\n"
