"""Values as people write them, and what a column is compared with."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from query_parser.domain import moments, units
from query_parser.domain.problems import NotUnderstood
from query_parser.domain.schema import NUMBERS, TIMES, Column, ColumnType
from query_parser.domain.syntax import Node, subtree, tokens, trees
from query_parser.domain.tree import All, ColumnRef, Compare, Condition, Interval, Operator, Value

# Also of the largest unit it is a finite float.
LARGEST = Decimal("1e100")
# Of any unit, years too, PostgreSQL has an interval of so many.
LONGEST = 100_000_000


@dataclass(frozen=True)
class Amount:
    """A literal, and the unit that it is in if one is said."""

    text: str
    unit: str | None = None


def amount_of(tree: Node) -> Amount:
    """What a node says: "10 MB", "half an hour", a day or a word."""
    words = list(tree.scan_values(lambda _: True))
    unit = next((str(word) for word in words if word.type in {"UNIT", "MEASURE"}), None)
    if words[0].type == "TWICE":
        return Amount("2")
    if words[0].type == "HALF":
        return Amount("0.5", unit)
    return Amount("1" if words[0].type == "UNIT" else str(words[0]), unit)


def convert(column: Column, text: str) -> Value:
    """A literal as the column's type; NotUnderstood where it can't be one."""
    wrong = NotUnderstood(f"{text!r} is no value of {column.name}, which is {column.type.value}", unresolved=(text,))
    if column.values:
        lowered = text.lower()
        known = {value.lower(): value for value in column.values} | column.value_synonyms
        if lowered not in known:
            listed = tuple(f"{column.name} {value}" for value in column.values)
            raise NotUnderstood(f"{column.name} is never {text!r}", unresolved=(text,), suggestions=listed)
        return known[lowered]
    if column.type in TIMES | {ColumnType.BOOLEAN, ColumnType.INTERVAL}:
        raise wrong
    try:
        return _typed(column.type, text)
    except (ValueError, ArithmeticError):
        raise wrong from None


def _typed(kind: ColumnType, text: str) -> Value:
    if kind is ColumnType.UUID:
        return str(UUID(text))
    return plain(_decimal(text)) if kind in NUMBERS else text


def _decimal(text: str) -> Decimal:
    try:
        number = Decimal(str(moments.NUMBER_WORDS.get(text.lower(), text)))
    except ArithmeticError:
        raise NotUnderstood(f"{text!r} is no number", unresolved=(text,)) from None
    if not number.is_finite() or abs(number) > LARGEST:
        raise NotUnderstood(f"{text!r} is no number that can be compared with", unresolved=(text,))
    return number


def plain(number: Decimal) -> int | float:
    """A number without a fraction as an integer, as far as PostgreSQL has one."""
    return int(number) if number == number.to_integral_value() and abs(number) < 2**63 else float(number)


def within(ref: ColumnRef, bounds: moments.Bounds) -> Condition:
    """A column whose time is inside the bounds."""
    comparisons = tuple(Compare(ref, operator, moment) for operator, moment in bounds)
    return comparisons[0] if len(comparisons) == 1 else All(comparisons)


def comparison(ref: ColumnRef, column: Column, operator: Operator, amount: Amount) -> Condition:
    """A column against a value; a day is a span, so "after" leaves all of it out."""
    if column.type in TIMES:
        return _on_day(ref, operator, amount.text)
    if column.type is ColumnType.INTERVAL:
        return Compare(ref, operator, _interval(column, amount))
    if column.type not in NUMBERS and operator not in {Operator.EQ, Operator.NE}:
        raise NotUnderstood(f"{column.name} is {column.type.value}: it has no more or less", unresolved=(amount.text,))
    if amount.unit is None:
        return Compare(ref, operator, convert(column, amount.text))
    return Compare(ref, operator, plain(units.converted(_decimal(amount.text), amount.unit, column.unit)))


def _interval(column: Column, amount: Amount) -> Interval:
    if amount.unit is None or (units.kind_of(amount.unit) or "time") != "time":
        raise NotUnderstood(f"{column.name} is a time: {amount.text} of what?", unresolved=(amount.text,))
    length = _decimal(amount.text)
    if length > LONGEST:
        raise NotUnderstood(f"{amount.text} {amount.unit} cannot be compared with", unresolved=(amount.text,))
    return Interval(plain(length), moments.unit_of(amount.unit))


def _on_day(ref: ColumnRef, operator: Operator, text: str) -> Condition:
    try:
        span = moments.on_day(text)
    except ValueError:
        raise NotUnderstood(f"{text!r} is no day", unresolved=(text,), suggestions=("2026-01-31",)) from None
    if operator is Operator.EQ:
        return within(ref, span.inside())
    edge = span.end if operator in {Operator.GT, Operator.LE} else span.start
    turned = {Operator.GT: Operator.GE, Operator.LE: Operator.LT}.get(operator, operator)
    return Compare(ref, turned, edge)


def words_of(tree: Node) -> list[str]:
    """The names of a node, in order."""
    names = trees(tree) if tree.data == "names" else trees(subtree(tree, "names"))
    return [str(tokens(node)[0]) for node in names]
