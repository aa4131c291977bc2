"""The conditions of a question, bound to a table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lark import Token, Tree

from query_parser.domain import moments, paths
from query_parser.domain.lexicon import Entry
from query_parser.domain.problems import NotUnderstood
from query_parser.domain.schema import TIMES, ColumnType, Schema
from query_parser.domain.scope import COUNT, Scope, comparison, conjunction, convert, within
from query_parser.domain.syntax import Node, first_token, subtree, token, tokens, trees
from query_parser.domain.tree import (
    Absent,
    All,
    Any,
    ColumnRef,
    Compare,
    Condition,
    Matches,
    Moment,
    Not,
    OneOf,
    Operator,
    Related,
    Value,
)

OPERATORS = {
    "GT": Operator.GT,
    "GE": Operator.GE,
    "LT": Operator.LT,
    "LE": Operator.LE,
    "EQ": Operator.EQ,
    "NE": Operator.NE,
}


@dataclass
class Conditions:
    """Binds conditions; what a word means depends on the table that they are about."""

    schema: Schema
    entries: Sequence[Entry]
    entity: Callable[[Node], Scope]

    def condition(self, tree: Node, scope: Scope) -> Condition | None:
        """The condition of a node; None where it only says how many there must be."""
        method: Callable[[Node, Scope], Condition | None] = getattr(self, f"_{tree.data}")
        return method(tree, scope)

    def count(self, tree: Node) -> int:
        """How many: a whole number."""
        inner = tree.children[0]
        if isinstance(inner, Tree):
            return moments.whole_number(inner)
        if inner.type == "TWICE":
            return 2
        raise NotUnderstood(f"{inner} is no number", unresolved=(str(inner),))

    def of_rows(self, scope: Scope, inner: Scope) -> list[Condition]:
        """Rows that belong to the inner ones, or to which these belong."""
        if paths.is_parent(self.schema, scope.table.name, inner.table.name):
            return list(inner.where)
        return [self.children(scope, inner)]

    def children(self, scope: Scope, inner: Scope) -> Related:
        """The inner rows that belong to one of these; NotUnderstood where none can."""
        if not paths.is_parent(self.schema, inner.table.name, scope.table.name):
            name = inner.table.name
            raise NotUnderstood(f"{scope.table.name} and {name} do not belong together", unresolved=(name,))
        above = {name for name in self.schema.by_name if paths.is_parent(self.schema, scope.table.name, name)}
        if any(tables_of(condition) & {scope.table.name, *above} for condition in inner.where):
            raise NotUnderstood(f"that would be said of the {scope.table.name} themselves")
        return Related(inner.table.name, conjunction(inner.where))

    def inner(self, tree: Node) -> Scope:
        """Rows of another table, with what is said in front of it."""
        scope = Scope(self.schema, self.schema.by_name[self._entry(token(tree, "TABLE")).table or ""])
        conditions = [self.condition(node, scope) for node in trees(tree)]
        scope.where += [condition for condition in conditions if condition is not None]
        return scope

    # Words between conditions

    def _where(self, tree: Node, scope: Scope) -> Condition | None:
        return self.condition(trees(tree)[0], scope)

    def _disjunction(self, tree: Node, scope: Scope) -> Condition | None:
        return _any(self._each(tree, scope))

    def _conjunction(self, tree: Node, scope: Scope) -> Condition | None:
        return All(tuple(self._each(tree, scope)))

    def _each(self, tree: Node, scope: Scope) -> list[Condition]:
        conditions = [self.condition(node, scope) for node in trees(tree)]
        whole = [condition for condition in conditions if condition is not None]
        if len(whole) < len(conditions):
            raise NotUnderstood("a number of rows stands by itself, not beside 'and' or 'or'")
        return whole

    def _nothing_of(self, tree: Node, scope: Scope) -> Condition:
        return Not(_any([self._is_value(token(node, "VALUE"), scope) for node in trees(tree)]))

    # Values that the schema lists

    def _values_before(self, tree: Node, scope: Scope) -> Condition:
        return _any([self._is_value(word, scope) for word in tokens(tree, "VALUE")])

    def _not_before(self, tree: Node, scope: Scope) -> Condition:
        return _negated(self._values_before(tree, scope))

    _excluded = _valued_not = _not_before

    def _valued(self, tree: Node, scope: Scope) -> Condition:
        word = token(tree, "VALUE")
        if not trees(tree):
            return self._is_value(word, scope)
        ref = self._column(trees(tree)[0], scope)
        return Compare(ref, Operator.EQ, convert(scope.definition(ref), str(word)))

    def _is_value(self, word: Token, scope: Scope) -> Compare:
        entry = self._entry(word)
        ref = scope.column(entry, str(word))
        return Compare(ref, Operator.EQ, entry.value or "")

    def _of_value(self, tree: Node, scope: Scope) -> Condition:
        return self._valued(tree, scope)

    # Columns and literals

    def _compared(self, tree: Node, scope: Scope) -> Condition:
        ref = self._column(subtree(tree, "column"), scope)
        operator = next(OPERATORS[word.type] for word in tokens(tree) if word.type in OPERATORS)
        return comparison(ref, scope.definition(ref), operator, _amount(subtree(tree, "amount")))

    _compared_before = _compared

    def _compared_or(self, tree: Node, scope: Scope) -> Condition:
        ref = self._column(subtree(tree, "column"), scope)
        operator = Operator.GE if tokens(tree, "ORMORE") else Operator.LE
        return comparison(ref, scope.definition(ref), operator, _amount(subtree(tree, "amount")))

    def _between(self, tree: Node, scope: Scope) -> Condition:
        ref = self._column(subtree(tree, "column"), scope)
        low, high = (_amount(node) for node in trees(tree) if node.data == "amount")
        column = scope.definition(ref)
        return All((comparison(ref, column, Operator.GE, low), comparison(ref, column, Operator.LE, high)))

    _between_before = _between

    def _listed(self, tree: Node, scope: Scope) -> Condition:
        ref = self._column(subtree(tree, "column"), scope)
        return self._literals(subtree(tree, "literals"), ref, scope)

    def _listed_not(self, tree: Node, scope: Scope) -> Condition:
        return _negated(self._listed(tree, scope))

    def _called(self, tree: Node, scope: Scope) -> Condition:
        return self._literals(trees(tree)[0], scope.name_of(scope.table.name), scope)

    _of_column = _listed

    def _of_table(self, tree: Node, scope: Scope) -> Condition:
        table = self._entry(token(tree, "TABLE")).table or ""
        return self._literals(trees(tree)[0], scope.name_of(table), scope)

    def _literals(self, tree: Node, ref: ColumnRef, scope: Scope) -> Condition:
        column = scope.definition(ref)
        texts = [_amount(node) for node in trees(tree)]
        if len(texts) == 1:
            return comparison(ref, column, Operator.EQ, texts[0])
        return OneOf(ref, tuple(convert(column, text) for text in texts))

    def _matched(self, tree: Node, scope: Scope) -> Condition:
        return self._match(tree, self._column(subtree(tree, "column"), scope), scope)

    def _matched_label(self, tree: Node, scope: Scope) -> Condition:
        return self._match(tree, scope.name_of(scope.table.name), scope)

    def _match(self, tree: Node, ref: ColumnRef, scope: Scope) -> Condition:
        column = scope.definition(ref)
        if column.type is not ColumnType.TEXT:
            raise NotUnderstood(f"{column.name} is {column.type.value}, no text", unresolved=(column.name,))
        text = str(token(tree, "WORD", "STRING"))
        start, end = bool(tokens(tree, "ENDS", "CONTAINS")), bool(tokens(tree, "STARTS", "CONTAINS"))
        condition = Matches(ref, text, open_start=start, open_end=end)
        return Not(condition) if tokens(tree, "NOT") else condition

    # What is there, and what is not

    def _absent(self, tree: Node, scope: Scope) -> Condition:
        return Absent(self._column(subtree(tree, "column"), scope))

    def _present(self, tree: Node, scope: Scope) -> Condition:
        return Not(self._absent(tree, scope))

    def _absent_word(self, tree: Node, scope: Scope) -> Condition:
        word = token(tree, "ABSENT")
        return Absent(scope.column(self._entry(word), str(word)))

    _absent_before = _absent_word

    def _flagged(self, tree: Node, scope: Scope) -> Condition:
        word = token(tree, "FLAG")
        return Compare(scope.column(self._entry(word), str(word)), Operator.EQ, value=True)

    _flag = _flagged

    def _flagged_not(self, tree: Node, scope: Scope) -> Condition:
        word = token(tree, "FLAG")
        return Compare(scope.column(self._entry(word), str(word)), Operator.EQ, value=False)

    def _unrelated(self, tree: Node, scope: Scope) -> Condition:
        inner = self.inner(trees(tree)[0])
        if paths.is_parent(self.schema, scope.table.name, inner.table.name) and not inner.where:
            return Absent(self._key(scope, inner))
        return Not(self.children(scope, inner))

    def _related(self, tree: Node, scope: Scope) -> Condition:
        inner = self.entity(tree)
        if not inner.is_whole():
            raise NotUnderstood(f"the {inner.table.name} can only be narrowed down here")
        if paths.is_parent(self.schema, scope.table.name, inner.table.name):
            return conjunction(inner.where) or Not(Absent(self._key(scope, inner)))
        return self.children(scope, inner)

    def _key(self, scope: Scope, parent: Scope) -> ColumnRef:
        """What says to which row of another table a row belongs."""
        first, *further = paths.to_parent(self.schema, scope.table.name, parent.table.name)
        if further:
            raise NotUnderstood(f"{scope.table.name} belong to {first.references} first", unresolved=())
        return ColumnRef(first.table, first.column)

    def _counted(self, tree: Node, scope: Scope) -> Condition | None:
        operator = next(OPERATORS[word.type] for word in tokens(tree) if word.type in OPERATORS)
        return self._count_children(tree, scope, operator)

    def _counted_or(self, tree: Node, scope: Scope) -> Condition | None:
        return self._count_children(tree, scope, Operator.GE if tokens(tree, "ORMORE") else Operator.LE)

    def _count_children(self, tree: Node, scope: Scope, operator: Operator) -> Condition | None:
        related = self.children(scope, self.inner(subtree(tree, "inner")))
        count = self.count(subtree(tree, "amount"))
        if (operator, count) == (Operator.GE, 1):
            return related
        check_counted(operator, related.table)
        if scope.counted is not None:
            raise NotUnderstood("one number of rows at a time")
        scope.counted, scope.counted_where = related.table, related.where
        scope.having.append(Compare(COUNT, operator, count))
        return None

    # Times

    def _timed(self, tree: Node, scope: Scope) -> Condition:
        ref = self._verb(tree, scope)
        return within(ref, moments.bounds(trees(tree)[1]))

    def _done(self, tree: Node, scope: Scope) -> Condition:
        return Not(Absent(self._verb(tree, scope)))

    def _not_done(self, tree: Node, scope: Scope) -> Condition:
        return Absent(self._time_column(tree, scope))

    def _during(self, tree: Node, scope: Scope) -> Condition:
        return within(scope.time(), moments.bounds(trees(tree)[0]))

    def _verb(self, tree: Node, scope: Scope) -> ColumnRef:
        ref = self._time_column(tree, scope)
        scope.verbs.add(ref)
        return ref

    def _time_column(self, tree: Node, scope: Scope) -> ColumnRef:
        ref = self._column(subtree(tree, "column"), scope)
        if scope.definition(ref).type not in TIMES:
            raise NotUnderstood(f"{ref.column} is no time, and what it has to be is not said", unresolved=(ref.column,))
        return ref

    def _column(self, tree: Node, scope: Scope) -> ColumnRef:
        word = tokens(tree)[0]
        return scope.column(self._entry(word), str(word))

    def _entry(self, word: Token) -> Entry:
        return self.entries[word.start_pos or 0]


def check_counted(operator: Operator, table: str) -> None:
    """Refuse what a row without any of the counted ones would answer: it is in no group."""
    if operator in {Operator.LT, Operator.LE, Operator.NE}:
        raise NotUnderstood(f"who has none of the {table} would be left out: ask for more than a number")


def tables_of(condition: Condition) -> set[str]:
    """The tables whose columns a condition names; those of other rows are not among them."""
    if isinstance(condition, All | Any):
        return {name for part in condition.conditions for name in tables_of(part)}
    if isinstance(condition, Not):
        return tables_of(condition.condition)
    if isinstance(condition, Compare):
        return {condition.term.table} if isinstance(condition.term, ColumnRef) else set()
    return set() if isinstance(condition, Related) else {condition.column.table}


def _any(conditions: Sequence[Condition]) -> Condition:
    """One of several; values of one column as a list, however they are said."""
    if len(conditions) == 1:
        return conditions[0]
    columns = {_listed(condition) for condition in conditions}
    column = columns.pop()
    if columns or column is None:
        return Any(tuple(conditions))
    return OneOf(column, tuple(dict.fromkeys(value for condition in conditions for value in _values(condition))))


def _listed(condition: Condition) -> ColumnRef | None:
    """The column of which the condition lists values."""
    if isinstance(condition, OneOf):
        return condition.column
    if isinstance(condition, Compare) and condition.operator is Operator.EQ and isinstance(condition.term, ColumnRef):
        return None if isinstance(condition.value, Moment) else condition.term
    return None


def _values(condition: Condition) -> tuple[Value, ...]:
    if isinstance(condition, OneOf):
        return condition.values
    return (condition.value,) if isinstance(condition, Compare) and not isinstance(condition.value, Moment) else ()


def _negated(condition: Condition) -> Condition:
    if isinstance(condition, Compare) and condition.operator is Operator.EQ:
        return Compare(condition.term, Operator.NE, condition.value)
    return Not(condition)


def _amount(tree: Node) -> str:
    """The text of a literal or an amount."""
    first = first_token(tree)
    return "2" if first.type == "TWICE" else str(first)
