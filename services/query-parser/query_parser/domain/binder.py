"""From a syntax tree to a query: words become the tables, columns and values that they mean in their place."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from lark import Token, Tree

from query_parser.domain.conditions import Conditions
from query_parser.domain.grammar import Reading
from query_parser.domain.lexicon import Entry
from query_parser.domain.moments import whole_number
from query_parser.domain.problems import NotUnderstood
from query_parser.domain.schema import NUMBERS, TIMES, Schema
from query_parser.domain.scope import COUNT, Scope
from query_parser.domain.tree import Aggregate, ColumnRef, Compare, Function, Operator, Order, Query

Node = Tree[Token]
FUNCTIONS = {
    "AVERAGE": Function.AVERAGE,
    "SUM": Function.SUM,
    "GREATEST": Function.GREATEST,
    "LEAST": Function.LEAST,
}
OPERATORS = {
    "GT": Operator.GT,
    "GE": Operator.GE,
    "LT": Operator.LT,
    "LE": Operator.LE,
    "EQ": Operator.EQ,
    "NE": Operator.NE,
}


def bind(tree: Node, reading: Reading, schema: Schema) -> Query:
    """The query that the tree means; NotUnderstood where the schema has no such thing."""
    question = tree.children[0]
    assert isinstance(question, Tree)
    return Binder(schema, [entry for _, entry in reading]).question(question)


@dataclass
class Binder:
    """Reads one syntax tree."""

    schema: Schema
    entries: Sequence[Entry]
    conditions: Conditions = field(init=False)

    def __post_init__(self) -> None:
        """Conditions can hold entities, and entities conditions."""
        self.conditions = Conditions(self.schema, self.entries)

    def question(self, tree: Node) -> Query:
        """Any of the forms of a question."""
        forms: dict[str, Callable[[Node], Query]] = {
            "listing": self._listing,
            "projecting": self._projecting,
            "counting": self._counting,
            "counting_distinct": self._counting_distinct,
            "aggregating": self._aggregating,
            "most": self._most,
            "having_count": self._having_count,
        }
        return forms[str(tree.data)](tree)

    def _listing(self, tree: Node) -> Query:
        if _tokens(tree, "DISTINCT"):
            raise NotUnderstood("rows are distinct anyway: say which column", unresolved=("distinct",))
        return self._entity(tree).query()

    def _projecting(self, tree: Node) -> Query:
        scope = self._entity(tree)
        columns = [self._column(node, scope) for node in _subtree(tree, "columns").children if isinstance(node, Tree)]
        return scope.query(columns, distinct=bool(_tokens(tree, "DISTINCT")))

    def _counting(self, tree: Node) -> Query:
        scope = self._entity(tree)
        if not _tokens(tree, "DISTINCT"):
            return scope.query([COUNT])
        return scope.query([Aggregate(Function.COUNT, scope.name_of(scope.table.name), distinct=True)])

    def _counting_distinct(self, tree: Node) -> Query:
        scope = self._entity(tree)
        columns = [self._column(node, scope) for node in _subtree(tree, "columns").children if isinstance(node, Tree)]
        if len(columns) > 1:
            raise NotUnderstood("distinct values are counted of one column at a time")
        return scope.query([Aggregate(Function.COUNT, columns[0], distinct=True)])

    def _aggregating(self, tree: Node) -> Query:
        node = _subtree(tree, "column")
        entities = [child for child in tree.children if isinstance(child, Tree) and child.data == "entity"]
        scope = self._entity(tree) if entities else self._only_table(node)
        for post in tree.children:
            if isinstance(post, Tree) and post.data not in {"functions", "column", "entity"}:
                self._modify(post, scope)
        column = self._column(node, scope)
        functions = [
            _function(function) for function in _subtree(tree, "functions").children if isinstance(function, Tree)
        ]
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
        scope = self._entity(tree)
        scope.groups = [self._thing(_subtree(tree, "thing"), scope)]
        scope.order = [Order(COUNT, descending=bool(_tokens(tree, "MOST")))]
        scope.limit = 1
        return scope.query([COUNT])

    def _having_count(self, tree: Node) -> Query:
        scope = self._entity(tree)
        scope.groups = [self._thing(_subtree(tree, "thing"), scope)]
        operator = next(OPERATORS[token.type] for token in _tokens(tree) if token.type in OPERATORS)
        scope.having = [Compare(COUNT, operator, self.conditions.count(_subtree(tree, "amount")))]
        return scope.query([COUNT])

    def _only_table(self, column: Node) -> Scope:
        token = _tokens(column)[0]
        tables = {ref.table for ref in self._entry(token).columns}
        if len(tables) > 1:
            names = " or ".join(sorted(tables))
            raise NotUnderstood(f"of which do you ask the {token}: {names}?", unresolved=(str(token),))
        return Scope(self.schema, self.schema.by_name[tables.pop()])

    def _entity(self, parent: Node) -> Scope:
        tree = _subtree(parent, "entity")
        token = _tokens(tree, "TABLE")[0]
        scope = Scope(self.schema, self.schema.by_name[self._entry(token).table or ""])
        for child in tree.children:
            if isinstance(child, Tree):
                self._modify(child, scope, one=not token.lower().endswith("s"))
        return scope

    def _modify(self, tree: Node, scope: Scope, *, one: bool = False) -> None:
        """Note what a word before or after the table says of it."""
        if tree.data == "post":
            inner = [child for child in tree.children if isinstance(child, Tree)]
            self._modify(inner[0], scope)
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
        numbers = [whole_number(node) for node in tree.children if isinstance(node, Tree)]
        scope.order = [Order(scope.time(), descending=bool(_tokens(tree, "LATEST")))]
        scope.limit = numbers[0] if numbers else 1 if one else None

    def _extreme_column(self, tree: Node, scope: Scope) -> None:
        column = self._column(Tree("column", _tokens(tree, "COLUMN")), scope)
        scope.order = [Order(column, descending=bool(_tokens(tree, "GREATEST")))]
        scope.limit = 1

    def _limited(self, tree: Node, scope: Scope) -> None:
        scope.limit = whole_number(_subtree(tree, "number"))
        if _tokens(tree):
            scope.top = bool(_tokens(tree, "TOP"))

    def _group(self, tree: Node, scope: Scope) -> None:
        things = [node for node in _subtree(tree, "groups").children if isinstance(node, Tree)]
        found = [self._thing(node, scope) for node in things]
        if scope.top is not None:
            scope.order = [Order(column, descending=scope.top) for column in found]
        else:
            scope.groups += found

    def _order_by(self, tree: Node, scope: Scope) -> None:
        column = self._thing(_subtree(tree, "thing"), scope)
        scope.order = [Order(column, descending=_descending(tree))]

    def _order_by_count(self, tree: Node, scope: Scope) -> None:
        tables = [self._entry(token).table for token in _tokens(tree, "TABLE")]
        descending = scope.top is not False if scope.top is not None else _descending(tree)
        scope.order = [Order(COUNT, descending)]
        if tables and tables[0] != scope.table.name:
            scope.counted = tables[0]

    def _order_same(self, tree: Node, scope: Scope) -> None:
        scope.order_same = _descending(tree)

    def _order_time(self, tree: Node, scope: Scope) -> None:
        newest = bool(_tokens(tree, "NEWESTFIRST"))
        if scope.order:
            scope.order_same = newest
        else:
            scope.order = [Order(scope.time(), newest)]

    def _of_entity(self, tree: Node, scope: Scope) -> None:
        inner = self._entity(tree)
        if inner.order or inner.limit or inner.groups or inner.counted:
            raise NotUnderstood(f"the {inner.table.name} can only be narrowed down here")
        scope.where += self.conditions.of_rows(scope, inner)

    def _thing(self, tree: Node, scope: Scope) -> ColumnRef:
        token = _tokens(tree)[0]
        entry = self._entry(token)
        return scope.column(entry, str(token)) if entry.table is None else scope.name_of(entry.table)

    def _column(self, tree: Node, scope: Scope) -> ColumnRef:
        token = _tokens(tree)[0]
        return scope.column(self._entry(token), str(token))

    def _entry(self, token: Token) -> Entry:
        assert token.start_pos is not None
        return self.entries[token.start_pos]


def _tokens(tree: Node, *types: str) -> list[Token]:
    found = [child for child in tree.children if isinstance(child, Token)]
    return [token for token in found if not types or token.type in types]


def _subtree(tree: Node, name: str) -> Node:
    return next(child for child in tree.children if isinstance(child, Tree) and child.data == name)


def _function(tree: Node) -> Function:
    return FUNCTIONS[_tokens(tree)[0].type]


def _descending(tree: Node) -> bool:
    return any(token.type == "DESCENDING" for token in tree.scan_values(lambda value: isinstance(value, Token)))
