"""Questions for numbers: how many, sums and averages, and which group has most of it."""

from collections.abc import Iterable

from lark import Token

from query_parser.domain.entities import Entities, How, names_of
from query_parser.domain.inflection import is_plural
from query_parser.domain.literals import amount_of, comparison, words_of
from query_parser.domain.moments import unit_of, whole_number
from query_parser.domain.neighbours import check_neighbours
from query_parser.domain.problems import NotUnderstood
from query_parser.domain.reader import operator_of
from query_parser.domain.relations import check_counted
from query_parser.domain.schema import MEASURES, NUMBERS, TIMES
from query_parser.domain.scope import COUNT, Scope
from query_parser.domain.syntax import Node, subtree, tokens, trees
from query_parser.domain.tree import (
    Absent,
    Aggregate,
    ColumnRef,
    Compare,
    Function,
    Not,
    Operator,
    Order,
    Period,
    Query,
    Term,
)

FUNCTIONS = {
    "AVERAGE": Function.AVERAGE,
    "SUM": Function.SUM,
    "GREATEST": Function.GREATEST,
    "LEAST": Function.LEAST,
}


class Measures(Entities):
    """By the names of the grammar's rules."""

    def _counting(self, tree: Node) -> Query:
        periods = tokens(tree, "PERIODIC")
        if any(word.lower().endswith(" of") for word in tokens(tree, "DISTINCT")):
            raise NotUnderstood("by which property there are kinds of them is not said")
        if tokens(tree, "DISTINCT") and "of_entity" in names_of(trees(subtree(tree, "entity"))):
            raise NotUnderstood("the distinct ones are a property of what comes after 'of'")
        scope = self.entity(tree, How(timed=bool(periods)))
        scope.groups += [scope.per(unit_of(token)) for token in periods]
        return scope.query([COUNT])

    def _counting_of(self, tree: Node) -> Query:
        scope = self.compound(tree)
        self.modify_all(trees(tree), scope)
        return scope.query([COUNT])

    def _counting_by(self, tree: Node) -> Query:
        """Answer "how many versions does iris have" and "how many orders did Ada place"."""
        scope = self.entity(tree, How(did=tokens(tree, "VALUE")))
        names = words_of(tree)
        verbs = tokens(tree, "VERB")
        done = self.conditions.done_by(scope, verbs[0], names) if verbs else self.conditions.owner(scope, names)
        scope.where.append(done)
        self.modify_all([node for node in trees(tree) if node.data not in {"entity", "names"}], scope)
        return scope.query([COUNT])

    def _counting_done(self, tree: Node) -> Query:
        """Answer "how many orders did each customer place"."""
        scope = self.entity(tree)
        verb = tokens(tree, "VERB")[0]
        keys = {scope.key_of(self.entry(verb).value or "")} if self.entry(verb).table == scope.table.name else set()
        if not keys & set(scope.groups):
            raise NotUnderstood(f"who has to {verb} them is not said", unresolved=(str(verb),))
        return scope.query([COUNT])

    def _counting_in(self, tree: Node) -> Query:
        """Answer "how many items does order 12 have": what they are in is one row."""
        scope, inner = (self.bind_entity(node) for node in trees(tree) if node.data == "entity")
        if not inner.is_one():
            raise NotUnderstood(f"of which of the {inner.table.name} is not said")
        for word in tokens(tree, "VERB"):
            self.conditions.narrow(word, scope)
        scope.where += self.conditions.of_rows(scope, inner)
        return scope.query([COUNT])

    def _counted_property(self, tree: Node) -> Query:
        """Answer "how many attempts did job 7 need": the number that the row has."""
        scope = self.entity(tree)
        column = self.column(subtree(tree, "column"), scope)
        if not scope.is_one() or scope.definition(column).type not in NUMBERS:
            raise NotUnderstood("of each one, or on average?", suggestions=("say 'on average'",))
        return scope.query([column])

    def _aggregating_total(self, tree: Node) -> Query:
        """Answer "the total of all orders" where orders have a total."""
        scope = self.entity(tree)
        word = tokens(tree, "SUM")[0].lower().removesuffix(" of")
        columns = [column for column in scope.table.columns if word in {column.name, *column.synonyms}]
        if len(columns) != 1:
            raise NotUnderstood(f"the {word} of what is not said", unresolved=(word,))
        column = ColumnRef(scope.table.name, columns[0].name)
        _check_function(Function.SUM, column, scope)
        return scope.query([Aggregate(Function.SUM, column)])

    def _counting_values(self, tree: Node) -> Query:
        """Answer "how many categories are there": of what is listed, each counts once."""
        node = subtree(tree, "column")
        scope = self.scope_of(tree, node)
        column = self.column(node, scope)
        if not scope.definition(column).values:
            reason = "each of them, or how many different ones?"
            raise NotUnderstood(reason, suggestions=(f"how many different {tokens(node)[0]} are there",))
        return scope.query([Aggregate(Function.COUNT, column, distinct=True)])

    def _counting_distinct(self, tree: Node) -> Query:
        nodes = trees(subtree(tree, "columns"))
        if len(nodes) > 1:
            raise NotUnderstood("distinct values are counted of one column at a time")
        scope = self.scope_of(tree, nodes[0])
        return scope.query([Aggregate(Function.COUNT, self.column(nodes[0], scope), distinct=True)])

    def _aggregating(self, tree: Node) -> Query:
        scope = self.scope_of(tree, subtree(tree, "column"))
        for verb in tokens(tree, "VERB"):
            self.conditions.narrow(verb, scope)
        return scope.query(self._aggregates(tree, scope))

    _aggregating_of = _aggregating

    def _aggregating_rows(self, tree: Node) -> Query:
        """Answer "how many attempts do jobs have on average"."""
        scope = self.entity(tree)
        column = self.column(subtree(tree, "column"), scope)
        return scope.query([self.average(column, scope)])

    def average(self, column: ColumnRef, scope: Scope) -> Aggregate:
        """Of a property that has one."""
        _check_function(Function.AVERAGE, column, scope)
        return Aggregate(Function.AVERAGE, column)

    def _aggregates(self, tree: Node, scope: Scope) -> list[Aggregate]:
        functions = [FUNCTIONS[tokens(node)[0].type] for node in trees(subtree(tree, "functions"))]
        column = self.column(subtree(tree, "column"), scope)
        for function in functions:
            _check_function(function, column, scope)
        return [Aggregate(function, column) for function in functions]

    # What has most, or enough

    def _most(self, tree: Node) -> Query:
        scope = self._grouped(self.entity(tree, How(did=tokens(tree, "VERB", "TIMECOLUMN", "VALUE"))), tree)
        thing = tokens(subtree(tree, "thing"))[0]
        if is_plural(thing) and not any(node.data == "number" for node in trees(tree)):
            raise NotUnderstood(
                f"how many {thing} is not said", suggestions=(f"top 5 {thing} by number of {scope.table.name}",)
            )
        return self._first(tree, scope, COUNT, descending=bool(tokens(tree, "MOST")))

    def _most_measured(self, tree: Node) -> Query:
        scope = self._grouped(self.scope_of(tree, subtree(tree, "column")), tree)
        self.check_top(tree)
        first, *others = self._aggregates(tree, scope)
        if others:
            raise NotUnderstood("one measure at a time")
        descending = not tokens(tree, "LEAST")
        for word in tokens(tree, "SUPERLATIVE"):
            descending = self.entry(word).value == "high"
            if self.conditions.named(word, scope) != first.column:
                raise NotUnderstood(f"{word} is said of something else", unresolved=(str(word),))
        return self._first(tree, scope, first, descending=descending)

    def check_top(self, tree: Node) -> None:
        """The "top model" is one; of "top models" it is not said how many."""
        thing = tokens(subtree(tree, "thing"))[-1]
        if tokens(tree, "TOP") and is_plural(thing) and not any(node.data == "number" for node in trees(tree)):
            raise NotUnderstood("how many is not said", suggestions=(f"top 5 {thing}",))

    def _first(self, tree: Node, scope: Scope, term: Term, *, descending: bool) -> Query:
        scope.sort(Order(term, descending))
        numbers = [whole_number(node) for node in trees(tree) if node.data == "number"]
        for number in numbers or [1]:
            scope.limit_to(number)
        return scope.query([term])

    def _most_often(self, tree: Node) -> Query:
        """The product that was "ordered" most often: what is counted is what the verb does."""
        verb = self.entry(tokens(tree, "VERB")[0])
        thing = self.entry(tokens(subtree(tree, "thing"))[0])
        if thing.table != verb.value:
            raise NotUnderstood(f"how often is asked of the {verb.value}")
        scope = self._grouped(Scope(self.schema, self.schema.by_name[verb.table or ""]), tree)
        return self._first(tree, scope, COUNT, descending=bool(tokens(tree, "OFTENEST", "MOST")))

    def _most_common(self, tree: Node) -> Query:
        node = subtree(tree, "column")
        scope = self.scope_of(tree, node)
        column = self.column(node, scope)
        if scope.groups:
            raise NotUnderstood("one group at a time")
        scope.groups = [column]
        scope.where.append(Not(Absent(column)))
        return self._first(tree, scope, COUNT, descending=bool(tokens(tree, "COMMON")))

    def _having_count(self, tree: Node) -> Query:
        scope = self._grouped(self.entity(tree), tree)
        operator = operator_of(tree)
        keys = {key.column for key in self.schema.parents(scope.table.name)}
        count = self.conditions.count(subtree(tree, "amount"))
        group = scope.groups[0]
        if isinstance(group, ColumnRef) and (group.table != scope.table.name or group.column in keys):
            check_counted(operator, scope.table.name)
            if (operator, count) == (Operator.GE, 1):
                raise NotUnderstood("at least one is a condition, and no number")
        scope.having = [Compare(COUNT, operator, count)]
        return scope.query([COUNT])

    def _having_measure(self, tree: Node) -> Query:
        scope = self._grouped(self.scope_of(tree, subtree(tree, "column")), tree)
        aggregates = self._aggregates(tree, scope)
        column = aggregates[0].column
        if column is None or len(aggregates) > 1:
            raise NotUnderstood("one measure at a time")
        amount = amount_of(subtree(tree, "amount"))
        compared = comparison(column, scope.definition(column), operator_of(tree), amount)
        if not isinstance(compared, Compare):
            raise NotUnderstood("a number is compared with one number")
        scope.having = [Compare(aggregates[0], compared.operator, compared.value)]
        return scope.query(aggregates)

    def _grouped(self, scope: Scope, tree: Node) -> Scope:
        """The entity that is counted, by the thing that has most of it."""
        if scope.groups or scope.having:
            raise NotUnderstood(f"the {scope.table.name} are counted by one thing at a time")
        scope.groups = [self.thing(subtree(tree, "thing"), scope)]
        if isinstance(scope.groups[0], Period) and tokens(tree, "FEWEST", "LEAST"):
            raise NotUnderstood("who has none would be left out: ask for the most")
        return scope

    # Of what

    def scope_of(self, tree: Node, column: Node) -> Scope:
        """What a column is asked of: the entity or the table that is named, or the only table that has it."""
        if any(child.data == "entity" for child in trees(tree)):
            scope = self.entity(tree)
        else:
            scope = self.compound(tree) if tokens(tree, "TABLE") else self.only_table(tokens(column)[0])
        check_neighbours(trees(tree))
        self.modify_all(trees(tree), scope)
        return scope

    def compound(self, tree: Node) -> Scope:
        """The table in "job counts" and "order total"."""
        token = tokens(tree, "TABLE")[0]
        if is_plural(token):
            raise NotUnderstood(f"{token} and what follows are two things", unresolved=(str(token),))
        return self.conditions.table(token)

    def only_table(self, token: Token) -> Scope:
        """The table that has what a word names."""
        tables = {ref.table for ref in self.entry(token).columns}
        if len(tables) > 1:
            raise of_which(str(token), tables)
        return Scope(self.schema, self.schema.by_name[tables.pop()])


def of_which(word: str, tables: Iterable[str]) -> NotUnderstood:
    """Several tables have what a word names, or it is not asked of one."""
    asked = tuple(f"{word} of {table}" for table in sorted(tables))
    return NotUnderstood(f"of what do you ask the {word}?", unresolved=(word,), suggestions=asked)


def _check_function(function: Function, column: ColumnRef, scope: Scope) -> None:
    kind = scope.definition(column).type
    allowed = MEASURES if function in {Function.SUM, Function.AVERAGE} else MEASURES | TIMES
    if kind not in allowed:
        raise NotUnderstood(f"{column.column} is {kind.value}: it has no {function.value}", unresolved=(column.column,))
