"""Queries at random: all that a question can ask for, as the typed tree has it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from hypothesis import strategies as st

from query_parser.domain import paths, vocabulary
from query_parser.domain.lexicon import Lexicon
from query_parser.domain.problems import NotUnderstood
from query_parser.domain.schema import MEASURES, NUMBERS, TIMES, Column, ColumnType, Schema
from query_parser.domain.scope import Scope
from query_parser.domain.tree import (
    Absent,
    Aggregate,
    All,
    Any,
    ColumnRef,
    Compare,
    Condition,
    Function,
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
    Value,
    Weekday,
)

COUNT = Aggregate(Function.COUNT)
UNITS = st.sampled_from(["minute", "hour", "day", "week", "month", "quarter", "year"])
DAYS = st.dates(date(1990, 1, 2), date(2090, 1, 1))
TEXTS = st.text(st.characters(exclude_characters='"', exclude_categories=("C",)), max_size=12)
NUMBER = st.one_of(st.integers(0, 10**7), st.integers(0, 10**5).map(lambda number: number + 0.25))
COUNTS = st.integers(0, 10**6 - 2)
# What has none of the counted is in no group: fewer can't be asked for.
AT_LEAST = st.sampled_from([Operator.GT, Operator.GE, Operator.EQ])
EQUAL_OR_PART = st.sampled_from([Operator.EQ, Operator.GE, Operator.LT])
EQUAL = st.sampled_from([Operator.EQ, Operator.NE])
Conditions = st.SearchStrategy[Condition]
Refs = Sequence[ColumnRef]


@dataclass(frozen=True, repr=False)
class About:
    """What can be said of one table."""

    schema: Schema
    table: str

    @cached_property
    def names(self) -> dict[ColumnRef, str]:
        """How columns are called here: the table's, and those of tables that a row belongs to.

        Each by a name that means nothing else: "version" is a table, too, and a "total" may be a sum.
        """
        every = [
            (ColumnRef(table.name, column.name), column)
            for table in self.schema.tables
            for column in table.named.values()
        ]
        names = {ref: self._names(ref, column) for ref, column in every}
        return {ref: names_of_column[0] for ref, names_of_column in names.items() if names_of_column}

    def _names(self, ref: ColumnRef, column: Column) -> list[str]:
        return [name for name in (column.name, *column.synonyms) if self._means(name) == ref]

    def _means(self, name: str) -> ColumnRef | None:
        entries = self.words.phrases[tuple(name.split())]
        try:
            ref = Scope(self.schema, self.schema.by_name[self.table]).column(entries[0], name)
        except NotUnderstood:
            return None
        return ref if len(entries) == 1 else None

    @cached_property
    def words(self) -> Lexicon:
        """The words of the schema."""
        return vocabulary.build(self.schema)

    def definition(self, ref: ColumnRef) -> Column:
        """What the schema says of a column."""
        return self.schema.by_name[ref.table].column(ref.column)

    def those(self, fits: Callable[[Column], bool]) -> Refs:
        """The columns that fit."""
        return [ref for ref in self.names if fits(self.definition(ref))]

    @cached_property
    def plain(self) -> Refs:
        """Those that are asked for by their name: what is true or false is said as a condition."""
        return self.those(lambda column: column.type is not ColumnType.BOOLEAN)

    @cached_property
    def listed(self) -> Refs:
        """Those of the table itself whose values the schema lists."""
        return [ref for ref in self.those(lambda column: bool(column.values)) if ref.table == self.table]

    @cached_property
    def children(self) -> list["About"]:
        """Tables of which rows belong to a row of this one."""
        return [
            About(self.schema, table.name)
            for table in self.schema.tables
            if paths.is_parent(self.schema, table.name, self.table) and self._is_one_way(table.name)
        ]

    def _is_one_way(self, child: str) -> bool:
        try:
            return bool(paths.to_parent(self.schema, child, self.table))
        except NotUnderstood:
            return False


def queries(about: About) -> st.SearchStrategy[Query]:
    """Any about a table."""
    forms = [listings(about), measures(about), groups(about), existence(about)]
    if about.children and about.schema.by_name[about.table].label:
        forms += [tallies(about), counts_of_tallies(about)]
    if about.schema.by_name[about.table].default_time:
        forms += [periods(about), shares(about)]
    return st.one_of(forms)


# The forms of a query


@st.composite
def listings(draw: st.DrawFn, about: About) -> Query:
    """Rows, or some columns of them."""
    columns = draw(st.lists(st.sampled_from(about.plain), max_size=3, unique=True))
    query = Query(
        about.table, tuple(columns), distinct=bool(columns) and draw(st.booleans()), where=draw(wheres(about))
    )
    limit = draw(st.none() | COUNTS)
    most = 1 if limit is None else 3
    descending = draw(st.booleans())
    sortable = columns if query.distinct else about.plain
    order = [Order(ref, descending) for ref in draw(st.lists(st.sampled_from(sortable), max_size=most, unique=True))]
    return replace(query, order=tuple(order), limit=limit)


@st.composite
def measures(draw: st.DrawFn, about: About) -> Query:
    """What rows are summed up by, perhaps for each of some groups."""
    is_sum = draw(st.booleans())
    measured = draw(summed(about) if is_sum else st.one_of(st.just((COUNT,)), counted(about)))
    by = draw(st.lists(st.sampled_from(about.plain), max_size=2, unique=True))
    terms = (*by, *measured)
    sortable = [*by, *(measured if len(measured) == 1 else ())] if by else []
    order = draw(st.none() | st.builds(Order, st.sampled_from(sortable), st.booleans())) if sortable else None
    return Query(
        about.table,
        terms,
        # "The price of items" can be of the products that have items: that would be asked of two tables.
        where=draw(wheres(about, others=not is_sum)),
        group_by=tuple(by),
        order=(order,) if order else (),
    )


def counted(about: About) -> st.SearchStrategy[tuple[Aggregate, ...]]:
    """How many different values a column has."""
    return st.sampled_from(about.plain).map(lambda ref: (Aggregate(Function.COUNT, ref, distinct=True),))


@st.composite
def summed(draw: st.DrawFn, about: About) -> tuple[Aggregate, ...]:
    """Functions of one column, as far as it has them."""
    # Another table's column is not summed up, for the same reason.
    own = [ref for ref in about.those(lambda column: column.type in MEASURES | TIMES) if ref.table == about.table]
    ref = draw(st.sampled_from(own))
    ordered = [Function.LEAST, Function.GREATEST]
    allowed = [*ordered, Function.SUM, Function.AVERAGE] if about.definition(ref).type in MEASURES else ordered
    functions = draw(st.lists(st.sampled_from(allowed), min_size=1, max_size=3, unique=True))
    return tuple(Aggregate(function, ref) for function in functions)


@st.composite
def groups(draw: st.DrawFn, about: About) -> Query:
    """Groups by how many rows they have: the one with most, or those with more than so many."""
    ref = draw(st.sampled_from(about.plain))
    query = Query(about.table, (ref, COUNT), where=draw(wheres(about)), group_by=(ref,))
    if draw(st.booleans()):
        return replace(query, order=(Order(COUNT, draw(st.booleans())),), limit=1)
    order = draw(st.none() | st.builds(Order, st.sampled_from([ref, COUNT]), st.booleans()))
    operator, count = draw(AT_LEAST), draw(COUNTS)
    # At least one is a condition, and no number.
    having = Compare(COUNT, operator, count + (operator is Operator.GE) * 2)
    return replace(query, having=having, order=(order,) if order else ())


@st.composite
def existence(draw: st.DrawFn, about: About) -> Query:
    """Whether there is any."""
    return Query(about.table, is_there=True, where=draw(wheres(about)))


@st.composite
def periods(draw: st.DrawFn, about: About) -> Query:
    """How many in each unit of time: of the table's own time, as no verb says another."""
    column = about.schema.by_name[about.table].default_time
    assert column is not None
    # "Minutes" are a property of some.
    units = UNITS.filter(lambda unit: len(about.words.phrases[(unit,)]) == 1)
    period = Period(ColumnRef(about.table, column.name), draw(units))
    by = [period, *draw(st.lists(st.sampled_from(about.plain), max_size=1))]
    timeless = [ref for ref in about.plain if about.definition(ref).type not in TIMES]
    where = draw(st.none() | st.sampled_from(timeless).flatmap(lambda ref: of_values(ref, about.definition(ref))))
    return Query(about.table, (*by, COUNT), where=where, group_by=tuple(by))


