"""From a syntax tree to a query: words become the tables, columns and values that they mean in their place."""

from collections.abc import Callable
from dataclasses import replace

from query_parser.domain.entities import How
from query_parser.domain.grammar import Reading
from query_parser.domain.literals import Amount, comparison, words_of
from query_parser.domain.logic import either, flattened
from query_parser.domain.measures import of_which
from query_parser.domain.problems import NotUnderstood
from query_parser.domain.relations import check_narrowed
from query_parser.domain.schema import TIMES, ColumnType, Schema, Table
from query_parser.domain.scope import COUNT, Scope
from query_parser.domain.shares import Shares
from query_parser.domain.syntax import Node, subtree, tokens, trees
from query_parser.domain.tree import ColumnRef, Condition, Operator, Query, Tally

LISTED = How(listed=True)
NAMED = How(named=True)


def bind(tree: Node, reading: Reading, schema: Schema) -> Query:
    """The query that the tree means; NotUnderstood where the schema has no such thing."""
    return Binder(schema, [entry for _, entry in reading]).question(trees(tree)[0])


class Binder(Shares):
    """Reads one syntax tree."""

    def question(self, tree: Node) -> Query:
        """Any of the forms of a question, by the name of its rule."""
        method: Callable[[Node], Query] = getattr(self, f"_{tree.data}")
        return method(tree)

    def _listing(self, tree: Node) -> Query:
        if tokens(tree, "DISTINCT"):
            raise NotUnderstood("rows are distinct anyway: say which column", unresolved=("distinct",))
        return self.entity(tree, LISTED).query()

    def _listing_of(self, tree: Node) -> Query:
        """Answer "Ada's orders"."""
        scope = self.entity(tree, LISTED)
        scope.where.append(self.conditions.owner(scope, tokens(subtree(tree, "owner"))))
        return scope.query()

    def _projecting(self, tree: Node) -> Query:
        scope = self.entity(tree, LISTED)
        return scope.query(self._columns(tree, scope), distinct=bool(tokens(tree, "DISTINCT")))

    def _projecting_of(self, tree: Node) -> Query:
        """Columns without "of": in "job ids and statuses" what comes first says of which table."""
        scope = self.compound(tree)
        columns = self._columns(tree, scope)
        if scope.definition(columns[0]).type in TIMES:
            raise NotUnderstood("a time that follows a table is a condition")
        self.modify_all(trees(tree), scope)
        return scope.query(columns, distinct=bool(tokens(tree, "DISTINCT")))

    def _projecting_named(self, tree: Node) -> Query:
        """Answer "the price of Honey": of the only table that has both a price and names."""
        words = [
            token
            for node in trees(tree)
            if node.data == "columns"
            for token in (tokens(column)[0] for column in trees(node))
        ]
        words += tokens(tree, "COLUMN", "TIMECOLUMN")
        tables = [
            table
            for table in self.schema.tables
            if table.label and all(any(ref.table == table.name for ref in self.entry(word).columns) for word in words)
        ]
        if len(tables) != 1 or any(self.schema.names_table(word.lower()) for word in words):
            raise NotUnderstood(f"whose {words[0]} is not said", unresolved=(str(words[0]),))
        scope = Scope(self.schema, tables[0])
        name = scope.name_of(scope.table.name)
        scope.where.append(self._is_named(tree, name, scope))
        return scope.query([self.conditions.named(word, scope) for word in words])

    def _projecting_with(self, tree: Node) -> Query:
        """Answer "products and their prices": the names, and what is asked of each."""
        scope = self.entity(tree)
        return scope.query([scope.name_of(scope.table.name), *self._columns(tree, scope)])

    def _projecting_alone(self, tree: Node) -> Query:
        """Answer "the model names": of the only table whose rows have that for a name."""
        return self._of_only(tree, lambda table, name: table.label is not None and table.label.name == name)

    def _projecting_distinct(self, tree: Node) -> Query:
        """Answer "which categories are there": each value once."""
        return replace(self._of_only(tree, lambda _table, _name: True), distinct=True)

    def _of_only(self, tree: Node, fits: Callable[[Table, str], bool]) -> Query:
        words = [tokens(node)[0] for node in trees(subtree(tree, "columns"))]
        if tokens(tree, "TABLE"):
            scope = self.compound(tree)
        else:
            refs = self.entry(words[0]).columns
            fitting = {ref.table for ref in refs if fits(self.schema.by_name[ref.table], ref.column)}
            if len(fitting) != 1:
                raise of_which(str(words[0]), fitting or {ref.table for ref in refs})
            scope = Scope(self.schema, self.schema.by_name[fitting.pop()])
        self.modify_all(trees(tree), scope)
        return scope.query([self.conditions.named(word, scope) for word in words])

    def _sorting(self, tree: Node) -> Query:
        scope = self.entity(tree, How(sorted_by=True))
        return scope.query()

    def _columns(self, tree: Node, scope: Scope) -> list[ColumnRef]:
        return [self._named(node, scope) for node in trees(subtree(tree, "columns"))]

    def _named(self, node: Node, scope: Scope) -> ColumnRef:
        if node.data == "column":
            return self.column(node, scope)
        return self.conditions.of_table(tokens(node, "TABLE")[0], subtree(node, "column"), scope)

    def _listing_by(self, tree: Node) -> Query:
        """Answer "which orders did Ada place"."""
        scope = self.entity(tree, LISTED)
        scope.where.append(self.conditions.done_by(scope, tokens(tree, "VERB")[0], words_of(tree)))
        return scope.query()

    def _when(self, tree: Node) -> Query:
        """Answer "when was parcel 7 delivered": the time of one row, which has a name."""
        scope = self.entity(tree, NAMED)
        if not scope.is_named():
            raise NotUnderstood("of which one the time is asked is not said")
        word = tokens(tree, "TIMECOLUMN", "VALUE")[0]
        if word.type == "TIMECOLUMN":
            return scope.query([self.conditions.named(word, scope)])
        if scope.is_time(word.lower()):
            raise NotUnderstood(f"{word} is the time that is asked for")
        scope.where.append(self.conditions.is_value(word, scope))
        return scope.query([self.conditions.time_of(word, scope)])

    def _asking(self, tree: Node) -> Query:
        scope = self.entity(tree)
        if scope.order or scope.groups or scope.limit is not None:
            raise NotUnderstood("whether there is any has no order and no groups")
        return replace(scope.query([COUNT]), columns=(), is_there=True)

    def _asking_one(self, tree: Node) -> Query:
        """Answer "is order 12 paid": of what is named, something else is asked."""
        scope = self.entity(tree, NAMED)
        said = list(flattened(scope.where))
        if not scope.is_one() or len(said) == 1 or scope.order or scope.groups:
            raise NotUnderstood("of which one that is asked is not said")
        return replace(scope.query([COUNT]), columns=(), is_there=True)

    def _asking_named(self, tree: Node) -> Query:
        """Answer "is Honey in stock"."""
        word = tokens(tree, "TRAIT", "FLAG", "VALUE")[0]
        scope = self.only_table(word)
        kinds = {"TRAIT": "trait", "FLAG": "flag", "VALUE": "values_before"}
        condition = self.conditions.condition(type(tree)(kinds[word.type], [word]), scope)
        name = self._is_named(tree, scope.name_of(scope.table.name), scope)
        scope.where += [one for one in (name, condition) if one is not None]
        return replace(scope.query([COUNT]), columns=(), is_there=True)

    def _tallied(self, tree: Node) -> Query:
        """Rows, and how many of another table belong to each."""
        scope, *others = (self.bind_entity(node) for node in trees(tree) if node.data == "entity")
        inner = others[0] if others else self.conditions.table(tokens(tree, "TABLE")[0])
        check_narrowed(inner)
        related = self.conditions.children(scope, inner)
        return scope.query([scope.key_of(scope.table.name), Tally(related.table, related.where)])

    _tallied_of = _tallied

    # How much

    def _how(self, tree: Node) -> Query:
        """Of one row its value, of several their average: "how long did the last job take", "how long do jobs take"."""
        scope = self.entity(tree)
        self.modify_all(trees(tree), scope)
        word = tokens(tree, "HOWMUCH", "COLUMN")[0]
        column = self.conditions.named(word, scope)
        for end in tokens(tree, "TOEND"):
            if self.conditions.named(end, scope) != column:
                raise NotUnderstood(f"{word} does not go on {end}", unresolved=(str(end),))
        is_average = bool(tokens(tree, "AVERAGELY"))
        if scope.is_one() and not is_average:
            return scope.query([column])
        if not is_average and scope.definition(column).type is not ColumnType.INTERVAL:
            raise NotUnderstood("of each one, or on average?", suggestions=("say 'on average'",))
        return scope.query([self.average(column, scope)])

    def _how_named(self, tree: Node) -> Query:
        word = tokens(tree, "HOWMUCH")[0]
        scope = self.only_table(word)
        name = scope.name_of(scope.table.name)
        scope.where.append(self._is_named(tree, name, scope))
        return scope.query([self.conditions.named(word, scope)])

    def _is_named(self, tree: Node, name: ColumnRef, scope: Scope) -> Condition:
        owners = [str(word) for node in trees(tree) if node.data == "owner" for word in tokens(node)]
        texts = owners or words_of(tree)
        column = scope.definition(name)
        return either([comparison(name, column, Operator.EQ, Amount(text)) for text in texts])
