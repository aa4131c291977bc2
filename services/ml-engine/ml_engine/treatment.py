"""What each column of a data set is used as, and why: the reasons are for whoever has sent it."""

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chatdb_common.columns import FEATURES, Column
from ml_engine.domain import Frame, Words
from ml_engine.reading import word

# Columns of words with more different ones tell rows apart and teach nothing.
MOST_CATEGORIES = 100
# A column that is no copy of the target differs from it in one of them, mostly.
FIRST_ROWS = 20
BORDERS = re.compile(r"[^0-9A-Za-z]+|(?<=[a-z0-9])(?=[A-Z])")
# How names of identifiers begin, end, or are as a whole; their values have to look like it, too.
BEGINS = frozenset({"id", "unnamed"})
ENDS = frozenset({"id", "ids", "uuid", "guid", "identifier", "key", "no", "nr", "number"})
NAMES = frozenset({"index", "idx", "row", "rowid"})


def columns(frame: Frame, target: Column, there: NDArray[np.bool_]) -> Iterator[Column]:
    """Each column of the data set once, in its order, by the rows that have a target."""
    for name in frame.order:
        reading, why = frame.read[name].reading, frame.read[name].why
        if name == target.name:
            yield target
        elif useless := _useless(frame, name, there):
            yield Column(name=name, role="ignored", why=useless)
        elif _is_copy(frame, name, target.name, np.flatnonzero(there)):
            yield Column(name=name, role="ignored", why="a copy of the target")
        else:
            yield Column(name=name, role=FEATURES[reading.kind], why=why, reading=reading)


def _useless(frame: Frame, name: str, there: NDArray[np.bool_]) -> str | None:
    """Why nothing can be learned from the column, whatever the target is."""
    if name in frame.numbers:
        return _useless_numbers(name, frame.numbers[name][there])
    return _useless_words(frame.words[name][there], dates=frame.read[name].reading.kind == "date")


def _useless_numbers(name: str, column: NDArray[np.float64]) -> str | None:
    known = column[~np.isnan(column)]
    if not known.size:
        return "empty: no row that has a target has a value"
    if (known == known[0]).all():
        return "constant: every value is the same"
    if not _is_named_identifier(name) or not (known == np.round(known)).all():
        return None
    different = len(np.unique(known))
    if different < min(len(known), MOST_CATEGORIES + 1):
        return None
    return f"looks like an identifier: named like one, with {different} different whole numbers in {len(known)} rows"


def _useless_words(column: Words, *, dates: bool) -> str | None:
    different = set(column)
    if different == {""}:
        return "empty: no row that has a target has a value"
    if len(different) == 1:
        return "constant: every value is the same"
    if dates:
        return None
    if len(different) == len(column):
        return "looks like an identifier: every row has another word"
    if len(different) > MOST_CATEGORIES:
        return f"too many different words: {len(different)}, and {MOST_CATEGORIES} are the most"
    return None


def _is_named_identifier(name: str) -> bool:
    parts = [part.lower() for part in BORDERS.split(name) if part]
    return name.lower() in NAMES or (bool(parts) and (parts[0] in BEGINS or parts[-1] in ENDS))


def _is_copy(frame: Frame, name: str, target: str, rows: NDArray[np.int64]) -> bool:
    for some in (rows[:FIRST_ROWS], rows):
        one, other = _comparable(frame, name, some), _comparable(frame, target, some)
        if one.dtype != other.dtype or not (one == other).all():
            return False
    return True


def _comparable(frame: Frame, name: str, rows: NDArray[np.int64]) -> NDArray[Any]:
    """Its values so that a copy has the same ones, however they are written; of true and false, 1 and 0."""
    if name in frame.numbers:
        return frame.numbers[name][rows]
    reading = frame.read[name].reading
    column = frame.words[name][rows]
    plain = {text: word(text, reading).lower() for text in set(column)}
    if reading.kind == "truth" and "" not in plain:
        return np.array([plain[text] == "true" for text in column], dtype=np.float64)
    return np.array([plain[text] for text in column], dtype=object)