@st.composite
def shares(draw: st.DrawFn, about: About) -> Query:
    """Of rows, perhaps of some time, how many hold a condition, perhaps for each of some groups."""
    times = about.those(lambda column: column.type in TIMES)
    where = draw(st.none() | st.sampled_from(times).flatmap(at_times))
    held = draw(leaves(about, timed=False))
    by = draw(st.lists(st.sampled_from(about.plain), max_size=2, unique=True))
    return Query(about.table, (*by, Share(held)), where=where, group_by=tuple(by))


@st.composite
def tallies(draw: st.DrawFn, about: About) -> Query:
    """Names of rows, and how many of another table belong to each."""
    label = about.schema.by_name[about.table].label
    assert label is not None
    return Query(
        about.table,
        (ColumnRef(about.table, label.name), draw(tally(about))),
        where=draw(wheres(about, others=False)),
    )


@st.composite
def counts_of_tallies(draw: st.DrawFn, about: About) -> Query:
    """How many rows have so many of another table."""
    operator, count = draw(AT_LEAST), draw(COUNTS)
    having = Compare(draw(tally(about)), operator, count + (operator is Operator.GE) * 2)
    where = draw(wheres(about, others=False))
    parts = where.conditions if isinstance(where, All) and not is_range(where) else (where,) if where else ()
    return Query(about.table, (COUNT,), where=All((*parts, having)) if parts else having)


