"""From a query to a question that asks for it: for each part of the tree the one way to say it that this file knows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import singledispatchmethod

from queries import is_range

from query_parser.domain.moments import MONTHS, WEEKDAYS
from query_parser.domain.schema import Schema
from query_parser.domain.tree import (
    Absent,
    Aggregate,
    All,
    Any,
    ColumnRef,
    Compare,
    Condition,
    Function,
    Group,
    Interval,
    Matches,
    Moment,
    Not,
    OneOf,
    Operator,
    Order,
    Period,
    Query,
    Related,
    Share,
    Tally,
    Term,
    Value,
    Weekday,
)

FUNCTIONS = {
    Function.SUM: "sum of",
    Function.AVERAGE: "average",
    Function.LEAST: "minimum",
    Function.GREATEST: "maximum",
}
COUNT = Aggregate(Function.COUNT)


@dataclass(frozen=True)
class English:
    """Says it with these names of columns."""

    schema: Schema
    names: Mapping[ColumnRef, str]

    def question(self, query: Query) -> str:
        """All of a query; what is not said in its head follows the table."""
        measures = [term for term in query.columns if isinstance(term, Aggregate)]
        tallies = [term for term in query.columns if isinstance(term, Tally)]
        shares = [term for term in query.columns if isinstance(term, Share)]
        if query.is_there:
            said = ["is there any", query.table, *self._posts(query)]
        elif shares:
            said = [
                "percentage of",
                query.table,
                *self._posts(query),
                f"where {self.phrase(shares[0].condition)}",
                *self._groups(query),
            ]
        elif tallies:
            said = [query.table, *self._posts(query), "and number of", self._rows(tallies[0])]
        elif query.having is not None:
            said = [
                self._thing(query),
                "with",
                _having(query.having),
                query.table,
                *self._posts(query),
                *self._order(query),
            ]
        elif measures and query.limit == 1:
            most = "most" if query.order[0].descending else "fewest"
            said = [self._thing(query), "with", most, query.table, *self._posts(query)]
        elif measures:
            said = [
                self._measured(measures),
                query.table,
                *self._posts(query),
                *self._groups(query),
                *self._order(query),
            ]
        else:
            said = [self._listed(query), query.table, *self._posts(query), *self._order(query)]
        return " ".join(part for part in said if part)

    def _thing(self, query: Query) -> str:
        return self._group(query.group_by[0])

    def _measured(self, measures: Sequence[Aggregate]) -> str:
        first = measures[0]
        if first.column is None:
            return "number of"
        if first.distinct:
            return f"number of distinct {self.names[first.column]} of"
        return f"{' and '.join(FUNCTIONS[one.function] for one in measures)} {self.names[first.column]} of"

    def _listed(self, query: Query) -> str:
        columns = " and ".join(self._column(term) for term in query.columns)
        limit = "" if query.limit is None else str(query.limit)
        if len(query.order) > 1:
            limit = f"{'top' if query.order[0].descending else 'bottom'} {query.limit}"
        return " ".join(part for part in ("distinct" * query.distinct, columns, "of" * bool(columns), limit) if part)

    def _column(self, term: Term) -> str:
        assert isinstance(term, ColumnRef)
        return self.names[term]

    def _posts(self, query: Query) -> list[str]:
        """Conditions that hold all of them stand by themselves: "and" would not hold a part with "or" together."""
        where = query.where
        if where is None:
            return []
        parts = where.conditions if isinstance(where, All) and not is_range(where) else (where,)
        return [self.phrase(part) if _is_of_others(part) else f"where {self.phrase(part)}" for part in parts]

    def _groups(self, query: Query) -> list[str]:
        return ["per " + " and ".join(map(self._group, query.group_by))] if query.group_by else []

    def _group(self, group: Group) -> str:
        return group.unit if isinstance(group, Period) else self.names[group]

    def _order(self, query: Query) -> list[str]:
        if len(query.order) > 1:
            return ["by " + " and ".join(self._column(order.term) for order in query.order)]
        return [self._sorted(order, query.table) for order in query.order]

    def _sorted(self, order: Order, table: str) -> str:
        direction = "descending" if order.descending else "ascending"
        if isinstance(order.term, ColumnRef):
            return f"sorted by {self.names[order.term]} {direction}"
        return f"sorted by number of {table} {direction}" if order.term == COUNT else direction

    def _rows(self, tally: Tally) -> str:
        """The rows that are counted."""
        return " ".join([*([] if tally.where is None else [self._before(tally.where)]), tally.table])

    def _before(self, condition: Condition) -> str:
        """A condition in front of its table."""
        if isinstance(condition, Absent):
            ref = condition.column
            return self.schema.by_name[ref.table].column(ref.column).absent[0]
        if isinstance(condition, Compare) and condition.value is True:
            assert isinstance(condition.term, ColumnRef)
            return condition.term.column
        if isinstance(condition, Compare) and condition.operator is Operator.NE:
            return f"not {condition.value}".lower()
        return " or ".join(_values(condition)).lower()

    @singledispatchmethod
    def phrase(self, condition: Condition) -> str:
        """A condition, as it is said after "where"."""
        raise TypeError(type(condition).__name__)

    @phrase.register
    def _(self, condition: Compare) -> str:
        if isinstance(condition.term, Tally):
            return f"with {condition.operator} {condition.value} {self._rows(condition.term)}"
        if isinstance(condition.term, Weekday):
            return f"{self.names[condition.term.column]} on {_weekdays(condition)}"
        column, value = self._column(condition.term), condition.value
        if isinstance(value, Interval):
            return f"{column} {condition.operator.replace('<>', '!=')} {value.amount} {value.unit}s"
        if isinstance(value, Moment):
            return f"{column} {_moment(condition.operator, value)}"
        if isinstance(value, bool):
            return f"is {column}" if value else f"is not {column}"
        return f"{column} {condition.operator.replace('<>', '!=')} {literal(value)}"

    @phrase.register
    def _(self, condition: OneOf) -> str:
        return f"{self.names[condition.column]} {_either(condition.values)}"

    @phrase.register
    def _(self, condition: Matches) -> str:
        return f"{self.names[condition.column]} {_matched(condition)}"

    @phrase.register
    def _(self, condition: Absent) -> str:
        return f"{self.names[condition.column]} is null"

    @phrase.register
    def _(self, condition: Related) -> str:
        where = condition.where
        values = " or ".join(map(str.lower, _values(where)))
        if where is None or values:
            return " ".join(part for part in ("with", values, condition.table) if part)
        parts = where.conditions if isinstance(where, All) else (where,)
        return " ".join(["of", *map(self._before, parts), condition.table])

    @phrase.register
    def _(self, condition: Not) -> str:
        inner = condition.condition
        if isinstance(inner, Absent):
            return f"{self.names[inner.column]} is not null"
        if isinstance(inner, Matches):
            return f"{self.names[inner.column]} not {_matched(inner)}"
        if isinstance(inner, OneOf):
            return f"{self.names[inner.column]} not {_either(inner.values)}"
        if isinstance(inner, Related):
            return f"without {inner.table}"
        assert isinstance(inner, Any)
        first, second = (_values(part)[0] for part in inner.conditions)
        return f"neither {first} nor {second}".lower()

    @phrase.register
    def _(self, condition: All) -> str:
        if not is_range(condition):
            return " and ".join(map(self.phrase, condition.conditions))
        low, high = condition.conditions
        assert isinstance(low, Compare)
        assert isinstance(high, Compare)
        if isinstance(low.value, Moment) and isinstance(high.value, Moment):
            return f"{self._column(low.term)} between {_starting(low.value)} and {_ending(high.value)}"
        return f"{self._column(low.term)} between {low.value} and {high.value}"

    @phrase.register
    def _(self, condition: Any) -> str:
        return " or ".join(map(self.phrase, condition.conditions))


def _having(condition: Condition) -> str:
    assert isinstance(condition, Compare)
    assert condition.term == COUNT
    return f"{condition.operator} {condition.value}"


def _is_of_others(condition: Condition) -> bool:
    """Whether it says what belongs to a row."""
    return isinstance(condition, Related) or (isinstance(condition, Compare) and isinstance(condition.term, Tally))


def _values(condition: Condition | None) -> list[str]:
    """The listed values that a row has one of."""
    if isinstance(condition, OneOf):
        return [str(value) for value in condition.values]
    if isinstance(condition, Compare) and condition.operator is Operator.EQ and condition.value is not True:
        return [str(condition.value)]
    return []


def _either(values: Sequence[Value]) -> str:
    return " or ".join(map(literal, values))


def literal(value: Value) -> str:
    """A value; texts in quotes."""
    return f'"{value}"' if isinstance(value, str) else f"{value}"


def _matched(condition: Matches) -> str:
    verb = {(False, True): "starting with", (True, False): "ending with", (True, True): "containing"}
    return f'{verb[condition.open_start, condition.open_end]} "{condition.text}"'


def _moment(operator: Operator, moment: Moment) -> str:
    if moment.day is not None:
        return f"{operator} {moment.day}"
    if moment.start_of is None:
        return f"{'in the last' if operator is Operator.GE else 'older than'} {-moment.moved} {moment.unit}s"
    return f"{'since' if operator is Operator.GE else 'before'} {_starting(moment)}"


def _starting(moment: Moment) -> str:
    """The span that starts then."""
    if moment.day is not None:
        return str(moment.day)
    if moment.start_of != moment.unit:
        return (MONTHS if moment.unit == "month" else WEEKDAYS)[moment.ahead]
    return _span(moment.unit, -moment.moved)


def _ending(moment: Moment) -> str:
    """The span that ends then."""
    if moment.day is not None:
        return str(moment.day - timedelta(days=1))
    return _span(moment.unit, 1 - moment.moved)


def _weekdays(condition: Compare) -> str:
    if condition.operator is Operator.EQ:
        return f"{WEEKDAYS[int(str(condition.value)) - 1]}s"
    return "weekends" if condition.operator is Operator.GE else "weekdays"


def _span(unit: str, ago: int) -> str:
    return {0: f"this {unit}", 1: f"last {unit}"}.get(ago, f"{ago} {unit}s ago")
