"""A question that is understood: typed, bound to the schema, free of words."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


@dataclass(frozen=True)
class ColumnRef:
    """A column by the names of its table and itself."""

    table: str
    column: str


class Function(StrEnum):
    """What rows can be summed up by."""

    COUNT = "count"
    SUM = "sum"
    AVERAGE = "avg"
    LEAST = "min"
    GREATEST = "max"


@dataclass(frozen=True)
class Aggregate:
    """A function over a column; over rows where there is none."""

    function: Function
    column: ColumnRef | None = None
    distinct: bool = False


class Operator(StrEnum):
    """How a column and a value are compared."""

    EQ = "="
    NE = "<>"
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="


@dataclass(frozen=True)
class Period:
    """The unit of the calendar in which a time lies: its first moment."""

    column: ColumnRef
    unit: str


@dataclass(frozen=True)
class Weekday:
    """The day of the week of a time, from Monday, which is 1, to Sunday."""

    column: ColumnRef


@dataclass(frozen=True)
class Tally:
    """How many rows of another table belong to a row."""

    table: str
    where: "Condition | None" = None


@dataclass(frozen=True)
class Share:
    """Of a hundred rows, how many hold a condition."""

    condition: "Condition"


Value = str | int | float | bool
Term = ColumnRef | Period | Weekday | Tally | Aggregate | Share
Group = ColumnRef | Period


@dataclass(frozen=True)
class Moment:
    """A point in time: the start of the present unit (or now, or a day that is named), moved by whole units.

    With `ahead` it is so many units after a start, of the latest start for which that has come.
    """

    start_of: str | None = None
    day: date | None = None
    moved: int = 0
    unit: str = "day"
    ahead: int = 0


@dataclass(frozen=True)
class Interval:
    """How long something takes: so many of a unit of time."""

    amount: int | float
    unit: str


@dataclass(frozen=True)
class Compare:
    """A column or an aggregate against a value, a moment or an interval."""

    term: Term
    operator: Operator
    value: "Value | Moment | Interval"


@dataclass(frozen=True)
class OneOf:
    """A column that has one of the values."""

    column: ColumnRef
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Matches:
    """A text that starts with, ends with or contains another, in any case."""

    column: ColumnRef
    text: str
    open_start: bool
    open_end: bool


@dataclass(frozen=True)
class Absent:
    """A column without a value."""

    column: ColumnRef


@dataclass(frozen=True)
class Related:
    """A row has rows of another table that belong to it."""

    table: str
    where: "Condition | None" = None


@dataclass(frozen=True)
class Not:
    """The opposite; rows for which neither can be said are in neither."""

    condition: "Condition"


@dataclass(frozen=True)
class All:
    """Every one of the conditions."""

    conditions: tuple["Condition", ...]


@dataclass(frozen=True)
class Any:
    """At least one of the conditions."""

    conditions: tuple["Condition", ...]


Condition = Compare | OneOf | Matches | Absent | Related | Not | All | Any


@dataclass(frozen=True)
class Order:
    """By what rows are sorted."""

    term: Term
    descending: bool = False


@dataclass(frozen=True)
class Query:
    """One SELECT; no columns means all of the table's. `is_there` asks whether there is any such row."""

    table: str
    columns: tuple[Term, ...] = ()
    distinct: bool = False
    is_there: bool = False
    where: Condition | None = None
    group_by: tuple[Group, ...] = ()
    having: Condition | None = None
    order: tuple[Order, ...] = ()
    limit: int | None = None
