"""Instances as a model takes them: each value is read as its column was in training."""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chatdb_common.columns import Reading
from ml_engine.domain import LARGEST, Numbers, Words
from ml_engine.reading import MISSING, derived, moment, number, trimmed, word
from ml_engine.signature import Feature, Signature

# What a cell may be; null is a number or a word that is missing, and True and False are words.
NUMBERS = frozenset({int, float, type(None)})
WORDS = frozenset({str, int, float, bool, type(None)})
# A number would have lost the zeros that a code begins with.
CODES = frozenset({str, type(None)})
NAN = float("nan")


class BadInstance(ValueError):
    """An instance is not what the model takes; `field` says where."""

    def __init__(self, field: str, message: str) -> None:
        """`field` as in the request."""
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


def arrays(signature: Signature, instances: Sequence[Mapping[str, Any]]) -> tuple[Numbers, Words]:
    """The instances as a model takes them; BadInstance where one has other columns or values.

    Columns that training has ignored may be there, and are ignored again.
    """
    # Cell by cell takes several times as long as a model.
    made = at_once(signature, instances)
    return cell_by_cell(signature, instances) if made is None else made


def at_once(signature: Signature, instances: Sequence[Mapping[str, Any]]) -> tuple[Numbers, Words] | None:
    """What `cell_by_cell` gives; None where something may be wrong, for that to find and name it."""
    scalars, texts = signature.scalar_names, signature.word_names
    try:
        numbers = [row[name] for row in instances for name in scalars]
        words = [row[name] for row in instances for name in texts]
    except KeyError:
        return None
    # Where nothing is missing, more than is needed is what may be too much.
    if set(map(len, instances)) != {len(signature.needed)} and not signature.allowed.issuperset(chain(*instances)):
        return None
    table = _table(signature, numbers)
    # Nor the largest itself: a whole number that is larger may have become it.
    if table is None or np.count_nonzero(np.abs(table) >= LARGEST) or not _are_words(signature, words):
        return None
    rows = len(instances)
    return (
        expanded(signature, table.reshape(rows, len(signature.scalars))),
        _texts(signature, words).reshape(rows, len(signature.words)),
    )


def cell_by_cell(signature: Signature, instances: Sequence[Mapping[str, Any]]) -> tuple[Numbers, Words]:
    """The same slowly; BadInstance with the first cell that is wrong."""
    for place, instance in enumerate(instances):
        for name in sorted((set(instance) - signature.allowed) | (signature.needed - set(instance))):
            raise BadInstance(f"instances.{place}.{name}", _problem(signature, instance, name))
    numbers = [[_number(i, one, row[one.name]) for one in signature.scalars] for i, row in enumerate(instances)]
    words = [[_word(i, one, row[one.name]) for one in signature.words] for i, row in enumerate(instances)]
    table = np.array(numbers, dtype=np.float64).reshape(len(instances), len(signature.scalars))
    return expanded(signature, table), np.asarray(words, dtype=object).reshape(len(instances), len(signature.words))


def expanded(signature: Signature, table: NDArray[np.float64]) -> Numbers:
    """The numbers that a model takes: one for each number, and several for each date."""
    if not signature.has_dates:
        return table.astype(np.float32)
    columns = zip(signature.scalars, table.T, strict=True)
    made = [derived(cells, one.reading) if one.reading.kind == "date" else cells[:, None] for one, cells in columns]
    return np.hstack(made).astype(np.float32)


def _table(signature: Signature, cells: list[Any]) -> NDArray[np.float64] | None:
    """Numbers and dates in float64, which can tell what is too large for float32; None where one is neither."""
    width = len(signature.scalars)
    if signature.has_dates or not NUMBERS.issuperset(map(type, cells)):
        for place, feature in enumerate(signature.scalars):
            cells[place::width] = [_scalar(feature.reading, cell) for cell in cells[place::width]]
        if any(cell is None for cell in cells):
            return None
    try:
        # None is NaN.
        return np.array(cells, dtype=np.float64)
    except OverflowError:
        return None


def _are_words(signature: Signature, cells: Sequence[Any]) -> bool:
    width = len(signature.words)
    return WORDS.issuperset(map(type, cells)) and all(
        CODES.issuperset(map(type, cells[place::width])) for place in signature.codes
    )


def _texts(signature: Signature, cells: Sequence[Any]) -> Words:
    texts = list(map(str.strip if set(map(type, cells)) == {str} else _text, cells))
    if not MISSING.isdisjoint(map(str.lower, texts)):
        texts = list(map(trimmed, texts))
    width = len(signature.words)
    for place in signature.truths:
        reading = signature.words[place].reading
        texts[place::width] = [word(text, reading) for text in texts[place::width]]
    return np.array(texts, dtype=object)


def _number(place: int, feature: Feature, cell: Any) -> float:
    value = _scalar(feature.reading, cell)
    if value is None:
        kind = f"a date ({feature.reading.order})" if feature.reading.kind == "date" else "a number"
        raise BadInstance(f"instances.{place}.{feature.name}", f"has to be {kind} or null")
    if abs(value) > LARGEST:
        raise BadInstance(f"instances.{place}.{feature.name}", f"is too large: {LARGEST:.1e} is the largest number")
    return float(value)


def _scalar(reading: Reading, cell: Any) -> float | None:
    """The number, or the moment of a date; None where it is neither."""
    if cell is None:
        return NAN
    if reading.order is not None:
        return moment(trimmed(cell), reading.order) if isinstance(cell, str) else None
    if isinstance(cell, str):
        text = trimmed(cell)
        return None if text.endswith("%") and reading.kind != "percent" else number(text, reading.decimal or ".")
    return cell if type(cell) in NUMBERS else None


def _word(place: int, feature: Feature, cell: Any) -> str:
    if type(cell) not in (CODES if feature.reading.kind == "code" else WORDS):
        kind = "text with the code's leading zeros" if feature.reading.kind == "code" else "a word"
        raise BadInstance(f"instances.{place}.{feature.name}", f"has to be {kind} or null")
    return word(trimmed(_text(cell)), feature.reading)


def _text(cell: str | float | None) -> str:
    if cell is None:
        return ""
    return str(cell).lower() if isinstance(cell, bool) else str(cell).strip()


def _problem(signature: Signature, instance: Mapping[str, Any], name: str) -> str:
    if name not in instance:
        return "is missing: null says that there is none"
    return "is what this model predicts: leave it out" if name == signature.target else "is no column of this model"
