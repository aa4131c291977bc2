"""Times as people say them: each is a span with a start and an end."""

from dataclasses import dataclass
from datetime import date, timedelta

from lark import Token

from query_parser.domain.problems import NotUnderstood
from query_parser.domain.syntax import Node, token, tokens, trees
from query_parser.domain.tree import Moment, Operator

WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
NUMBER_WORDS = {word: number for number, word in enumerate(WORDS, start=1)} | {"twenty": 20, "hundred": 100}
MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
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
    said = {one.type: one for one in tokens(node)}
    points = [point(child) for child in trees(node) if child.data == "point"]
    if points:
        return _from_points(str(node.data), said, points)
    numbers = [whole_number(child) for child in trees(node)]
    unit = unit_of(said["UNIT"]) if "UNIT" in said else "day"
    if node.data in {"rolling", "newer"}:
        return ((Operator.GE, Moment(moved=-(numbers or [1])[0], unit=unit)),)
    if node.data == "older":
        return ((Operator.LT, Moment(moved=-numbers[0], unit=unit)),)
    return _span(said, numbers).inside()


def _from_points(name: str, said: dict[str, Token], points: list[Span]) -> Bounds:
    if name == "before":
        return ((Operator.LT, points[0].start if "BEFORE" in said else points[0].end),)
    if name == "after":
        return ((Operator.GE, points[0].end),)
    if name == "since":
        return ((Operator.GE, points[0].start),)
    return ((Operator.GE, points[0].start), (Operator.LT, points[1].end))


def point(node: Node) -> Span:
    """A day, a year, a calendar unit, or so long ago."""
    return _span({one.type: one for one in tokens(node)}, [whole_number(child) for child in trees(node)])


def on_day(text: str) -> Span:
    """A day that is written as 2026-11-25."""
    day = date.fromisoformat(text)
    return Span(Moment(day=day), Moment(day=day + timedelta(days=1)))


def _span(said: dict[str, Token], numbers: list[int]) -> Span:
    if "DATE" in said:
        return on_day(said["DATE"])
    if "YEAR" in said:
        return _year(int(said["YEAR"]), said.get("MONTHNAME"))
    if "AGO" in said:
        unit = unit_of(said["UNIT"])
        return Span(Moment(unit, moved=-numbers[0], unit=unit), Moment(unit, moved=1 - numbers[0], unit=unit))
    unit = unit_of(said["UNIT"]) if "UNIT" in said else "day"
    before = -1 if "LATEST" in said or "YESTERDAY" in said else 0
    return Span(Moment(unit, moved=before, unit=unit), Moment(unit, moved=before + 1, unit=unit))


def _year(year: int, month: Token | None) -> Span:
    if month is None:
        return Span(Moment(day=date(year, 1, 1)), Moment(day=date(year + 1, 1, 1)))
    number = MONTHS.index(month.lower()) + 1
    following = date(year + number // 12, number % 12 + 1, 1)
    return Span(Moment(day=date(year, number, 1)), Moment(day=following))


def unit_of(word: str) -> str:
    """The unit that "weeks" and "weekly" are about."""
    plain = word.lower().removesuffix("s").removesuffix("ly")
    return {"dai": "day"}.get(plain, plain)
