"""From an Arrow table to columns of numbers and of words, each with how it was read."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from chatdb_common.columns import DataSet, Reading
from ml_engine import reading
from ml_engine.domain import BadData, Frame, Read, Words
from ml_engine.limits import MOST_NAME
from ml_engine.parquet_files import is_text
from ml_engine.reading import MARKS, MISSING, Mark

# What is a number to Arrow, and may be something else to a person: a code, or thousands.
ZEROS = "^0[0-9]"
THOUSANDS = r"^[+-]?[1-9][0-9]{0,2}(\.[0-9]{3})+$"
Floats = NDArray[np.float64]


def frame(table: pa.Table, default: Mark, source: DataSet) -> Frame:
    """The table's columns; `default` is the decimal mark where the numbers leave it open."""
    names = _names(table.column_names)
    numbers: dict[str, Floats] = {}
    words: dict[str, Words] = {}
    read: dict[str, Read] = {}
    possible: dict[str, frozenset[Mark]] = {}
    for name, column in zip(names, table.columns, strict=True):
        places, values = _once(column)
        floats = _numbers(values)
        if floats is None:
            possible[name] = reading.marks(_texts(values))
        else:
            numbers[name], possible[name] = np.append(floats, np.nan)[places], _marks(values)
    mark = reading.file_mark(possible.values(), default)
    # The others depend on the mark. They are looked up once more, as all their values at a time take much memory.
    for name, column in zip(names, table.columns, strict=True):
        if name in numbers:
            decimal: Mark = mark if mark in possible[name] else "."
            read[name] = Read(Reading(kind="number", decimal=decimal), "numbers")
            continue
        places, values = _once(column)
        read[name] = Read(*reading.reading_of(_texts(values), possible[name], mark))
        if read[name].reading.decimal is None:
            words[name] = np.append(_words(values), "")[places]
        else:
            numbers[name] = np.append(_parsed(values, read[name].reading), np.nan)[places]
    return Frame(numbers, words, names, read, source)


def _names(given: Sequence[str]) -> list[str]:
    names = [name.strip() for name in given]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled or "" in names:
        raise BadData(f"column {doubled[0][:MOST_NAME]!r} is there twice" if doubled else "a column has no name")
    longest = max(names, key=len)
    if len(longest) > MOST_NAME:
        raise BadData(f"a column's name has {len(longest)} characters, and {MOST_NAME} are the most")
    if any("\0" in name for name in names):
        raise BadData("a column's name has a NUL character")
    return names


def _once(column: pa.ChunkedArray) -> tuple[NDArray[np.int64], pa.Array]:
    """For each row which of the values it has, -1 for none; each value is there once, in memory, too."""
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    array = column.unify_dictionaries().combine_chunks()
    return pc.fill_null(array.indices.cast(pa.int64()), -1).to_numpy(), array.dictionary


def _numbers(values: pa.Array) -> Floats | None:
    """The values as numbers, if that is all they can be; what is infinite counts as missing."""
    if pa.types.is_boolean(values.type) or pa.types.is_temporal(values.type):
        return None
    try:
        if is_text(values.type):
            values = _without_missing(pc.cast(values, pa.string()))
            if values.null_count == len(values):
                return None
        # Of whole numbers that no float has, the nearest is taken, as it is of text.
        numbers = pc.cast(values, pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None
    if is_text(values.type) and (_any(values, ZEROS) or (_any(values, THOUSANDS) and _marks(values) == MARKS)):
        return None
    floats: Floats = numbers.astype(np.float64)
    floats[~np.isfinite(floats)] = np.nan
    return floats


def _marks(values: pa.Array) -> frozenset[Mark]:
    """Which decimal marks are possible in a column of numbers; a point that groups no thousands leaves no choice."""
    if not is_text(values.type):
        return MARKS
    texts = _without_missing(pc.cast(values, pa.string()))
    pointed = pc.match_substring(texts, ".")
    grouped = pc.match_substring_regex(texts, THOUSANDS)
    return MARKS if pc.all(pc.or_(pc.invert(pointed), grouped)).as_py() is not False else frozenset({"."})


def _any(texts: pa.Array, pattern: str) -> bool:
    return bool(pc.any(pc.match_substring_regex(texts, pattern)).as_py())


def _texts(values: pa.Array) -> list[str]:
    """The values as words, those that are there."""
    return [word for word in _words(values) if word]


def _parsed(values: pa.Array, how: Reading) -> Floats:
    """Numbers that are written as people write them; one that is missing, or not finite, is NaN."""
    made = [reading.number(word, how.decimal or ".") for word in _words(values)]
    return np.array(made, dtype=np.float64)


def _words(values: pa.Array) -> Words:
    try:
        known = _without_missing(pc.cast(values, pa.string()))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise BadData(f"a column of type {values.type} can't be used") from None
    return np.asarray(pc.fill_null(known, "").to_numpy(zero_copy_only=False), dtype=object)


def _without_missing(values: pa.Array) -> pa.Array:
    trimmed = pc.utf8_trim_whitespace(values)
    missing = pc.is_in(pc.utf8_lower(trimmed), value_set=pa.array(sorted(MISSING)))
    return pc.if_else(missing, pa.scalar(None, trimmed.type), trimmed)
