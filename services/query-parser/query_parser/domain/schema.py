"""What a parser may talk about: tables, columns and the foreign keys between them."""

from enum import StrEnum
from functools import cached_property
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from query_parser.domain.inflection import other_number
from query_parser.domain.schema_rules import check
from query_parser.domain.tree import Operator
from query_parser.domain.units import known

Identifier = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,62}$")]
Phrase = Annotated[str, Field(pattern=r"^[a-z][a-z0-9 '-]{0,62}$")]
Phrases = Annotated[tuple[Phrase, ...], Field(max_length=20)]
Unit = Annotated[str, AfterValidator(known)]
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
    INTERVAL = "interval"
    UUID = "uuid"


NUMBERS = {ColumnType.INTEGER, ColumnType.NUMBER}
TIMES = {ColumnType.DATE, ColumnType.TIMESTAMP}
MEASURES = NUMBERS | {ColumnType.INTERVAL}


class Part(BaseModel):
    """Closed to unknown fields, and never changed once it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Adjectives(Part):
    """What rows are called whose value is high or low: heavy and light. "Heaviest" and "lighter than" follow."""

    high: Phrases = ()
    low: Phrases = ()


class Trait(Part):
    """A synonym with a condition: "retried" for attempts > 1. A noun stands for the rows: "drinks" are products."""

    words: Phrases = ()
    nouns: Phrases = ()
    operator: Operator = Operator.EQ
    value: bool | int | float | str


class Column(Part):
    """A column, and how people call it; `values` lists all that it can hold.

    `times` says of a listed value when a row got it. `rates` names the share of rows with a listed value. After one of
    `prepositions` comes a value of the column: in "customers in Paris" a city.
    """

    name: Identifier
    type: ColumnType
    synonyms: Phrases = ()
    values: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=63)], ...], Field(max_length=100)] = ()
    value_synonyms: dict[Phrase, str] = Field(default_factory=dict, max_length=100)
    absent: Phrases = ()
    label: bool = False
    default_time: bool = False
    measure: bool = False
    unit: Unit | None = None
    adjectives: Adjectives = Adjectives()
    traits: Annotated[tuple[Trait, ...], Field(max_length=20)] = ()
    times: dict[str, Identifier] = Field(default_factory=dict, max_length=100)
    rates: dict[Phrase, str] = Field(default_factory=dict, max_length=20)
    prepositions: Phrases = ()


class Duration(Part):
    """How long something took: a column that is computed from two times. `verbs` say what ends it: "to deliver"."""

    name: Identifier
    start: Identifier
    end: Identifier
    synonyms: Phrases = ()
    verbs: Phrases = ()

    @property
    def column(self) -> Column:
        """What a question may say of it."""
        adjectives = Adjectives(high=("long", "slow"), low=("short", "fast", "quick"))
        return Column(name=self.name, type=ColumnType.INTERVAL, synonyms=self.synonyms, adjectives=adjectives)


class Table(Part):
    """A table; its label names a row, "yesterday" is about its default time, and "the largest" about its measure.

    Rows that are `people` can be asked for by "who".
    """

    name: Identifier
    namespace: Identifier | None = None
    synonyms: Phrases = ()
    columns: Annotated[tuple[Column, ...], Field(min_length=1, max_length=LIMIT_COLUMNS)]
    people: bool = False
    durations: Annotated[tuple[Duration, ...], Field(max_length=10)] = ()

    @cached_property
    def named(self) -> dict[str, Column]:
        """Columns by their names; durations, too."""
        return {column.name: column for column in (*self.columns, *(one.column for one in self.durations))}

    def column(self, name: str) -> Column:
        """The column of that name; KeyError where there is none."""
        return self.named[name]

    def duration(self, name: str) -> Duration | None:
        """The two times that a column is computed from, if it is."""
        return next((duration for duration in self.durations if duration.name == name), None)

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
    """Each row of `table` belongs to one row of `references`, which `verbs` it: customers "place" orders."""

    table: Identifier
    column: Identifier
    references: Identifier
    key: Identifier
    verbs: Phrases = ()


class Schema(Part):
    """All that a question may be about."""

    tables: Annotated[tuple[Table, ...], Field(min_length=1, max_length=LIMIT_TABLES)]
    foreign_keys: Annotated[tuple[ForeignKey, ...], Field(max_length=200)] = ()

    @cached_property
    def by_name(self) -> dict[str, Table]:
        """Tables by their names."""
        return {table.name: table for table in self.tables}

    def names_table(self, word: str) -> bool:
        """Whether a table is called so, one row or all of them."""
        return any(
            word in {name, *other_number(name)} for table in self.tables for name in (table.name, *table.synonyms)
        )

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
        check(self)
        return self
