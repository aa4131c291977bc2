"""What a model takes and gives: stored with its version, and all that predicting needs to know."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from pydantic import TypeAdapter

from chatdb_common.columns import FEATURES, Column, DataSet, Reading
from chatdb_common.messages import Task
from ml_engine.reading import parts


class Feature(NamedTuple):
    """A column that a model learns from, and how it is read."""

    name: str
    reading: Reading

    @property
    def width(self) -> int:
        """How many numbers the model takes of it, where it is no word."""
        return len(parts(self.reading)) if self.reading.kind == "date" else 1


@dataclass(frozen=True)
class Signature:
    """The columns of the data set with what was done with each, and what is predicted."""

    columns: Sequence[Column]
    target: str
    task: Task
    whole: bool = field(default=False)
    """Whether the target's classes are whole numbers."""
    source: DataSet | None = None
    """None for a version that was trained before this was kept."""

    @cached_property
    def scalars(self) -> tuple[Feature, ...]:
        """What the model takes as numbers, several for each date; in the columns' order."""
        return tuple(one for one in self._features if FEATURES[one.reading.kind] != "word")

    @cached_property
    def words(self) -> tuple[Feature, ...]:
        """What the model takes as words; in the columns' order."""
        return tuple(one for one in self._features if FEATURES[one.reading.kind] == "word")

    @cached_property
    def scalar_names(self) -> tuple[str, ...]:
        """Their names, which each request looks up."""
        return tuple(feature.name for feature in self.scalars)

    @cached_property
    def word_names(self) -> tuple[str, ...]:
        """Their names, which each request looks up."""
        return tuple(feature.name for feature in self.words)

    @cached_property
    def codes(self) -> tuple[int, ...]:
        """The places of the codes among the words."""
        return self._places("code")

    @cached_property
    def truths(self) -> tuple[int, ...]:
        """The places of the true/false words among the words."""
        return self._places("truth")

    @cached_property
    def width(self) -> int:
        """How many numbers the model takes."""
        return sum(feature.width for feature in self.scalars)

    @cached_property
    def has_dates(self) -> bool:
        """Whether it takes more numbers than there are columns of them."""
        return self.width > len(self.scalars)

    @cached_property
    def needed(self) -> frozenset[str]:
        """The columns that an instance must have."""
        return frozenset(feature.name for feature in self._features)

    @cached_property
    def allowed(self) -> frozenset[str]:
        """The columns that it may have."""
        return self.needed | {column.name for column in self.columns if column.role == "ignored"}

    def _places(self, kind: str) -> tuple[int, ...]:
        return tuple(place for place, feature in enumerate(self.words) if feature.reading.kind == kind)

    @cached_property
    def _features(self) -> tuple[Feature, ...]:
        used = (column for column in self.columns if column.is_feature)
        return tuple(Feature(column.name, column.reading) for column in used if column.reading)

    def as_json(self) -> dict[str, Any]:
        """For the registry."""
        return {
            "columns": [column.model_dump(mode="json") for column in self.columns],
            "output": {"name": self.target, "task": self.task, "whole": self.whole},
            "trained_on": None if self.source is None else self.source.model_dump(mode="json"),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Signature":
        """As the registry has it; ValueError where it is none, as anybody can register a version.

        What this release does not know is refused: it may say how a value is to be read.
        """
        try:
            output = stored["output"]
            columns = stored["columns"] if "columns" in stored else list(plain(**stored["inputs"]))
            given = {"columns": columns, "target": output["name"], "task": output["task"], "whole": output["whole"]}
        except (KeyError, TypeError):
            raise ValueError("columns and output are not as ml-engine stores them") from None
        return _SIGNATURE.validate_python({**given, "source": stored.get("trained_on")}, extra="forbid")


def plain(numbers: Sequence[str], words: Sequence[str]) -> Iterator[Column]:
    """Columns of numbers and of words, as versions had them before there was more to say."""
    yield from (Column(name=name, role="number", reading=Reading(kind="number", decimal=".")) for name in numbers)
    yield from (Column(name=name, role="word", reading=Reading(kind="word")) for name in words)


# To make one takes longer than most models take to predict.
_SIGNATURE = TypeAdapter(Signature)
