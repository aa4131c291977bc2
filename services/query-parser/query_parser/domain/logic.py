"""Conditions put together, and taken apart."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from query_parser.domain.tree import (
    All,
    Any,
    ColumnRef,
    Compare,
    Condition,
    Interval,
    Moment,
    Not,
    OneOf,
    Operator,
    Related,
    Tally,
    Value,
    Weekday,
)


def conjunction(conditions: Sequence[Condition]) -> Condition | None:
    """All of them as one."""
    if len(conditions) < 2:  # noqa: PLR2004 - one is itself
        return conditions[0] if conditions else None
    return All(tuple(conditions))


def flattened(conditions: Iterable[Condition]) -> Iterator[Condition]:
    """All that has to hold, one by one."""
    for condition in conditions:
        if isinstance(condition, All):
            yield from flattened(condition.conditions)
        else:
            yield condition


def either(conditions: Sequence[Condition]) -> Condition:
    """One of several; values of one column as a list, however they are said."""
    if len(conditions) == 1:
        return conditions[0]
    columns = {_listed(condition) for condition in conditions}
    column = columns.pop()
    if columns or column is None:
        return Any(tuple(conditions))
    return OneOf(column, tuple(dict.fromkeys(value for condition in conditions for value in _values(condition))))


def negated(condition: Condition) -> Condition:
    """The opposite, in the shortest way."""
    if isinstance(condition, Compare) and condition.operator is Operator.EQ:
        return Compare(condition.term, Operator.NE, condition.value)
    return condition.condition if isinstance(condition, Not) else Not(condition)


def tables_of(condition: Condition) -> set[str]:
    """The tables whose columns a condition names; those of other rows are not among them."""
    if isinstance(condition, All | Any):
        return {name for part in condition.conditions for name in tables_of(part)}
    if isinstance(condition, Not):
        return tables_of(condition.condition)
    if isinstance(condition, Compare):
        column = condition.term.column if isinstance(condition.term, Weekday) else condition.term
        return {column.table} if isinstance(column, ColumnRef) else set()
    return set() if isinstance(condition, Related) else {condition.column.table}


def is_of_others(condition: Condition) -> bool:
    """Whether it says which rows belong to a row: of another row it would say something else."""
    if isinstance(condition, All | Any):
        return any(map(is_of_others, condition.conditions))
    if isinstance(condition, Not):
        return is_of_others(condition.condition)
    return isinstance(condition, Related) or (isinstance(condition, Compare) and isinstance(condition.term, Tally))


def renamed(condition: Condition, names: Mapping[ColumnRef, ColumnRef]) -> Condition:
    """The same of other columns."""
    if isinstance(condition, All | Any):
        return replace(condition, conditions=tuple(renamed(part, names) for part in condition.conditions))
    if isinstance(condition, Not):
        return Not(renamed(condition.condition, names))
    if isinstance(condition, Compare):
        same = isinstance(condition.term, ColumnRef)
        return replace(condition, term=names.get(condition.term, condition.term)) if same else condition  # type: ignore[arg-type]
    if isinstance(condition, Related):
        return condition
    return replace(condition, column=names.get(condition.column, condition.column))


def _listed(condition: Condition) -> ColumnRef | None:
    """The column of which the condition lists values."""
    if isinstance(condition, OneOf):
        return condition.column
    if isinstance(condition, Compare) and condition.operator is Operator.EQ and isinstance(condition.term, ColumnRef):
        return None if isinstance(condition.value, Moment | Interval) else condition.term
    return None


def _values(condition: Condition) -> tuple[Value, ...]:
    if isinstance(condition, OneOf):
        return condition.values
    plain = isinstance(condition, Compare) and not isinstance(condition.value, Moment | Interval)
    return (condition.value,) if plain else ()  # type: ignore[union-attr, return-value]
