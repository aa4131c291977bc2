"""How text becomes a number, a word or a date: the same for a data set and for an instance to predict.

Which reading a column has is decided by all its values together; nothing is guessed where two readings fit that
disagree, but for the decimal mark, which all columns of a file share.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import date, time
from itertools import chain
from math import isfinite
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from chatdb_common.columns import Order, Reading

Mark = Literal[".", ","]
MARKS: frozenset[Mark] = frozenset({".", ","})
MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "?"})
NAN = float("nan")
SPACES = " '\u2019\u00a0\u202f"
"""What groups thousands beside the mark that is not the decimal one."""
PAIRS = (("true", "false"), ("yes", "no"), ("y", "n"), ("t", "f"), ("on", "off"))
TRUTHS = {word: truth for pair in PAIRS for word, truth in zip(pair, PAIRS[0], strict=True)}
CODE = re.compile(r"[0-9]+")
# What Arrow reads as a float that is not finite.
ENDLESS = re.compile(r"[+-]?(inf|infinity|nan(\([a-z0-9_]*\))?)", re.ASCII | re.IGNORECASE)
TIME = r"(?:[T ]+(\d{1,2}):(\d\d)(?::(\d\d)(?:\.\d+)?)?(?: ?(?:Z|[+-]\d\d:?\d\d))?)?"
ORDERS: Mapping[Order, tuple[re.Pattern[str], tuple[int, int, int]]] = {
    "year-month-day": (re.compile(rf"(\d{{4}})([-/.])(\d\d?)\2(\d\d?){TIME}", re.ASCII), (0, 2, 3)),
    "day-month-year": (re.compile(rf"(\d\d?)([-/.])(\d\d?)\2(\d{{4}}){TIME}", re.ASCII), (3, 2, 0)),
    # Nobody writes it with points.
    "month-day-year": (re.compile(rf"(\d\d?)([-/])(\d\d?)\2(\d{{4}}){TIME}", re.ASCII), (3, 0, 2)),
}
"""With the groups of year, month and day."""
EPOCH = date(1970, 1, 1).toordinal()
DAY_SECONDS, HOUR_SECONDS, MINUTE_SECONDS = 86_400, 3_600, 60
# The first of January 1970 was a Thursday.
FIRST_WEEKDAY = 3
PARTS = ("days since 1970", "month", "day of the month", "day of the week")
HOUR = "hour"


def _numbers(decimal: str, other: str) -> re.Pattern[str]:
    grouped = rf"[1-9]\d{{0,2}}([{re.escape(other + SPACES)}])\d{{3}}(?:\2\d{{3}})*"
    mark = re.escape(decimal)
    plain = rf"[+-]?(?:(?:{grouped}|\d+)(?:{mark}\d*)?|{mark}\d+)(?:[eE][+-]?\d+)?"
    return re.compile(rf"({plain})[{SPACES}]*%?", re.ASCII)


NUMBERS: Mapping[Mark, re.Pattern[str]] = {".": _numbers(".", ","), ",": _numbers(",", ".")}


def trimmed(text: str) -> str:
    """The word without blanks around it; "" where it stands for a value that is missing."""
    text = text.strip()
    return "" if text.lower() in MISSING else text


def number(text: str, decimal: Mark) -> float | None:
    """The number that a trimmed text is, NaN where it is missing or not finite; None where it is none.

    A percentage is the number before its sign.
    """
    found = NUMBERS[decimal].fullmatch(text)
    if found is None:
        return NAN if text == "" or ENDLESS.fullmatch(text) else None
    plain, group = found.groups()
    if group:
        plain = plain.replace(group, "")
    value = float(plain if decimal == "." else plain.replace(",", "."))
    return value if isfinite(value) else NAN


def moment(text: str, order: Order) -> float | None:
    """The seconds from 1970 to a date as it is written, NaN where it is missing; None where it is none.

    What it says of its time zone is left out: the hour that somebody wrote down is what a model can learn from.
    """
    if text == "":
        return NAN
    pattern, places = ORDERS[order]
    found = pattern.fullmatch(text)
    if found is None:
        return None
    written = found.groups()
    year, month, day = (int(written[place]) for place in places)
    hour, minute, second = (int(part or 0) for part in written[-3:])
    try:
        days = date(year, month, day).toordinal() - EPOCH
        time(hour, minute, second)
    except ValueError:
        return None
    return float(days * DAY_SECONDS + hour * HOUR_SECONDS + minute * MINUTE_SECONDS + second)


def parts(reading: Reading) -> tuple[str, ...]:
    """What is derived of each date of a column; a model has a number for each."""
    return (*PARTS, HOUR) if reading.time else PARTS


def derived(moments: NDArray[np.float64], reading: Reading) -> NDArray[np.float64]:
    """The parts of each date, in columns; NaN where it is missing."""
    there = ~np.isnan(moments)
    seconds = np.where(there, moments, 0)
    days = np.floor(seconds / DAY_SECONDS)
    dates = days.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    made = [days, months.astype(int) % 12 + 1, (dates - months).astype(int) + 1, (days + FIRST_WEEKDAY) % 7]
    if reading.time:
        made.append((seconds - days * DAY_SECONDS) / HOUR_SECONDS)
    return np.where(there[:, None], np.column_stack(made).astype(np.float64), NAN)


def word(text: str, reading: Reading) -> str:
    """The word that a trimmed text is."""
    return TRUTHS.get(text.lower(), text) if reading.kind == "truth" else text


def marks(texts: Collection[str]) -> frozenset[Mark]:
    """Which decimal marks the texts can have: none where they are no numbers, or percentages among others."""
    if len({text.endswith("%") for text in texts}) != 1:
        return frozenset()
    return frozenset(mark for mark in MARKS if all(number(text, mark) is not None for text in texts))


def file_mark(columns: Iterable[frozenset[Mark]], default: Mark) -> Mark:
    """The mark of those columns that can have one mark only; the default where there are none, or of both kinds."""
    certain = set(chain.from_iterable(one for one in columns if len(one) == 1))
    return certain.pop() if len(certain) == 1 else default


def reading_of(texts: Collection[str], possible: frozenset[Mark], mark: Mark) -> tuple[Reading, str]:
    """How a column with these different texts, none of them missing, is read; and the same for a person."""
    if any(text[0] == "0" and len(text) > 1 for text in texts) and all(map(CODE.fullmatch, texts)):
        return Reading(kind="code"), "codes with leading zeros"
    if possible:
        return _reading_of_numbers(texts, mark if mark in possible else next(iter(possible)))
    orders = [order for order in ORDERS if texts and all(moment(text, order) is not None for text in texts)]
    if orders == ["day-month-year", "month-day-year"]:
        return Reading(kind="word"), "dates in which day and month can't be told apart (write 2026-01-31)"
    if orders:
        return _reading_of_dates(texts, orders[0])
    if any(set(map(str.lower, texts)) == set(pair) for pair in PAIRS):
        return Reading(kind="truth"), "true/false words"
    return Reading(kind="word"), "words"


def _reading_of_numbers(texts: Collection[str], mark: Mark) -> tuple[Reading, str]:
    percent = next(iter(texts)).endswith("%")
    other = "," if mark == "." else "."
    found = ["a decimal comma"] if mark == "," and any("," in text for text in texts) else []
    if any(char in text.strip("% ") for text in texts for char in other + SPACES):
        found.append("thousands separators")
    said = ("percentages (12% is 12)" if percent else "numbers") + " with " * bool(found) + " and ".join(found)
    return Reading(kind="percent" if percent else "number", decimal=mark), said


def _reading_of_dates(texts: Collection[str], order: Order) -> tuple[Reading, str]:
    timed = any(":" in text and (moment(text, order) or 0) % DAY_SECONDS for text in texts)
    reading = Reading(kind="date", order=order, time=timed)
    return reading, f"dates ({order}), as {', '.join(parts(reading))}"
