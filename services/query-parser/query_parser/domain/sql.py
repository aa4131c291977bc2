"""From a tree to one SELECT with parameters, built as syntax and never as text."""

from dataclasses import dataclass, field
from decimal import Decimal
from functools import singledispatchmethod

import sqlglot
from sqlglot import exp

from query_parser.domain import paths
from query_parser.domain.problems import NotUnderstood
from query_parser.domain.schema import Schema, Table
from query_parser.domain.tree import (
    Absent,
    Aggregate,
    All,
    Any,
    ColumnRef,
    Compare,
    Condition,
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

OPERATORS: dict[Operator, type[exp.Binary]] = {
    Operator.EQ: exp.EQ,
    Operator.NE: exp.NEQ,
    Operator.LT: exp.LT,
    Operator.LE: exp.LTE,
    Operator.GT: exp.GT,
    Operator.GE: exp.GTE,
}
LIKE_SPECIAL = str.maketrans({"\\": r"\\", "%": r"\%", "_": r"\_"})


@dataclass(frozen=True)
class Sql:
    """One SELECT with $1, $2, ..., and what these stand for."""

    text: str
    parameters: tuple[Value, ...]
    tables: tuple[str, ...]


def render(query: Query, schema: Schema) -> Sql:
    """The SELECT of a tree; what comes out is read again and must be one SELECT over the schema's tables."""
    writer = _Writer(schema, query.table)
    select = writer.select(query)
    text = select.sql(dialect="postgres")
    return Sql(text, tuple(writer.parameters), assert_safe(text, schema))


def assert_safe(text: str, schema: Schema) -> tuple[str, ...]:
    """The tables that the statement reads; NotUnderstood unless it is one SELECT over tables of the schema."""
    statements = sqlglot.parse(text, dialect="postgres")
    allowed = {(table.namespace or "", table.name) for table in schema.tables}
    tables = [(t.db, t.name) for s in statements if s for t in s.find_all(exp.Table)]
    if len(statements) != 1 or not isinstance(statements[0], exp.Select) or not set(tables) <= allowed:
        raise NotUnderstood("this would not be one SELECT over the tables that may be read")
    if any(statements[0].find_all(exp.Into, exp.Lock, exp.DML, exp.DDL, exp.Command)):
        raise NotUnderstood("this would do more than read")
    if not all(name.quoted for name in statements[0].find_all(exp.Identifier)):
        raise NotUnderstood("a name without quotes could be read as another")
    return tuple(dict.fromkeys(name for _, name in tables))


@dataclass
class _Writer:
    """Writes one level of a statement; conditions on other tables open further levels."""

    schema: Schema
    base: str
    parameters: list[Value] = field(default_factory=list)
    joined: list[str] = field(default_factory=list)

    def select(self, query: Query) -> exp.Select:
        """The statement of a tree, with a join for each other table that it names."""
        table = self.schema.by_name[query.table]
        every = tuple(ColumnRef(table.name, column.name) for column in table.columns)
        columns = [_any_row()] if query.is_there else [self.term(term) for term in query.columns or every]
        select = exp.select(*columns).from_(_table(table))
        where = None if query.where is None else self.condition(query.where)
        groups = [self.term(term) for term in query.group_by]
        having = None if query.having is None else self.condition(query.having)
        orders = [self._order(order) for order in query.order]
        select = self._join(select)
        if where is not None:
            select = select.where(where)
        if groups:
            select = select.group_by(*groups)
        if having is not None:
            select = select.having(having)
        if orders:
            select = select.order_by(*orders)
        if query.limit is not None:
            select = select.limit(self.parameter(query.limit))
        return select.distinct() if query.distinct else select

    def parameter(self, value: Value) -> exp.Parameter:
        """The placeholder for a value."""
        self.parameters.append(value)
        return exp.Parameter(this=exp.Literal.number(len(self.parameters)))

    @singledispatchmethod
    def term(self, term: Term) -> exp.Expr:
        """A column, or what is computed; a column of another table asks for its join."""
        raise TypeError(type(term).__name__)

    @term.register
    def _(self, term: ColumnRef) -> exp.Expr:
        self._reach(term.table)
        duration = self.schema.by_name[term.table].duration(term.column)
        if duration is None:
            return _column(term.table, term.column)
        # Days would make a number of days.
        start, end = (exp.cast(_column(term.table, name), "timestamptz") for name in (duration.start, duration.end))
        return exp.paren(exp.Sub(this=end, expression=start))

    @term.register
    def _(self, term: Period) -> exp.Expr:
        return _date_trunc(term.unit, self.term(term.column))

    @term.register
    def _(self, term: Weekday) -> exp.Expr:
        return exp.Extract(this=exp.var("isodow"), expression=self.term(term.column))

    @term.register
    def _(self, term: Tally) -> exp.Expr:
        return self._rows_of(term.table, term.where, exp.Count(this=exp.Star())).subquery()

    @term.register
    def _(self, term: Share) -> exp.Expr:
        every = exp.Count(this=exp.Star())
        held = exp.Filter(this=every.copy(), expression=exp.Where(this=self.condition(term.condition)))
        some = exp.Nullif(this=every, expression=exp.Literal.number(0))
        return exp.Div(this=exp.Mul(this=exp.Literal.number("100.0"), expression=held), expression=some)

    @term.register
    def _(self, term: Aggregate) -> exp.Expr:
        if term.column is None:
            return exp.Count(this=exp.Star())
        column = self.term(term.column)
        return exp.func(term.function.value, exp.Distinct(expressions=[column]) if term.distinct else column)

    @singledispatchmethod
    def condition(self, condition: Condition) -> exp.Expr:
        """A condition as an expression."""
        raise TypeError(type(condition).__name__)

    @condition.register
    def _(self, condition: Compare) -> exp.Expr:
        value = condition.value
        if isinstance(value, Moment | Interval):
            right = _moment(value) if isinstance(value, Moment) else _interval(value.amount, value.unit)
        else:
            right = self.parameter(value)
        return OPERATORS[condition.operator](this=self.term(condition.term), expression=right)

    @condition.register
    def _(self, condition: OneOf) -> exp.Expr:
        return self.term(condition.column).isin(*(self.parameter(value) for value in condition.values))

    @condition.register
    def _(self, condition: Matches) -> exp.Expr:
        start, end = ("%" * condition.open_start, "%" * condition.open_end)
        pattern = f"{start}{condition.text.translate(LIKE_SPECIAL)}{end}"
        return exp.ILike(this=self.term(condition.column), expression=self.parameter(pattern))

    @condition.register
    def _(self, condition: Absent) -> exp.Expr:
        return exp.Is(this=self.term(condition.column), expression=exp.Null())

    @condition.register
    def _(self, condition: Not) -> exp.Expr:
        return exp.not_(self.condition(condition.condition))

    @condition.register
    def _(self, condition: All) -> exp.Expr:
        return exp.and_(*(self.condition(part) for part in condition.conditions))

    @condition.register
    def _(self, condition: Any) -> exp.Expr:
        return exp.paren(exp.or_(*(self.condition(part) for part in condition.conditions)))

    @condition.register
    def _(self, condition: Related) -> exp.Expr:
        return exp.Exists(this=self._rows_of(condition.table, condition.where, exp.Literal.number(1)))

    def _rows_of(self, table: str, condition: Condition | None, column: exp.Expr) -> exp.Select:
        """What is seen of the rows of another table that belong to a row of this one."""
        inner = _Writer(self.schema, table, self.parameters)
        where = None if condition is None else inner.condition(condition)
        select = exp.select(column).from_(_table(self.schema.by_name[table]))
        *steps, last = paths.to_parent(self.schema, table, self.base)
        for step in steps:
            inner._reach(step.references)
        select = inner._join(select).where(_equal(last))
        return select if where is None else select.where(where)

    def _order(self, order: Order) -> exp.Expr:
        return exp.Ordered(this=self.term(order.term), desc=order.descending, nulls_first=False)

    def _reach(self, table: str) -> None:
        if table != self.base and table not in self.joined:
            self.joined.append(table)

    def _join(self, select: exp.Select) -> exp.Select:
        done = {self.base}
        for target in self.joined:
            for key in paths.to_parent(self.schema, self.base, target):
                if key.references not in done:
                    done.add(key.references)
                    select = select.join(_table(self.schema.by_name[key.references]), on=_equal(key))
        return select


def _any_row() -> exp.Expr:
    return exp.GT(this=exp.Count(this=exp.Star()), expression=exp.Literal.number(0))


def _name(name: str) -> exp.Identifier:
    # In quotes always: without them PostgreSQL reads user as a function, order as a keyword, and Total as total.
    return exp.to_identifier(name, quoted=True)


def _column(table: str, column: str) -> exp.Column:
    return exp.column(_name(column), table=_name(table))


def _equal(key: paths.ForeignKey) -> exp.Expr:
    return exp.EQ(this=_column(key.table, key.column), expression=_column(key.references, key.key))


def _table(table: Table) -> exp.Expr:
    # The alias lets columns be named alike with and without a namespace.
    made = exp.table_(_name(table.name), db=_name(table.namespace) if table.namespace else None)
    return exp.alias_(made, _name(table.name), table=True) if table.namespace else made


def _moment(moment: Moment) -> exp.Expr:
    """now(), a day or date_trunc(), moved by an interval; the numbers come from the grammar."""
    if moment.day is not None:
        point: exp.Expr = exp.cast(exp.Literal.string(moment.day.isoformat()), "date")
    elif moment.start_of is None:
        point = exp.func("now")
    else:
        ahead = _interval(moment.ahead, moment.unit) if moment.ahead else None
        now = exp.func("now") if ahead is None else exp.Sub(this=exp.func("now"), expression=ahead)
        point = _date_trunc(moment.start_of, now)
        if ahead is not None:
            point = exp.Add(this=point, expression=ahead.copy())
    if not moment.moved:
        return point
    by = _interval(abs(moment.moved), moment.unit)
    return exp.Sub(this=point, expression=by) if moment.moved < 0 else exp.Add(this=point, expression=by)


def _date_trunc(unit: str, time: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this="date_trunc", expressions=[exp.Literal.string(unit), time])


def _interval(amount: float, unit: str) -> exp.Expr:
    # PostgreSQL's intervals have no quarters.
    amount, unit = (amount * 3, "month") if unit == "quarter" else (amount, unit)
    # Without an exponent, which a small float has as text.
    return exp.cast(exp.Literal.string(f"{Decimal(str(amount)):f} {unit}"), "interval")