@st.composite
def tally(draw: st.DrawFn, about: About) -> Tally:
    """Rows of another table, all or those with some value."""
    child = draw(st.sampled_from(about.children))
    return Tally(child.table, draw(st.one_of(st.none(), *(is_one_of(child, ref) for ref in child.listed))))


# Conditions


@st.composite
def wheres(draw: st.DrawFn, about: About, *, others: bool = True) -> Condition | None:
    """Parts that hold all of them; what is said of other rows comes last, as more would be said of those."""
    parts = draw(st.lists(disjunctions(about), max_size=2))
    if others and about.children:
        without = st.sampled_from(about.children).map(lambda child: Not(Related(child.table)))
        parts += draw(st.lists(st.one_of(related(about, alone=not parts), without), max_size=1))
    if len(parts) > 1:
        return All(tuple(parts))
    return parts[0] if parts else None


def disjunctions(about: About) -> Conditions:
    """Parts of which one has to hold."""
    several = st.lists(conjunctions(about), min_size=2, max_size=3).map(lambda parts: Any(tuple(parts)))
    return st.one_of(conjunctions(about), several.filter(lambda either: not _is_list(either)))


def conjunctions(about: About) -> Conditions:
    """One condition, or some that hold together."""
    several = st.lists(leaves(about), min_size=2, max_size=3).map(lambda parts: All(tuple(parts)))
    return st.one_of(leaves(about), several)


def is_range(condition: All) -> bool:
    """Both ends of one column: said as one."""
    ends = [one for one in condition.conditions if isinstance(one, Compare)]
    if len(ends) != len(condition.conditions) or len(ends) != 2 or ends[0].term != ends[1].term:
        return False
    upper = Operator.LT if isinstance(ends[1].value, Moment) else Operator.LE
    return (ends[0].operator, ends[1].operator) == (Operator.GE, upper)


def _is_list(either: Any) -> bool:
    """Values of one column: these are one list, however they are said."""
    return len({_listed(part) for part in either.conditions}) == 1 and _listed(either.conditions[0]) is not None


def _listed(part: Condition) -> ColumnRef | None:
    if isinstance(part, OneOf):
        return part.column
    equal = isinstance(part, Compare) and part.operator is Operator.EQ and isinstance(part.term, ColumnRef)
    return part.term if equal else None  # type: ignore[union-attr, return-value]


def leaves(about: About, *, timed: bool = True) -> Conditions:
    """Conditions that are said in one piece; on times, too, if that is wanted."""
    texts = about.those(lambda column: column.type is ColumnType.TEXT)
    times = about.those(lambda column: column.type in TIMES)
    flags = about.those(lambda column: column.type is ColumnType.BOOLEAN)
    intervals = about.those(lambda column: column.type is ColumnType.INTERVAL)
    others = about.those(lambda column: column.type not in TIMES | {ColumnType.BOOLEAN})
    strategies = [
        st.sampled_from(others).flatmap(lambda ref: of_values(ref, about.definition(ref))),
        negated(st.builds(Absent, st.sampled_from(about.plain))),
    ]
    if texts:
        ends = st.sampled_from([(True, False), (False, True), (True, True)])
        strategies.append(
            negated(st.builds(lambda ref, text, end: Matches(ref, text, *end), st.sampled_from(texts), TEXTS, ends))
        )
    if times and timed:
        strategies.append(st.sampled_from(times).flatmap(at_times))
        strategies.append(st.builds(on_weekdays, st.sampled_from(times), st.integers(1, 7), EQUAL_OR_PART))
    if intervals:
        strategies.append(st.sampled_from(intervals).flatmap(lambda ref: of_values(ref, about.definition(ref))))
    if flags:
        strategies.append(st.builds(Compare, st.sampled_from(flags), st.just(Operator.EQ), st.booleans()))
    if len(about.listed) > 1:
        both = st.tuples(*(is_value(about, ref) for ref in about.listed[:2]))
        strategies.append(both.map(lambda pair: Not(Any(pair))))
    return st.one_of(strategies)


