"""The columns that words stand for in a question about one table."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from query_parser.domain import paths, units
from query_parser.domain.lexicon import Entry
from query_parser.domain.problems import NotUnderstood
from query_parser.domain.schema import NUMBERS, TIMES, Column, ColumnType, Schema, Table
from query_parser.domain.tree import ColumnRef


@dataclass
class Columns:
    """Those of the table itself, and those of tables to which its rows belong."""

    schema: Schema
    table: Table

    def column(self, entry: Entry, text: str) -> ColumnRef:
        """The column that a word names here: the table's own, or else the one nearest along foreign keys."""
        own = [ref for ref in entry.columns if ref.table == self.table.name]
        if len(own) == 1:
            return own[0]
        above = [ref for ref in entry.columns if paths.is_parent(self.schema, self.table.name, ref.table)]
        ranked = sorted(above, key=self._distance)
        nearest = [ref for ref in ranked if self._distance(ref) == self._distance(ranked[0])]
        if own or len(nearest) > 1:
            names = [f"{ref.table}.{ref.column}" for ref in own or nearest]
            raise NotUnderstood(f"{text!r} can be {' or '.join(names)}", unresolved=(text,), suggestions=tuple(names))
        if not nearest:
            names = [column.name for column in self.table.columns]
            reason = f"{self.table.name} have no {text!r}"
            raise NotUnderstood(reason, unresolved=(text,), suggestions=(f"columns: {', '.join(names)}",))
        return nearest[0]

    def _distance(self, ref: ColumnRef) -> int:
        return len(paths.to_parent(self.schema, self.table.name, ref.table))

    def definition(self, ref: ColumnRef) -> Column:
        """What the schema says of a column."""
        return self.schema.by_name[ref.table].column(ref.column)

    def name_of(self, table: str, texts: Sequence[str] = ()) -> ColumnRef:
        """What tells the rows of a table apart, for people: without a join where the key itself does.

        Its key where texts look like one: a UUID, or a number where there are no names.
        """
        target = self.schema.by_name[table]
        return self._named(table, _key_of(target, texts) or target.label)

    def _named(self, table: str, label: Column | None) -> ColumnRef:
        if label is None:
            raise NotUnderstood(f"the schema does not say what names one of the {table}", unresolved=(table,))
        if table == self.table.name:
            return ColumnRef(table, label.name)
        last = paths.to_parent(self.schema, self.table.name, table)
        if len(last) == 1 and last[0].key == label.name:
            return ColumnRef(self.table.name, last[0].column)
        return ColumnRef(table, label.name)

    def key_of(self, table: str) -> ColumnRef:
        """What tells the rows of a table apart: their names, or else their ids."""
        target = self.schema.by_name[table]
        return self._named(table, target.label or target.named.get("id"))

    def owner(self) -> str:
        """The table to whose rows these belong, if only one has names; it is what "iris has" says of versions."""
        name = self.owner_or_none()
        if name is None:
            raise NotUnderstood(f"it is not said to what the {self.table.name} belong")
        return name

    def owner_or_none(self) -> str | None:
        """The same; None where none has names, or several."""
        names = {key.references for key in self.schema.parents(self.table.name)}
        named = [name for name in names if self.schema.by_name[name].label]
        return named[0] if len(named) == 1 else None

    def after(self, preposition: str) -> list[ColumnRef]:
        """The columns that have a value after it: the table's own, or else of tables to which a row belongs itself.

        Not its names: in "orders by Ada" somebody else is named.
        """
        refs = [
            ColumnRef(table.name, column.name)
            for table in self.schema.tables
            for column in table.columns
            if preposition in column.prepositions and not (column.label and table == self.table)
        ]
        own = [ref for ref in refs if ref.table == self.table.name]
        above = [ref for ref in refs if paths.is_parent(self.schema, self.table.name, ref.table)]
        found = own or [ref for ref in above if self._distance(ref) == 1]
        if not found:
            raise NotUnderstood(f"what can come after {preposition!r} is not said of the {self.table.name}")
        return found

    def measure(self, unit: str | None, *, takes: bool) -> ColumnRef:
        """The column that a number without a property is about; its unit, or a verb, may tell."""
        kind = "time" if takes else unit and (units.kind_of(unit) or "time")
        columns = [column for column in self.table.named.values() if kind is None or _quantity(column) == kind]
        measures = [column for column in columns if column.measure]
        found = measures or (columns if kind else [])
        if len(found) != 1:
            raise NotUnderstood(f"it is not said what of the {self.table.name} is compared")
        return ColumnRef(self.table.name, found[0].name)

    def is_time(self, word: str) -> bool:
        """Whether a word names one of the table's times."""
        times = [column for column in self.table.columns if column.type in TIMES]
        return any(word in {column.name.replace("_", " "), column.name, *column.synonyms} for column in times)

    def time(self) -> ColumnRef:
        """The column that a time without a verb is about."""
        column = self.table.default_time
        if column is None:
            raise NotUnderstood(f"{self.table.name} have no time of their own, or several: name the column")
        return ColumnRef(self.table.name, column.name)


def _quantity(column: Column) -> str | None:
    """What a column measures, if that is known."""
    if column.type is ColumnType.INTERVAL:
        return "time"
    return None if column.unit is None else units.KIND[column.unit]


def _key_of(table: Table, texts: Sequence[str]) -> Column | None:
    """The column id, where all of the texts may be its values and not names."""
    key = table.named.get("id")
    if key is None or not texts:
        return None
    is_key = _is_uuid if key.type is ColumnType.UUID else str.isdecimal
    wanted = key.type is ColumnType.UUID or key.type in NUMBERS
    return key if wanted and all(map(is_key, texts)) else None


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
