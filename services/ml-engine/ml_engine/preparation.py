"""From a data set to what is learned from what: the target, the task, and the features."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chatdb_common.columns import Column, Reading
from chatdb_common.messages import Task
from ml_engine import treatment
from ml_engine.domain import BadData, Frame, Numbers, Words
from ml_engine.reading import derived, moment, word
from ml_engine.signature import Feature, Signature

FEWEST_ROWS = 10
MOST_CLASSES = 50
# Whole numbers are classes where there are few of them, and each comes often.
FEW_NUMBERS, ROWS_PER_NUMBER = 20, 5
# Sums over all rows have to fit 32 bits.
LARGEST = 1e30
# So many of the first rows the stored model has to predict as the trained one does.
SAMPLE = 1000
# So many ignored columns are named where no column is left.
NAMED = 5


@dataclass(frozen=True)
class Examples:
    """Features and target, row by row; a word is its place in its column's `categories`, which takes four bytes."""

    features: Numbers
    categories: Sequence[Words]
    target: NDArray[Any]
    signature: Signature

    @property
    def numbers(self) -> int:
        """How many of the features, the first ones, are numbers."""
        return self.signature.width

    def sample(self) -> tuple[Numbers, Words]:
        """Numbers and words of the first rows, as a stored model takes them."""
        first = self.features[:SAMPLE]
        words = [known[first[:, self.numbers + i].astype(int)] for i, known in enumerate(self.categories)]
        return first[:, : self.numbers], np.column_stack(words) if words else np.empty((len(first), 0), dtype=object)


def prepare(frame: Frame, target: str | None, task: Task | None) -> Examples:
    """Which column is learned from which; rows without a target are left out."""
    name = frame.order[-1] if target is None else target
    if name not in frame.order:
        raise BadData(f"there is no column {name!r}; there are: {', '.join(frame.order)[:500]}")
    wanted: NDArray[Any] = frame.numbers[name] if name in frame.numbers else frame.words[name]
    there = ~np.isnan(wanted) if name in frame.numbers else wanted != ""
    wanted = wanted[there]
    if len(wanted) < FEWEST_ROWS:
        raise BadData(
            f"only {len(wanted)} rows have a value in {name!r}, and {FEWEST_ROWS} are the fewest to learn from"
        )
    task, why = (task, "as the job says") if task else _task(wanted)
    whole = task == "classification" and wanted.dtype != object and bool((wanted == np.round(wanted)).all())
    values = _classes(name, wanted, whole=whole) if task == "classification" else _amounts(name, wanted)
    # Classes are predicted as they are written, whatever they would be as a feature.
    reading = frame.read[name].reading if name in frame.numbers else Reading(kind="word")
    told = Column(name=name, role="target", why=f"{task}: {why}", reading=reading)
    columns = list(treatment.columns(frame, told, there))
    signature = Signature(columns, name, task, whole=whole, source=frame.source)
    if not signature.needed:
        raise BadData(f"no column is left to learn from{_named(columns)}")
    return Examples(*_features(frame, signature, there), values, signature)


def _named(columns: Sequence[Column]) -> str:
    """Why some of the columns are of no use, where there are any."""
    ignored = [f"{column.name!r} is ignored: {column.why}" for column in columns if column.role == "ignored"]
    return "".join(f"; {text}" for text in ignored[:NAMED])


def _features(frame: Frame, signature: Signature, there: NDArray[np.bool_]) -> tuple[Numbers, list[Words]]:
    made = np.empty((int(there.sum()), signature.width + len(signature.words)), dtype=np.float32)
    place = 0
    for feature in signature.scalars:
        made[:, place : place + feature.width] = _scalars(frame, feature, there)
        place += feature.width
    categories = []
    for place, feature in enumerate(signature.words, signature.width):
        known, made[:, place] = np.unique(_words(frame, feature, there), return_inverse=True)
        categories.append(known)
    return made, categories


def _scalars(frame: Frame, feature: Feature, there: NDArray[np.bool_]) -> NDArray[np.float64]:
    """In columns: the numbers, or the parts of the dates."""
    if feature.reading.order is None:
        return _fitting(feature.name, frame.numbers[feature.name][there])[:, None]
    column = frame.words[feature.name][there]
    moments = {text: moment(text, feature.reading.order) for text in set(column)}
    return derived(np.array([moments[text] for text in column], dtype=np.float64), feature.reading)


def _words(frame: Frame, feature: Feature, there: NDArray[np.bool_]) -> Words:
    column = frame.words[feature.name][there]
    if feature.reading.kind != "truth":
        return column
    return np.array([word(text, feature.reading) for text in column], dtype=object)


def _fitting(name: str, column: NDArray[np.float64]) -> NDArray[np.float64]:
    if (np.abs(column) > LARGEST).any():
        raise BadData(
            f"column {name!r} has numbers that are too large: {LARGEST:g} is the largest; scale or remove them"
        )
    return column


def _task(target: NDArray[Any]) -> tuple[Task, str]:
    """The task where the job leaves it open, and why."""
    if target.dtype == object:
        return "classification", "its words are classes"
    if not (target == np.round(target)).all():
        return "regression", "its numbers have decimals"
    different = len(np.unique(target))
    if different <= FEW_NUMBERS and len(target) >= different * ROWS_PER_NUMBER:
        return "classification", "its whole numbers are few, and each comes often"
    return "regression", "its whole numbers are many, or come rarely"


def _classes(name: str, target: NDArray[Any], *, whole: bool) -> NDArray[np.str_]:
    texts = [str(int(value)) if whole else str(value) for value in target]
    counts = Counter(texts)
    if len(counts) < 2:  # noqa: PLR2004 - one class is none to tell apart
        raise BadData(f"column {name!r} has one class only, {next(iter(counts))!r}: there is nothing to tell apart")
    if len(counts) > MOST_CLASSES:
        raise BadData(f"column {name!r} has {len(counts)} classes, and {MOST_CLASSES} are the most")
    rare = [value for value, count in counts.items() if count == 1]
    if rare:
        raise BadData(f"class {rare[0]!r} of column {name!r} has one row only: it can't be learned and tested")
    return np.asarray(texts)


def _amounts(name: str, target: NDArray[Any]) -> NDArray[np.float64]:
    if target.dtype == object:
        raise BadData(f"column {name!r} holds words, and a regression needs numbers")
    if len(np.unique(target)) < 2:  # noqa: PLR2004 - see above
        raise BadData(f"column {name!r} has the same value in every row")
    return _fitting(name, target.astype(np.float64))
