"""What a parser may talk about: tables, columns and the foreign keys between them."""

from enum import StrEnum
from functools import cached_property
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Identifier = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,62}$")]
Phrase = Annotated[str, Field(pattern=r"^[a-z][a-z0-9 '-]{0,62}$")]
Phrases = Annotated[tuple[Phrase, ...], Field(max_length=20)]
LIMIT_TABLES = 50
LIMIT_COLUMNS = 100


class ColumnType(StrEnum):
    """What the values of a column are, as far as a question may compare them."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamp"
    UUID = "uuid"


NUMBERS = {ColumnType.INTEGER, ColumnType.NUMBER}
TIMES = {ColumnType.DATE, ColumnType.TIMESTAMP}


class Part(BaseModel):
    """Closed to unknown fields, and never changed once it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Column(Part):
    """A column, and how people call it; `values` lists all that it can hold."""

    name: Identifier
    type: ColumnType
    synonyms: Phrases = ()
    values: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=63)], ...], Field(max_length=100)] = ()
    value_synonyms: dict[Phrase, str] = Field(default_factory=dict, max_length=100)
    absent: Phrases = ()
    label: bool = False
    default_time: bool = False


class Table(Part):
    """A table; its label column names a row, its default time is what "yesterday" is about."""

    name: Identifier
    namespace: Identifier | None = None
    synonyms: Phrases = ()
    columns: Annotated[tuple[Column, ...], Field(min_length=1, max_length=LIMIT_COLUMNS)]

    def column(self, name: str) -> Column:
        """The column of that name; KeyError where there is none."""
        return next(iter(c for c in self.columns if c.name == name), None) or _missing(f"{self.name}.{name}")

    @property
    def label(self) -> Column | None:
        """The column that names a row, if one is declared."""
        return next((column for column in self.columns if column.label), None)

    @property
    def default_time(self) -> Column | None:
        """The declared one, or the only column that holds times."""
        times = [column for column in self.columns if column.type in TIMES]
        declared = [column for column in times if column.default_time]
        return declared[0] if declared else times[0] if len(times) == 1 else None


class ForeignKey(Part):
    """Each row of `table` belongs to one row of `references`."""

    table: Identifier
    column: Identifier
    references: Identifier
    key: Identifier


class Schema(Part):
    """All that a question may be about."""

    tables: Annotated[tuple[Table, ...], Field(min_length=1, max_length=LIMIT_TABLES)]
    foreign_keys: Annotated[tuple[ForeignKey, ...], Field(max_length=200)] = ()

    @cached_property
    def by_name(self) -> dict[str, Table]:
        """Tables by their names."""
        return {table.name: table for table in self.tables}

    def parents(self, table: str) -> list[ForeignKey]:
        """The keys along which a row of the table has at most one of another."""
        return self._keys_of.get(table, [])

    @cached_property
    def _keys_of(self) -> dict[str, list[ForeignKey]]:
        by_table: dict[str, list[ForeignKey]] = {}
        for key in self.foreign_keys:
            by_table.setdefault(key.table, []).append(key)
        return by_table

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        names = [table.name for table in self.tables]
        if len(set(names)) < len(names):
            raise ValueError("two tables have the same name")
        for table in self.tables:
            _check_table(table)
        for key in self.foreign_keys:
            ends = ((key.table, key.column), (key.references, key.key))
            for name, column in ends:
                if name not in self.by_name or all(c.name != column for c in self.by_name[name].columns):
                    raise ValueError(f"a foreign key names {name}.{column}, which is not in the schema")
        return self


def _check_table(table: Table) -> None:
    names = [column.name for column in table.columns]
    if len(set(names)) < len(names):
        raise ValueError(f"two columns of {table.name} have the same name")
    for kind in ("label", "default_time"):
        if sum(getattr(column, kind) for column in table.columns) > 1:
            raise ValueError(f"{table.name} has two columns that say {kind}")
    for column in table.columns:
        if column.values and column.type is not ColumnType.TEXT:
            raise ValueError(f"{table.name}.{column.name} lists values, and is no text")
        if unknown := sorted(set(column.value_synonyms.values()) - set(column.values)):
            raise ValueError(
                f"{table.name}.{column.name} has other words for {unknown[0]}, which is none of its values"
            )


def _missing(name: str) -> Column:
    raise KeyError(name)
