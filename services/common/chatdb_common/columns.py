"""What training does with each column of a data set, and why: shown with the job, and stored with the version.

Predictions read their instances by it, so that a value means there what it meant in training.
"""

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Kind = Literal["number", "percent", "word", "code", "truth", "date"]
Order = Literal["year-month-day", "day-month-year", "month-day-year"]
Role = Literal["number", "word", "date", "target", "ignored"]
FEATURES: Mapping[Kind, Role] = {
    "number": "number",
    "percent": "number",
    "word": "word",
    "code": "word",
    "truth": "word",
    "date": "date",
}
"""As what a column is learned from that is read so."""


class Reading(BaseModel):
    """How the text of a column becomes a value.

    A percentage is the number before its sign, a code keeps its leading zeros as a word, and a truth is one of the
    words `true` and `false`, however it is written.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: Kind
    decimal: Literal[".", ","] | None = Field(default=None, exclude_if=lambda mark: mark is None)
    """Of numbers: which mark is before the decimals; the other one may group thousands."""
    order: Order | None = Field(default=None, exclude_if=lambda order: order is None)
    """Of dates."""
    time: bool = Field(default=False, exclude_if=lambda time: not time)
    """Of dates: whether they have a time of day."""

    @model_validator(mode="after")
    def _says_all(self) -> Self:
        if (self.decimal is None) == (FEATURES[self.kind] == "number"):
            raise ValueError("numbers have a decimal mark, and nothing else has one")
        if (self.order is None) == (self.kind == "date"):
            raise ValueError("dates have an order, and nothing else has one")
        return self


class Column(BaseModel):
    """One column of a data set: what it was used as, why, and how it is read; an ignored one is not read."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    role: Role
    why: str = ""
    reading: Reading | None = Field(default=None, exclude_if=lambda reading: reading is None)

    @property
    def is_feature(self) -> bool:
        """Whether the model learns from it."""
        return self.role in FEATURES.values()

    @model_validator(mode="after")
    def _is_readable(self) -> Self:
        if self.is_feature and (self.reading is None or FEATURES[self.reading.kind] != self.role):
            raise ValueError(f"a column that is used as a {self.role} has to be read as one")
        return self


class DataSet(BaseModel):
    """What a model was trained on: measurements of two models are compared only where `sha256` is the same."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    sha256: str
    read_as: str
    """The format, and for CSV the encoding and the delimiter that were found."""
