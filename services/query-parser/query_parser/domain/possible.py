"""What no row can be: a question for it is a slip, or means something else."""

from collections.abc import Iterable, Iterator, Sequence

from query_parser.domain.logic import flattened
from query_parser.domain.problems import NotUnderstood
from query_parser.domain.schema import ColumnType, Duration, Schema
from query_parser.domain.tree import Absent, Aggregate, ColumnRef, Compare, Condition, Not, OneOf, Operator, Term, Value


def check_possible(conditions: Sequence[Condition], terms: Iterable[Term], schema: Schema) -> None:
    """Refuse two listed values at once, and how long something took that has not ended."""
    whole = list(flattened(conditions))
    _check_values(whole, schema)
    for ref in {*_columns(whole), *(_column(term) for term in terms)}:
        if ref is not None and schema.by_name[ref.table].column(ref.column).type is ColumnType.INTERVAL:
            _check_ended(whole, ref.table, schema.by_name[ref.table].duration(ref.column), schema)


def _check_values(conditions: Sequence[Condition], schema: Schema) -> None:
    """What is "queued, running and failed" may be asked in several questions, and is nothing."""
    seen: dict[ColumnRef, object] = {}
    for one in conditions:
        if isinstance(one, Compare) and isinstance(one.term, ColumnRef) and one.operator is Operator.EQ:
            listed = schema.by_name[one.term.table].column(one.term.column).values
            if listed and seen.setdefault(one.term, one.value) != one.value:
                raise NotUnderstood(f"nothing is both {seen[one.term]} and {one.value}")


def _check_ended(conditions: Sequence[Condition], table: str, duration: Duration | None, schema: Schema) -> None:
    """A state that comes with the end has a time, which is the end: a "running" job has taken no time yet."""
    if duration is None:
        return
    if Absent(ColumnRef(table, duration.end)) in conditions:
        raise NotUnderstood(f"how long is not known of {table} without a {duration.end}")
    for one in conditions:
        ref, values = _values(one)
        times = {} if ref is None or ref.table != table else schema.by_name[table].column(ref.column).times
        if times and duration.end not in {times.get(str(value)) for value in values}:
            raise NotUnderstood(f"how long is not known of {table} that are {values[0]}")


def _values(condition: Condition) -> tuple[ColumnRef | None, tuple[Value, ...]]:
    if isinstance(condition, OneOf):
        return condition.column, condition.values
    if isinstance(condition, Compare) and isinstance(condition.term, ColumnRef) and condition.operator is Operator.EQ:
        return condition.term, (condition.value,)  # type: ignore[return-value]
    return None, ()


def _columns(conditions: Iterable[Condition]) -> Iterator[ColumnRef | None]:
    for one in conditions:
        inner = one.condition if isinstance(one, Not) else one
        if isinstance(inner, Absent):
            yield inner.column
        elif isinstance(inner, Compare):
            yield _column(inner.term)


def _column(term: Term) -> ColumnRef | None:
    column = term.column if isinstance(term, Aggregate) else term
    return column if isinstance(column, ColumnRef) else None
