"""What words mean in a question about one table, and what has been said of it so far."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from query_parser.domain import paths, units
from query_parser.domain.lexicon import Entry
from query_parser.domain.logic import conjunction
from query_parser.domain.possible import check_possible
from query_parser.domain.problems import NotUnderstood
from query_parser.domain.schema import NUMBERS, TIMES, Column, ColumnType, Schema, Table
from query_parser.domain.tree import (
    Aggregate,
    ColumnRef,
    Compare,
    Condition,
    Function,
    Group,
    Not,
    Operator,
    Order,
    Period,
    Query,
    Related,
    Share,
    Tally,
    Term,
)

COUNT = Aggregate(Function.COUNT)


@dataclass
class Scope:
    """The table of an entity, and its conditions, groups, order and limit."""

    schema: Schema
    table: Table
    where: list[Condition] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    having: list[Condition] = field(default_factory=list)
    order: list[Order] = field(default_factory=list)
    # Whether the order's direction was said with it, and what was said of it besides.
    directed: bool = False
    order_same: bool | None = None
    limit: int | None = None
    # "top 5 orders by total": what follows "by" is an order.
    top: bool | None = None
    # "models with more than 5 jobs": what is counted is another table, and of what rows.
    counted: str | None = None
    counted_where: Condition | None = None
    # "how many jobs finished per month": there are groups by time, and the times that verbs have named.
    is_timed: bool = False
    # Rows are asked for, and no number.
    is_listed: bool = False
    is_alphabetical: bool = False
    verbs: set[ColumnRef] = field(default_factory=set)
    # A state that was said like a verb, of which the schema does not say when it came.
    timeless: str | None = None

    def sort(self, *order: Order, directed: bool = True) -> None:
        """Set the order, once."""
        _once(self.order, "an order")
        self.order, self.directed = list(order), directed

    def sort_same(self, *, descending: bool) -> None:
        """Set the direction of the order, once."""
        _once(self.order_same, "a direction")
        self.order_same = descending

    def limit_to(self, limit: int) -> None:
        """Set how many rows, once."""
        _once(self.limit, "how many")
        self.limit = limit

    def is_whole(self) -> bool:
        """Whether it has conditions only."""
        said = (self.limit, self.order_same, self.top, self.counted)
        return not self.order and not self.groups and all(one is None for one in said)

    def is_one(self) -> bool:
        """Whether it is one row: the first of an order, or what a name is told of."""
        return self.limit == 1 or self.is_named()

    def is_named(self) -> bool:
        """Whether a row is told by its name or its id."""
        label = self.table.label
        key = {ColumnRef(self.table.name, name) for name in ("id", label.name if label else "id")}
        return any(isinstance(one, Compare) and one.term in key and one.operator is Operator.EQ for one in self.where)

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
        columns = [column for column in self.table.named.values() if kind is None or kind_of(column) == kind]
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

    def time_said(self) -> ColumnRef:
        """The time of what a verb says, or else the table's own."""
        if self.timeless is not None:
            raise NotUnderstood(f"the schema does not say when one of the {self.table.name} was {self.timeless}")
        if len(self.verbs) > 1:
            raise NotUnderstood("of which of these the time is meant is not said")
        return next(iter(self.verbs), None) or self.time()

    def per(self, unit: str) -> Period:
        """A unit of time as a group."""
        return Period(self.time_said(), unit)

    def query(self, columns: Sequence[Term] = (), *, distinct: bool = False) -> Query:
        """All that was said, as one query."""
        if self.counted is not None:
            return self._query_of_counted(columns)
        aggregated = any(isinstance(column, Aggregate | Share) for column in columns)
        if self.groups and not aggregated:
            name = self.table.name
            by = " and ".join(one.unit if isinstance(one, Period) else one.column for one in self.groups)
            raise NotUnderstood("'per' needs a number", suggestions=(f"number of {name} per {by}",))
        if self.top is not None and not self.order:
            raise NotUnderstood("'top' needs a measure", suggestions=(f"top 5 {self.table.name} by <column>",))
        terms = (*self.groups, *columns)
        order = self._order(terms if aggregated else ()) or self._alphabetical(columns)
        if not aggregated and any(isinstance(one.term, Aggregate) for one in order):
            raise NotUnderstood(f"the {self.table.name} are sorted by a property, or by how many of others they have")
        check_possible(self.where, (*terms, *(one.term for one in order)), self.schema)
        if aggregated and (any(one.term not in terms for one in order) or (self.limit is not None and not order)):
            raise NotUnderstood(
                "some rows only can't be summed up", suggestions=(f"{self.table.name} with a condition",)
            )
        if distinct and any(one.term not in terms for one in order):
            raise NotUnderstood("distinct values can be sorted by themselves only")
        return Query(
            self.table.name,
            terms,
            distinct=distinct,
            where=conjunction(self.where),
            group_by=tuple(self.groups),
            having=conjunction(self.having),
            order=order,
            limit=self.limit,
        )

    def _order(self, terms: Sequence[Term]) -> tuple[Order, ...]:
        if self.order_same is None:
            return tuple(self.order)
        if self.order:
            if self.directed and any(one.descending != self.order_same for one in self.order):
                raise NotUnderstood("two directions are said of one order")
            return tuple(replace(one, descending=self.order_same) for one in self.order)
        measures = [term for term in terms if isinstance(term, Aggregate | Share)]
        if len(measures) != 1:
            raise NotUnderstood("it is not said by what to sort", suggestions=("sorted by <column>",))
        return (Order(measures[0], self.order_same),)

    def _alphabetical(self, columns: Sequence[Term]) -> tuple[Order, ...]:
        """By what is listed, or by the names of rows."""
        if not self.is_alphabetical:
            return ()
        term = columns[0] if columns else self.name_of(self.table.name)
        if not isinstance(term, ColumnRef) or self.definition(term).type is not ColumnType.TEXT:
            raise NotUnderstood("only words have an alphabetical order")
        return (Order(term),)

    def _query_of_counted(self, columns: Sequence[Term]) -> Query:
        if self.groups or self.counted is None:
            raise NotUnderstood(f"with a number of {self.counted}, only the {self.table.name} can be asked for")
        if columns:
            return self._query_with_tally(columns)
        if any(isinstance(part, Related | Not) for part in self.where):
            raise NotUnderstood(f"what belongs to the {self.table.name} is counted of one table at a time")
        if not self.having and self.limit is None:
            name = self.table.name
            suggested = f"top 5 {name} by number of {self.counted}"
            raise NotUnderstood("how many of them is not said", suggestions=(suggested,))
        inner = Scope(self.schema, self.schema.by_name[self.counted])
        inner.groups = [inner.key_of(self.table.name)]
        inner.where = [*self.where, *([self.counted_where] if self.counted_where else [])]
        inner.having, inner.order = self.having, self.order
        inner.directed, inner.order_same, inner.limit = self.directed, self.order_same, self.limit
        return inner.query([COUNT])

    def _query_with_tally(self, columns: Sequence[Term]) -> Query:
        """Columns or a number of rows: how many belong to each is a condition."""
        tally = Tally(self.counted or "", self.counted_where)
        conditions = [replace(one, term=tally) for one in self.having if isinstance(one, Compare)]
        whole = replace(self, where=[*self.where, *conditions], having=[], counted=None, counted_where=None)
        return whole.query(columns)


def _once(already: object, clause: str) -> None:
    if already is not None and already != []:
        raise NotUnderstood(f"{clause} is said twice")


def kind_of(column: Column) -> str | None:
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
