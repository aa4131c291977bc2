"""What has been said of one table in a question so far."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from query_parser.domain.columns import Columns
from query_parser.domain.logic import conjunction
from query_parser.domain.possible import check_possible
from query_parser.domain.problems import NotUnderstood
from query_parser.domain.schema import ColumnType
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
class Scope(Columns):
    """The table of an entity, and its conditions, groups, order and limit."""

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