def on_weekdays(ref: ColumnRef, day: int, operator: Operator) -> Condition:
    """On one day of each week, on weekends, or on the other days."""
    return Compare(Weekday(ref), operator, day if operator is Operator.EQ else 6)


def negated(conditions: Conditions) -> Conditions:
    """Conditions and their opposites."""
    return st.one_of(conditions, conditions.map(Not))


def of_values(ref: ColumnRef, column: Column) -> Conditions:
    """A column against a value, a list or a range."""
    value = values(column)
    if column.type is ColumnType.INTERVAL:
        return st.builds(Compare, st.just(ref), st.sampled_from(Operator), value)
    operator = st.sampled_from(Operator) if column.type in NUMBERS else EQUAL
    lists = st.lists(value, min_size=2, max_size=3).map(lambda items: OneOf(ref, tuple(items)))
    compared = st.builds(Compare, st.just(ref), operator, value)
    if column.type not in NUMBERS:
        return st.one_of(compared, negated(lists))
    ranges = st.builds(lambda a, b: All((Compare(ref, Operator.GE, a), Compare(ref, Operator.LE, b))), value, value)
    return st.one_of(compared, negated(lists), ranges)


def values(column: Column) -> st.SearchStrategy[Value | Interval]:
    """What a column can hold."""
    if column.type is ColumnType.INTERVAL:
        return st.builds(Interval, NUMBER, UNITS)
    if column.values:
        return st.sampled_from(column.values)
    if column.type in NUMBERS:
        return NUMBER
    return st.uuids().map(str) if column.type is ColumnType.UUID else TEXTS


def at_times(ref: ColumnRef) -> Conditions:
    """Before or since a moment, or between two."""
    rolling = st.builds(lambda ago, unit: Moment(moved=-ago, unit=unit), st.integers(0, 1000), UNITS)
    points = st.one_of(DAYS.map(lambda day: Moment(day=day)), starts(0))
    latest = st.one_of(
        st.builds(lambda ahead: Moment("year", ahead=ahead, unit="month"), st.integers(0, 11)),
        st.builds(lambda ahead: Moment("week", ahead=ahead, unit="day"), st.integers(0, 6)),
    )
    sides = st.sampled_from([Operator.LT, Operator.GE])
    compared = st.builds(Compare, st.just(ref), sides, points | rolling | latest)
    ends = st.one_of(DAYS.map(lambda day: Moment(day=day)), starts(-1))
    ranges = st.builds(lambda a, b: All((Compare(ref, Operator.GE, a), Compare(ref, Operator.LT, b))), points, ends)
    return st.one_of(compared, ranges)


def starts(least: int) -> st.SearchStrategy[Moment]:
    """The starts of units, at least so many ago."""
    return st.builds(lambda ago, unit: Moment(unit, moved=-ago, unit=unit), st.integers(least, 1000), UNITS)


def is_value(about: About, ref: ColumnRef) -> Conditions:
    """One of the values that the schema lists."""
    return st.sampled_from(about.definition(ref).values).map(lambda value: Compare(ref, Operator.EQ, value))


@st.composite
def related(draw: st.DrawFn, about: About, *, alone: bool) -> Condition:
    """Rows of another table: any, or those with some value; with all that goes in front of a name if said alone."""
    child = draw(st.sampled_from(about.children))
    said: list[Conditions] = [st.none()]
    said += [is_one_of(child, ref) for ref in child.listed]
    # "Models of versions" may be names of models, too.
    if alone and len(about.words.phrases[(about.table,)]) == 1:
        said += in_front(child)
    return Related(child.table, draw(st.one_of(said)))


def is_one_of(about: About, ref: ColumnRef) -> Conditions:
    """One or several of the values that the schema lists."""
    several = st.lists(st.sampled_from(about.definition(ref).values), min_size=2, max_size=3, unique=True)
    return st.one_of(is_value(about, ref), several.map(lambda items: OneOf(ref, tuple(items))))


def in_front(about: About) -> list[Conditions]:
    """What else is said in front of a table."""
    strategies: list[Conditions] = []
    for ref in about.listed:
        is_not = is_value(about, ref).map(lambda equal: replace(equal, operator=Operator.NE))
        strategies += [is_not, st.tuples(is_one_of(about, ref), is_not).map(All)]
    for column in about.schema.by_name[about.table].columns:
        ref = ColumnRef(about.table, column.name)
        if column.absent:
            strategies.append(st.just(Absent(ref)))
        if column.type is ColumnType.BOOLEAN:
            strategies.append(st.just(Compare(ref, Operator.EQ, value=True)))
    return strategies
