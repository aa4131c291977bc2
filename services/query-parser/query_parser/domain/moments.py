"""Times as people say them: each is a span with a start and an end."""

from dataclasses import dataclass
from datetime import date, timedelta

from lark import Token

from query_parser.domain import units
from query_parser.domain.problems import NotUnderstood
from query_parser.domain.syntax import Node, token, tokens, trees
from query_parser.domain.tree import Moment, Operator

WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
NUMBER_WORDS = {word: number for number, word in enumerate(WORDS, start=1)} | {"twenty": 20, "hundred": 100}
MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# A thousand years.
MOST_OF = {
    "year": 1000,
    "quarter": 4000,
    "month": 12_000,
    "week": 52_000,
    "day": 365_000,
    "hour": 8_760_000,
    "minute": 525_600_000,
    "second": 31_536_000_000,
}
SATURDAY = 6
QUARTERS = {
    name: number
    for number, names in enumerate(
        (("first", "1st", "q1"), ("second", "2nd", "q2"), ("third", "3rd", "q3"), ("fourth", "4th", "q4"))
    )
    for name in names
}
Bounds = tuple[tuple[Operator, Moment], ...]
NOW = Moment()


@dataclass(frozen=True)
class Span:
    """From its start up to its end, which is not part of it."""

    start: Moment
    end: Moment

    def inside(self) -> Bounds:
        """What lies in it."""
        return ((Operator.GE, self.start), (Operator.LT, self.end))


def whole_number(node: Node) -> int:
    """A number that counts something; NotUnderstood for 2.5."""
    text = token(node)
    if text.lower() in NUMBER_WORDS:
        return NUMBER_WORDS[text.lower()]
    if not text.isdecimal() or int(text) > 1_000_000:  # noqa: PLR2004 - more is a slip
        raise NotUnderstood(f"{text} is no number that can be counted with", unresolved=(str(text),))
    return int(text)


def bounds(node: Node) -> Bounds:
    """What a phrase of time asks of a column."""
    said = _said(node)
    points = [child for child in trees(node) if child.data == "point"]
    if points:
        return _from_points(str(node.data), said, points)
    unit = unit_of(said["UNIT"]) if "UNIT" in said else "day"
    numbers = _numbers(node, unit)
    if node.data in {"rolling", "newer"}:
        return ((Operator.GE, Moment(moved=-(numbers or [1])[0], unit=unit)),)
    if node.data == "older":
        return ((Operator.LT, Moment(moved=-(numbers or [1])[0], unit=unit)),)
    return _span(said, numbers).inside()


def on_weekdays(node: Node) -> tuple[Operator, int]:
    """What is asked of the number of a day in the week, of which Monday is 1: one of them, or weekends."""
    word = token(node, "WEEKDAY", "WEEKDAYS", "WEEKEND").lower().removesuffix("s")
    if word in WEEKDAYS:
        return Operator.EQ, WEEKDAYS.index(word) + 1
    return (Operator.GE if word == "weekend" else Operator.LT), SATURDAY


def _said(node: Node) -> dict[str, Token]:
    """The words by their terminals; a unit is one however it is written."""
    return {"UNIT" if one.type == "MEASURE" else one.type: one for one in tokens(node)}


def _from_points(name: str, said: dict[str, Token], nodes: list[Node]) -> Bounds:
    first = _said(nodes[0])
    last = _said(nodes[-1])
    if name == "within":
        if "MONTHNAME" in first and "YEAR" not in first and "YEAR" in last:
            first["YEAR"] = last["YEAR"]
        if any("WEEKDAY" in one or ("MONTHNAME" in one and "YEAR" not in one) for one in (first, last)):
            raise NotUnderstood("of which year and week these are is not said", suggestions=("2026-01-31",))
    spans = [_point(words, node) for words, node in zip((first, last), (nodes[0], nodes[-1]), strict=True)]
    if name == "before":
        return ((Operator.LT, spans[0].start if "BEFORE" in said else spans[0].end),)
    if name == "after":
        return ((Operator.GE, spans[0].end),)
    if name == "since":
        return ((Operator.GE, spans[0].start),)
    if name == "until":
        return ((Operator.LT, spans[0].end),)
    return ((Operator.GE, spans[0].start), (Operator.LT, spans[1].end))


def _point(said: dict[str, Token], node: Node) -> Span:
    return _span(said, _numbers(node, unit_of(said["UNIT"]) if "UNIT" in said else "day"))


def _numbers(node: Node, unit: str) -> list[int]:
    numbers = [whole_number(child) for child in trees(node)]
    if any(number > MOST_OF[unit] for number in numbers):
        raise NotUnderstood("PostgreSQL's calendar does not go back so far")
    return numbers


def on_day(text: str) -> Span:
    """A day that is written as 2026-11-25."""
    day = date.fromisoformat(text)
    if day == date.max:
        raise NotUnderstood(f"{text} is the last day of the calendar: it has no end", unresolved=(text,))
    return Span(Moment(day=day), Moment(day=day + timedelta(days=1)))


def _span(said: dict[str, Token], numbers: list[int]) -> Span:
    if "DATE" in said:
        return on_day(said["DATE"])
    if "YEAR" in said:
        return _in_year(int(said["YEAR"]), said)
    if "MONTHNAME" in said:
        return _latest("year", MONTHS.index(said["MONTHNAME"].lower()), "month")
    if "WEEKDAY" in said:
        return _latest("week", WEEKDAYS.index(said["WEEKDAY"].lower()), "day")
    unit = unit_of(said["UNIT"]) if "UNIT" in said else "day"
    if "AGO" in said:
        return Span(Moment(unit, moved=-numbers[0], unit=unit), Moment(unit, moved=1 - numbers[0], unit=unit))
    before = -1 if "LATEST" in said or "YESTERDAY" in said else 0
    return Span(Moment(unit, moved=before, unit=unit), Moment(unit, moved=before + 1, unit=unit))


def _latest(whole: str, ahead: int, part: str) -> Span:
    """The latest March, or Wednesday, that has begun: so many months or days into a year or a week."""
    return Span(Moment(whole, ahead=ahead, unit=part), Moment(whole, ahead=ahead, moved=1, unit=part))


def _in_year(year: int, said: dict[str, Token]) -> Span:
    """A year, or a month or a quarter of it."""
    if "MONTHNAME" in said:
        return _months(year, MONTHS.index(said["MONTHNAME"].lower()), 1)
    if "QUARTER" in said:
        part, _, kind = said["QUARTER"].lower().partition(" ")
        length = 6 if kind == "half" else 3
        return _months(year, length * QUARTERS[part], length)
    return _months(year, 0, 12)


def _months(year: int, start: int, count: int) -> Span:
    end = start + count
    return Span(Moment(day=date(year, start + 1, 1)), Moment(day=date(year + end // 12, end % 12 + 1, 1)))


def unit_of(word: str) -> str:
    """The unit that "weeks", "weekly" and "wk" are about; NotUnderstood where it measures something else."""
    lowered = word.lower()
    if units.kind_of(lowered) not in {None, "time"}:
        raise NotUnderstood(f"{word} is no unit of time", unresolved=(word,))
    if lowered in units.SHORT:
        return units.SHORT[lowered]
    plain = lowered.removesuffix("'s").removesuffix("s").removesuffix("ly")
    return {"dai": "day"}.get(plain, plain)
