"""Times as people say them: each is a span with a start and an end."""

from dataclasses import dataclass
from datetime import date, timedelta

from lark import Token, Tree

from query_parser.domain.problems import NotUnderstood
from query_parser.domain.tree import Moment, Operator

NUMBER_WORDS = dict(
    zip(
        "two three four five six seven eight nine ten eleven twelve twenty hundred".split(),
        [*range(2, 13), 20, 100],
        strict=True,
    )
)
MONTHS = "january february march april may june july august september october november december".split()
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


def whole_number(tree: "Tree[Token] | Token") -> int:
    """A number that counts something; NotUnderstood for 2.5."""
    token = tree.children[0] if isinstance(tree, Tree) else tree
    assert isinstance(token, Token)
    if token.lower() in NUMBER_WORDS:
        return NUMBER_WORDS[token.lower()]
    if not token.isdecimal() or int(token) > 1_000_000:  # noqa: PLR2004 - more is a slip
        raise NotUnderstood(f"{token} is no number that can be counted with", unresolved=(str(token),))
    return int(token)


def bounds(tree: Tree[Token]) -> Bounds:
    """What a phrase of time asks of a column."""
    parts = tree.children
    tokens = {part.type: part for part in parts if isinstance(part, Token)}
    numbers = [whole_number(part) for part in parts if isinstance(part, Tree) and part.data == "number"]
    points = [point(part) for part in parts if isinstance(part, Tree) and part.data == "point"]
    unit = _unit(tokens["UNIT"]) if "UNIT" in tokens else "day"
    match str(tree.data):
        case "one_day" | "calendar" | "on_date" | "in_year" | "ago":
            return _span(tokens, numbers).inside()
        case "rolling" | "newer":
            return ((Operator.GE, Moment(moved=-(numbers or [1])[0], unit=unit)),)
        case "older":
            return ((Operator.LT, Moment(moved=-numbers[0], unit=unit)),)
        case "before":
            return ((Operator.LT, points[0].start if "BEFORE" in tokens else points[0].end),)
        case "after":
            return ((Operator.GE, points[0].end),)
        case "since":
            return ((Operator.GE, points[0].start),)
        case _:
            return ((Operator.GE, points[0].start), (Operator.LT, points[1].end))


def point(tree: Tree[Token]) -> Span:
    """A day, a year, a calendar unit, or so long ago."""
    tokens = {part.type: part for part in tree.children if isinstance(part, Token)}
    return _span(tokens, [whole_number(part) for part in tree.children if isinstance(part, Tree)])


def on_day(text: str) -> Span:
    """A day that is written as 2026-11-25."""
    day = date.fromisoformat(text)
    return Span(Moment(day=day), Moment(day=day + timedelta(days=1)))


def _span(tokens: dict[str, Token], numbers: list[int]) -> Span:
    if "DATE" in tokens:
        return on_day(tokens["DATE"])
    if "YEAR" in tokens:
        return _year(int(tokens["YEAR"]), tokens.get("MONTHNAME"))
    if "AGO" in tokens:
        unit = _unit(tokens["UNIT"])
        return Span(Moment(unit, moved=-numbers[0], unit=unit), Moment(unit, moved=1 - numbers[0], unit=unit))
    unit = _unit(tokens["UNIT"]) if "UNIT" in tokens else "day"
    before = -1 if "LATEST" in tokens or "YESTERDAY" in tokens else 0
    return Span(Moment(unit, moved=before, unit=unit), Moment(unit, moved=before + 1, unit=unit))


def _year(year: int, month: Token | None) -> Span:
    if month is None:
        return Span(Moment(day=date(year, 1, 1)), Moment(day=date(year + 1, 1, 1)))
    number = MONTHS.index(month.lower()) + 1
    following = date(year + number // 12, number % 12 + 1, 1)
    return Span(Moment(day=date(year, number, 1)), Moment(day=following))


def _unit(token: Token) -> str:
    return token.lower().removesuffix("s")
