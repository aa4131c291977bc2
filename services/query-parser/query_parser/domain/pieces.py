"""The pieces of a question's text: words, numbers, signs, days, and what is in quotes."""

import re
from dataclasses import dataclass
from datetime import date

from query_parser.domain.moments import MONTHS
from query_parser.domain.problems import NotUnderstood

MONTH = "|".join([*MONTHS, *(f"{month[:3]}\\.?" for month in MONTHS)])
DAY, YEAR = r"(?P<{0}day>\d{{1,2}})(?:st|nd|rd|th)?", r"(?P<{0}year>(?:19|20)\d\d)(?![\w-])"
# "29 February 2024", "29th of February, 2024" and "February 29, 2024".
DAY_FIRST = rf"{DAY.format('a')}\s+(?:of\s+)?(?P<amonth>{MONTH}),?\s+{YEAR.format('a')}"
MONTH_FIRST = rf"(?P<bmonth>{MONTH})\s+(?:the\s+)?{DAY.format('b')},?\s+{YEAR.format('b')}"
PIECE = re.compile(
    rf"""\s*(?: "(?P<double>[^"]*)" | '(?P<single>[^']*)'(?!\w)
      | (?P<uuid>[0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}})(?!\w) | (?P<date>\d{{4}}-\d{{2}}-\d{{2}})(?!\w)
      | (?P<spelled>{DAY_FIRST} | {MONTH_FIRST})
      | (?P<thousands>\d{{1,3}}(?:,\d{{3}})+)(?![\w,])
      | (?P<number>\d+(?:\.\d+)?)(?![\w.]*\w) | (?P<quantity>\d+(?:\.\d+)?(?=[a-zA-Z]{{1,3}}(?![\w.:/-]*\w)))
      | (?P<word>[./@]?[^\W\d][\w'/:.@-]*[\w]|[^\W\d]|\d[\w/:.-]*[^\W\d][\w/:.-]*(?<=\w))
      | (?P<sign><=|>=|!=|<>|<|>|=|,) )""",
    re.VERBOSE | re.IGNORECASE,
)
KINDS = {
    "double": "string",
    "single": "string",
    "uuid": "name",
    "quantity": "number",
    "thousands": "number",
    "spelled": "date",
}
LONGEST_TEXT = 1000


@dataclass(frozen=True)
class Piece:
    """A word, a number, a sign, a day, a name or something in quotes."""

    kind: str
    text: str


def split(text: str) -> list[Piece]:
    """The pieces in order; NotUnderstood where there are signs that no question has."""
    if len(text) > LONGEST_TEXT:
        raise NotUnderstood(f"a question has at most {LONGEST_TEXT} characters")
    stripped = text.strip().rstrip("?!. \n")
    pieces: list[Piece] = []
    end = 0
    while end < len(stripped):
        match = PIECE.match(stripped, end)
        if match is None:
            rest = stripped[end:].split()[0]
            raise NotUnderstood(f"{rest!r} is no part of a question", unresolved=(rest,))
        pieces.append(_piece(match))
        end = match.end()
    return pieces


def _piece(match: re.Match[str]) -> Piece:
    kind = next(name for name, text in match.groupdict().items() if text is not None)
    text = _iso(match) if kind == "spelled" else match[kind].replace(",", "") if kind == "thousands" else match[kind]
    if KINDS.get(kind, kind) == "date":
        try:
            date.fromisoformat(text)
        except ValueError:
            raise NotUnderstood(f"{text} is no day of the calendar", unresolved=(match[0].strip(),)) from None
    return Piece(KINDS.get(kind, kind), text)


def _iso(match: re.Match[str]) -> str:
    side = "a" if match["aday"] else "b"
    month = next(number for number, name in enumerate(MONTHS, 1) if name.startswith(match[f"{side}month"][:3].lower()))
    return f"{match[f'{side}year']}-{month:02}-{int(match[f'{side}day']):02}"
