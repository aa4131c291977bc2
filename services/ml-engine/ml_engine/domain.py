"""What is trained and predicted, and what is refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from chatdb_common.messages import Task

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
class Frame:
    """A data set: columns of numbers (NaN where one is missing) and columns of words ("" where one is missing)."""

    numbers: Mapping[str, NDArray[np.float64]]
    words: Mapping[str, Words]
    order: Sequence[str]

    @property
    def rows(self) -> int:
        """How many rows there are."""
        first = next(iter((*self.numbers.values(), *self.words.values())), None)
        return 0 if first is None else len(first)


@dataclass(frozen=True)
class Signature:
    """What a model takes and gives; it is stored with the version, and is all that predicting needs to know."""

    numbers: Sequence[str]
    words: Sequence[str]
    target: str
    task: Task
    whole: bool = field(default=False)
    """Whether the target's classes are whole numbers."""

    def as_json(self) -> dict[str, Any]:
        """For the registry."""
        return {
            "inputs": {"numbers": list(self.numbers), "words": list(self.words)},
            "output": {"name": self.target, "task": self.task, "whole": self.whole},
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Signature":
        """As the registry has it; ValueError where it is none, as anybody can register a version."""
        try:
            inputs, output = stored["inputs"], stored["output"]
            given = {**inputs, "target": output["name"], "task": output["task"], "whole": output["whole"]}
        except (KeyError, TypeError):
            raise ValueError("inputs and output are not as ml-engine stores them") from None
        return _SIGNATURE.validate_python(given)


# To make one takes longer than most models take to predict.
_SIGNATURE = TypeAdapter(Signature)


@dataclass(frozen=True)
class Trained:
    """A model as it is stored."""

    onnx: bytes
    signature: Signature
    metrics: Mapping[str, float]


def inputs(session: Any, numbers: Numbers, words: Words) -> dict[str, NDArray[Any]]:
    """What a stored model is fed, under the names that it has."""
    given: dict[str, NDArray[Any]] = {"numbers": numbers.astype(np.float32), "words": words}
    return {one.name: given[one.name] for one in session.get_inputs()}


MEASURE: Mapping[Task, str] = {"classification": "accuracy", "regression": "r2"}
"""By what two models of a task are compared: a challenger that is not better stays a challenger."""
