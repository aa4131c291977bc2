"""What is trained and predicted, and what is refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from chatdb_common.columns import DataSet, Reading
from chatdb_common.messages import Task
from ml_engine.signature import Signature

MEBIBYTE = 1024 * 1024
# A larger model is neither stored nor loaded; the runtime takes some times as much.
MOST_ARTIFACT_BYTES = 96 * MEBIBYTE
# Models calculate in 32 bits.
LARGEST = float(np.finfo(np.float32).max)
Numbers = NDArray[np.float32]
Words = NDArray[np.object_]


class BadData(Exception):
    """The job can't be done with this data; the message is for whoever sent it."""


class Interrupted(Exception):
    """The process ends, or the job was cancelled: its result is of no use."""


class Unavailable(Exception):
    """The object store does not answer, or the machine starts no process or thread: it may later."""


class Died(Exception):
    """The training process ended in the middle of a job, and memory is not known to be the reason."""


class TrainingFailed(Exception):
    """An error of the training process that nobody foresaw; `kind` is its class, the message its traceback."""

    def __init__(self, kind: str, traceback: str) -> None:
        """As the process has sent it."""
        super().__init__(traceback)
        self.kind = kind


class Hyperparameters(BaseModel):
    """What a job may choose."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    model: Literal["linear", "forest"] | None = Field(default=None, description="None: the better one by the folds")
    folds: int = Field(default=5, ge=2, le=10)
    trees: int = Field(default=50, ge=1, le=500)
    max_depth: int = Field(default=12, ge=1, le=32)
    seed: int = Field(default=0, ge=0, le=2**31 - 1)


class Assignment(BaseModel):
    """What the training process is given: a job, without what is done before and after it."""

    location: str
    target: str | None
    task: Task | None
    hyperparameters: Hyperparameters


@dataclass(frozen=True)
class Read:
    """How a column was read, and the same for a person."""

    reading: Reading
    why: str


@dataclass(frozen=True)
class Frame:
    """A data set: columns of numbers (NaN where one is missing) and columns of words ("" where one is missing).

    Dates are words as they are written.
    """

    numbers: Mapping[str, NDArray[np.float64]]
    words: Mapping[str, Words]
    order: Sequence[str]
    read: Mapping[str, Read]
    source: DataSet

    @property
    def rows(self) -> int:
        """How many rows there are."""
        first = next(iter((*self.numbers.values(), *self.words.values())), None)
        return 0 if first is None else len(first)


@dataclass(frozen=True)
class Trained:
    """A model as it is stored."""

    onnx: bytes
    signature: Signature
    metrics: Mapping[str, float]


@dataclass(frozen=True)
class Registered:
    """A READY version, as the registry shows it."""

    model_name: str
    version: int
    sha256: str
    size_bytes: int
    format: str
    task: Task | None
    metrics: Mapping[str, float]
    signature: Mapping[str, Any]

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> "Registered":
        """From the registry's JSON."""
        return cls(**{name: body[name] for name in cls.__dataclass_fields__})


def inputs(session: Any, numbers: Numbers, words: Words) -> dict[str, NDArray[Any]]:
    """What a stored model is fed, under the names that it has."""
    given: dict[str, NDArray[Any]] = {"numbers": numbers.astype(np.float32, copy=False), "words": words}
    return {one.name: given[one.name] for one in session.get_inputs()}
