"""What has to hold in a schema beyond its types; ValueError says what does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from query_parser.domain.schema import Column, Schema, Table

NUMBERS = {"integer", "number"}
TIMES = {"date", "timestamp"}


def check(schema: Schema) -> None:
    """Names are unique, and whatever is named is there and of the right type."""
    names = [table.name for table in schema.tables]
    if len(set(names)) < len(names):
        raise ValueError("two tables have the same name")
    for table in schema.tables:
        _check_table(table)
        for column in table.columns:
            _check_column(table, column)
    for key in schema.foreign_keys:
        for name, column_name in ((key.table, key.column), (key.references, key.key)):
            if name not in schema.by_name or all(c.name != column_name for c in schema.by_name[name].columns):
                raise ValueError(f"a foreign key names {name}.{column_name}, which is not in the schema")


def _check_table(table: Table) -> None:
    names = [column.name for column in table.columns] + [duration.name for duration in table.durations]
    if len(set(names)) < len(names):
        raise ValueError(f"two columns of {table.name} have the same name")
    for kind in ("label", "default_time", "measure"):
        if sum(getattr(column, kind) for column in table.columns) > 1:
            raise ValueError(f"{table.name} has two columns that say {kind}")
    for duration in table.durations:
        for end in (duration.start, duration.end):
            _check_time(table, end, f"{table.name}.{duration.name}")


def _check_column(table: Table, column: Column) -> None:
    name = f"{table.name}.{column.name}"
    if column.values and column.type != "text":
        raise ValueError(f"{name} lists values, and is no text")
    if (column.measure or column.unit) and column.type not in NUMBERS:
        raise ValueError(f"{name} has a measure or a unit, and is no number")
    for kind, values in (
        ("other words", column.value_synonyms.values()),
        ("a time", column.times),
        ("a rate", column.rates.values()),
    ):
        if unknown := sorted(set(values) - set(column.values)):
            raise ValueError(f"{name} has {kind} for {unknown[0]}, which is none of its values")
    for time in column.times.values():
        _check_time(table, time, name)
    for trait in column.traits:
        _check_trait(name, column, trait.value, trait.operator)


def _check_time(table: Table, name: str, of: str) -> None:
    if all(column.name != name or column.type not in TIMES for column in table.columns):
        raise ValueError(f"{of} needs the time {table.name}.{name}, which is not in the schema")


def _check_trait(name: str, column: Column, value: object, operator: str) -> None:
    kinds: dict[str, tuple[type, ...]] = {"boolean": (bool,), "text": (str,), "integer": (int,), "number": (int, float)}
    if not isinstance(value, kinds.get(column.type, ())) or (isinstance(value, bool) and column.type != "boolean"):
        raise ValueError(f"{name} has a trait with {value!r}, which is no value of it")
    if column.values and value not in column.values:
        raise ValueError(f"{name} has a trait with {value!r}, which is none of its values")
    if operator not in {"=", "<>"} and column.type not in NUMBERS:
        raise ValueError(f"{name} has a trait with {operator}, and no order")
