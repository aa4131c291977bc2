"""From a syntax tree to a query: words become the tables, columns and values that they mean in their place."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from lark import Token, Tree

from query_parser.domain.conditions import OPERATORS, Conditions, check_counted
from query_parser.domain.grammar import Reading
from query_parser.domain.lexicon import Entry
from query_parser.domain.moments import unit_of, whole_number
from query_parser.domain.neighbours import check_neighbours
from query_parser.domain.problems import NotUnderstood
from query_parser.domain.schema import NUMBERS, TIMES, Schema
from query_parser.domain.scope import COUNT, Scope
from query_parser.domain.syntax import Node, is_plural, subtree, tokens, trees
from query_parser.domain.tree import Aggregate, ColumnRef, Compare, Function, Group, Operator, Order, Query, Tally

# What is said of the whole, and not of the rows.
POSTS = {"post", "bare"}
HEADS = {"functions", "column", "columns", "entity"}
FUNCTIONS = {
    "AVERAGE": Function.AVERAGE,
    "SUM": Function.SUM,
    "GREATEST": Function.GREATEST,
    "LEAST": Function.LEAST,
}


def bind(tree: Node, reading: Reading, schema: Schema) -> Query:
    """The query that the tree means; NotUnderstood where the schema has no such thing."""
    return Binder(schema, [entry for _, entry in reading]).question(trees(tree)[0])


@dataclass
class Binder:
    """Reads one syntax tree."""

    schema: Schema
    entries: Sequence[Entry]
    conditions: Conditions = field(init=False)

    def __post_init__(self) -> None:
        """Conditions can hold entities, and entities conditions."""
        self.conditions = Conditions(self.schema, self.entries, self._entity)

    def question(self, tree: Node) -> Query:
        """Any of the forms of a question."""
        forms: dict[str, Callable[[Node], Query]] = {
            "listing": self._listing,
            "projecting": self._projecting,
            "projecting_of": self._projecting_of,
            "asking": self._asking,
            "counting": self._counting,
            "counting_of": self._counting_of,
            "counting_distinct": self._counting_distinct,
            "aggregating": self._aggregating,
            "aggregating_of": self._aggregating,
            "most": self._most,
            "having_count": self._having_count,
            "tallied": self._tallied,
            "tallied_of": self._tallied,
        }
        return forms[str(tree.data)](tree)

    def _listing(self, tree: Node) -> Query:
        if tokens(tree, "DISTINCT"):
            raise NotUnderstood("rows are distinct anyway: say which column", unresolved=("distinct",))
        return self._entity(tree).query()

    def _projecting(self, tree: Node) -> Query:
        scope = self._entity(tree)
        columns = [self._column(node, scope) for node in trees(subtree(tree, "columns"))]
        return scope.query(columns, distinct=bool(tokens(tree, "DISTINCT")))

    def _projecting_of(self, tree: Node) -> Query:
        """Columns without "of": in "job ids and statuses" what comes first says of which table."""
        scope = self._compound(tree)
        columns = [self._column(node, scope) for node in trees(subtree(tree, "columns"))]
        if scope.definition(columns[0]).type in TIMES:
            raise NotUnderstood("a time that follows a table is a condition")
        self._modify_all(trees(tree), scope)
        return scope.query(columns, distinct=bool(tokens(tree, "DISTINCT")))

    def _compound(self, tree: Node) -> Scope:
        token = tokens(tree, "TABLE")[0]
        if is_plural(token):
            raise NotUnderstood(f"{token} and what follows are two things", unresolved=(str(token),))
        return Scope(self.schema, self.schema.by_name[self._entry(token).table or ""])

    def _asking(self, tree: Node) -> Query:
        scope = self._entity(tree)
        if scope.order or scope.groups or scope.limit is not None:
            raise NotUnderstood("whether there is any has no order and no groups")
        return replace(scope.query([COUNT]), columns=(), is_there=True)

    def _counting(self, tree: Node) -> Query:
        scope = self._entity(tree)
        for token in tokens(tree, "PERIODIC"):
            scope.groups.append(scope.per(unit_of(token)))
        return scope.query([COUNT])

    def _counting_of(self, tree: Node) -> Query:
        scope = self._compound(tree)
        self._modify_all(trees(tree), scope)
        return scope.query([COUNT])

    def _counting_distinct(self, tree: Node) -> Query:
        nodes = trees(subtree(tree, "columns"))
        if len(nodes) > 1:
            raise NotUnderstood("distinct values are counted of one column at a time")
        scope = self._scope_of(tree, nodes[0])
        return scope.query([Aggregate(Function.COUNT, self._column(nodes[0], scope), distinct=True)])

    def _scope_of(self, tree: Node, column: Node) -> Scope:
        """What a column is asked of: the entity or the table that is named, or the only table that has it."""
        if any(child.data == "entity" for child in trees(tree)):
            scope = self._entity(tree)
        else:
            scope = self._compound(tree) if tokens(tree, "TABLE") else self._only_table(column)
        check_neighbours(trees(tree))
        self._modify_all(trees(tree), scope)
        return scope

    def _aggregating(self, tree: Node) -> Query:
        node = subtree(tree, "column")
        scope = self._scope_of(tree, node)
        column = self._column(node, scope)
        functions = [FUNCTIONS[tokens(node)[0].type] for node in trees(subtree(tree, "functions"))]
        for function in functions:
            self._check_function(function, column, scope)
        return scope.query([Aggregate(function, column) for function in functions])

    def _check_function(self, function: Function, column: ColumnRef, scope: Scope) -> None:
        kind = scope.definition(column).type
        allowed = NUMBERS if function in {Function.SUM, Function.AVERAGE} else NUMBERS | TIMES
        if kind not in allowed:
            raise NotUnderstood(
                f"{column.column} is {kind.value}: it has no {function.value}", unresolved=(column.column,)
            )

    def _most(self, tree: Node) -> Query:
        scope = self._grouped(tree)
        scope.sort(Order(COUNT, descending=bool(tokens(tree, "MOST"))))
        numbers = [whole_number(node) for node in trees(tree) if node.data == "number"]
        scope.limit_to(numbers[0] if numbers else 1)
        return scope.query([COUNT])

    def _tallied(self, tree: Node) -> Query:
        """Rows, and how many of another table belong to each."""
        scope, *others = (self._bind_entity(node) for node in trees(tree) if node.data == "entity")
        if others:
            inner = others[0]
        else:
            inner = Scope(self.schema, self.schema.by_name[self._entry(tokens(tree, "TABLE")[0]).table or ""])
        if not inner.is_whole():
            raise NotUnderstood(f"the {inner.table.name} can only be narrowed down here")
        related = self.conditions.children(scope, inner)
        return scope.query([scope.name_of(scope.table.name), Tally(related.table, related.where)])

    def _having_count(self, tree: Node) -> Query:
        scope = self._grouped(tree)
        operator = next(OPERATORS[word.type] for word in tokens(tree) if word.type in OPERATORS)
        keys = {key.column for key in self.schema.parents(scope.table.name)}
        count = self.conditions.count(subtree(tree, "amount"))
        group = scope.groups[0]
        if isinstance(group, ColumnRef) and (group.table != scope.table.name or group.column in keys):
            check_counted(operator, scope.table.name)
            if (operator, count) == (Operator.GE, 1):
                raise NotUnderstood("at least one is a condition, and no number")
        scope.having = [Compare(COUNT, operator, count)]
        return scope.query([COUNT])

    def _grouped(self, tree: Node) -> Scope:
        """The entity that is counted, by the thing that has most of it."""
        scope = self._entity(tree)
        if scope.groups or scope.having:
            raise NotUnderstood(f"the {scope.table.name} are counted by one thing at a time")
        scope.groups = [self._thing(subtree(tree, "thing"), scope)]
        return scope

    def _only_table(self, column: Node) -> Scope:
        token = tokens(column)[0]
        tables = {ref.table for ref in self._entry(token).columns}
        if len(tables) > 1:
            names = " or ".join(sorted(tables))
            raise NotUnderstood(f"of which do you ask the {token}: {names}?", unresolved=(str(token),))
        return Scope(self.schema, self.schema.by_name[tables.pop()])

    def _entity(self, parent: Node) -> Scope:
        return self._bind_entity(subtree(parent, "entity"))

    def _bind_entity(self, tree: Node) -> Scope:
        token = tokens(tree, "TABLE")[0]
        scope = Scope(self.schema, self.schema.by_name[self._entry(token).table or ""])
        check_neighbours(trees(tree))
        self._modify_all(trees(tree), scope, one=not is_plural(token))
        return scope

    def _modify_all(self, nodes: Sequence[Node], scope: Scope, *, one: bool = False) -> None:
        """Conditions first: a verb among them says which time "per month" is about."""
        said = [node for node in nodes if node.data not in HEADS]
        for node in sorted(said, key=_groups):
            self._modify(node, scope, one=one)

    def _modify(self, tree: Node, scope: Scope, *, one: bool = False) -> None:
        """Note what a word before or after the table says of it."""
        if tree.data in POSTS:
            self._modify(trees(tree)[0], scope)
            return
        name = str(tree.data)
        if name == "extreme":
            self._extreme(tree, scope, one=one)
        elif name in {"extreme_column", "limited", "group"} or name.startswith("order_"):
            getattr(self, f"_{name}")(tree, scope)
        elif name == "of_entity":
            self._of_entity(tree, scope)
        else:
            condition = self.conditions.condition(tree, scope)
            if condition is not None:
                scope.where.append(condition)

    def _extreme(self, tree: Node, scope: Scope, *, one: bool) -> None:
        scope.sort(Order(scope.time(), descending=bool(tokens(tree, "LATEST"))))
        numbers = [whole_number(node) for node in trees(tree)]
        if numbers or one:
            scope.limit_to(numbers[0] if numbers else 1)

    def _extreme_column(self, tree: Node, scope: Scope) -> None:
        column = self._column(Tree("column", [*tokens(tree, "COLUMN")]), scope)
        scope.sort(Order(column, descending=bool(tokens(tree, "GREATEST"))))
        scope.limit_to(1)

    def _limited(self, tree: Node, scope: Scope) -> None:
        scope.limit_to(whole_number(subtree(tree, "number")))
        if tokens(tree):
            scope.top = bool(tokens(tree, "TOP"))

    def _group(self, tree: Node, scope: Scope) -> None:
        things = [node for groups in trees(tree) for node in trees(groups)]
        columns = [self._thing(node, scope) for node in things or [tree]]
        if scope.top is not None:
            scope.sort(*(Order(column, descending=scope.top) for column in columns))
        else:
            scope.groups += columns

    def _order_by(self, tree: Node, scope: Scope) -> None:
        column = self._thing(subtree(tree, "thing"), scope)
        said = any(child.data == "direction" for child in trees(tree))
        scope.sort(Order(column, descending=_descending(tree)), directed=said)

    def _order_by_count(self, tree: Node, scope: Scope) -> None:
        inner = [self.conditions.inner(node) for node in trees(tree) if node.data == "inner"]
        if scope.top is None and not tokens(tree, "HOWMANY"):
            raise NotUnderstood(f"'by' needs a property of {scope.table.name}")
        descending = scope.top is not False if scope.top is not None else _descending(tree)
        said = scope.top is not None or any(child.data == "direction" for child in trees(tree))
        scope.sort(Order(COUNT, descending), directed=said)
        if inner and inner[0].table != scope.table:
            related = self.conditions.children(scope, inner[0])
            scope.counted, scope.counted_where = related.table, related.where
        elif inner and inner[0].where:
            raise NotUnderstood(f"the {scope.table.name} are sorted by how many all of them are")

    def _order_same(self, tree: Node, scope: Scope) -> None:
        scope.sort_same(descending=_descending(tree))

    def _order_time(self, tree: Node, scope: Scope) -> None:
        newest = bool(tokens(tree, "NEWESTFIRST"))
        if scope.order:
            scope.sort_same(descending=newest)
        else:
            scope.sort(Order(scope.time(), newest))

    def _of_entity(self, tree: Node, scope: Scope) -> None:
        inner = self._entity(tree)
        if not inner.is_whole():
            raise NotUnderstood(f"the {inner.table.name} can only be narrowed down here")
        scope.where += self.conditions.of_rows(scope, inner)

    def _thing(self, tree: Node, scope: Scope) -> Group:
        token = tokens(tree)[0]
        if token.type in {"UNIT", "PERIODIC"}:
            return scope.per(unit_of(token))
        entry = self._entry(token)
        return scope.column(entry, str(token)) if entry.table is None else scope.name_of(entry.table)

    def _column(self, tree: Node, scope: Scope) -> ColumnRef:
        token = tokens(tree)[0]
        return scope.column(self._entry(token), str(token))

    def _entry(self, token: Token) -> Entry:
        return self.entries[token.start_pos or 0]


def _names(nodes: Sequence[Node]) -> list[str]:
    """Of posts, what is in them."""
    return [str(one.data) for node in nodes for one in (trees(node) if node.data in POSTS else [node])]


def _groups(node: Node) -> bool:
    return "group" in _names([node])


def _descending(tree: Node) -> bool:
    return any(token.type == "DESCENDING" for token in tree.scan_values(lambda value: isinstance(value, Token)))
