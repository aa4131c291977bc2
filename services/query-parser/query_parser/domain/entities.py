"""Rows that a question is about: their table, and what words before and after it say."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from lark import Token

from query_parser.domain.conditions import Conditions
from query_parser.domain.inflection import is_plural
from query_parser.domain.lexicon import Entry
from query_parser.domain.moments import unit_of, whole_number
from query_parser.domain.neighbours import check_neighbours
from query_parser.domain.problems import NotUnderstood
from query_parser.domain.schema import MEASURES, NUMBERS, TIMES, Schema
from query_parser.domain.scope import COUNT, Scope
from query_parser.domain.syntax import Node, subtree, tokens, trees
from query_parser.domain.tree import Absent, ColumnRef, Group, Not, Order

# What is said of the whole, and not of the rows.
HEADS = {"functions", "column", "columns", "entity", "names", "amount", "number", "thing"}
POSTS = {"post", "bare", "extreme_post"}


@dataclass(frozen=True)
class How:
    """What a question says of its entity outside of it."""

    # It is counted by a unit of time.
    timed: bool = False
    # Rows are asked for, and no number.
    listed: bool = False
    # "By" is an order.
    sorted_by: bool = False
    # One row is told by its name, however that looks.
    named: bool = False
    # What was done with the rows: "delivered", "placed".
    did: Sequence[Token] = ()


PLAIN = How()


@dataclass
class Entities:
    """Reads the entities of one syntax tree."""

    schema: Schema
    entries: Sequence[Entry]
    conditions: Conditions = field(init=False)

    def __post_init__(self) -> None:
        """Conditions can hold entities, and entities conditions."""
        self.conditions = Conditions(self.schema, self.entries, self.entity)

    def entity(self, parent: Node, how: How = PLAIN) -> Scope:
        """The entity of a node."""
        return self.bind_entity(subtree(parent, "entity"), how)

    def bind_entity(self, tree: Node, how: How = PLAIN) -> Scope:
        """An entity's table, with all that is said of it."""
        token = tokens(tree, "TABLE", "WHO")[0]
        scope = self.conditions.table(token)
        check_neighbours(trees(tree))
        if not how.named:
            self.conditions.check_named(tree)
        scope.is_timed, scope.is_listed = how.timed, how.listed
        scope.top = False if how.sorted_by else None
        for word in how.did:
            self.conditions.narrow(word, scope)
        self.modify_all(trees(tree), scope, one=not is_plural(token))
        return scope

    def modify_all(self, nodes: Sequence[Node], scope: Scope, *, one: bool = False) -> None:
        """Conditions first: a verb among them says which time "per month" is about."""
        said = [node for node in nodes if node.data not in HEADS]
        groups = [node for node in said if "group" in names_of([node])]
        scope.is_timed = scope.is_timed or any(_is_of_time(node) for node in groups)
        sorts = scope.top is not None
        for node in said if sorts else [*(node for node in said if node not in groups), *groups]:
            self._modify(node, scope, one=one)

    def _modify(self, tree: Node, scope: Scope, *, one: bool = False) -> None:
        """Note what a word before or after the table says of it."""
        if tree.data in POSTS:
            self._modify(trees(tree)[0], scope, one=one)
            return
        name = str(tree.data)
        if name == "extreme":
            self._extreme(tree, scope, one=one)
        elif name.startswith("extreme_"):
            self._extreme_of(tree, scope, one=one)
        elif name == "limited":
            self._limited(tree, scope, one=one)
        elif name == "group" or name.startswith("order_"):
            getattr(self, f"_{name}")(tree, scope)
        elif name == "of_entity":
            conditions = self.conditions.of_rows(scope, self.entity(tree))
            if tokens(tree, "BY") and not conditions:
                raise NotUnderstood("by whom is not said")
            scope.where += conditions
        else:
            condition = self.conditions.condition(tree, scope)
            if condition is not None:
                scope.where.append(condition)

    # How many, and which first

    def _extreme(self, tree: Node, scope: Scope, *, one: bool) -> None:
        scope.sort(Order(scope.time(), descending=bool(tokens(tree, "LATEST"))))
        self._limit(tree, scope, one=one)

    def _extreme_of(self, tree: Node, scope: Scope, *, one: bool) -> None:
        """Sort by what "highest cpu request", "largest" or "heaviest" says: of those that have one."""
        column, high = self._superlative(tree, scope)
        scope.sort(Order(column, descending=high))
        if tree.data != "extreme_time":
            scope.where.append(Not(Absent(column)))
        self._limit(tree, scope, one=one)

    def _superlative(self, tree: Node, scope: Scope) -> tuple[ColumnRef, bool]:
        columns = [self.conditions.named(word, scope) for word in tokens(tree, "COLUMN", "TIMECOLUMN")]
        high = bool(tokens(tree, "GREATEST", "RECENTLY", "MOST"))
        for word in tokens(tree, "SUPERLATIVE"):
            high = self.entry(word).value == "high"
            columns.append(self.conditions.named(word, scope))
        if not columns:
            columns = [scope.measure(None, takes=False)]
        if len(set(columns)) > 1:
            raise NotUnderstood("these are two measures")
        if tokens(tree, "MOST", "FEWEST") and scope.definition(columns[0]).type not in NUMBERS:
            raise NotUnderstood(f"{columns[0].column} is nothing that one can have most of")
        return columns[0], high

    def _limit(self, tree: Node, scope: Scope, *, one: bool) -> None:
        numbers = [whole_number(node) for node in trees(tree) if node.data == "number"]
        if len(numbers) > 1:
            raise NotUnderstood("how many is said twice")
        if numbers or (one and scope.limit is None) or (tree.data == "extreme_column" and scope.limit is None):
            scope.limit_to(numbers[0] if numbers else 1)

    def _limited(self, tree: Node, scope: Scope, *, one: bool) -> None:
        numbers = [whole_number(node) for node in trees(tree)]
        if not numbers and not one:
            raise NotUnderstood("how many is not said", suggestions=(f"top 5 {scope.table.name}",))
        scope.limit_to(numbers[0] if numbers else 1)
        if tokens(tree):
            scope.top = bool(tokens(tree, "TOP"))

    # Groups and order

    def _group(self, tree: Node, scope: Scope) -> None:
        things = [node for groups in trees(tree) for node in trees(groups)]
        columns = [self.thing(node, scope) for node in things or [tree]]
        if self._sorts(tree, columns, scope):
            scope.sort(*(Order(column) for column in columns), directed=False)
        elif scope.top is not None:
            orders = [Order(column, descending=scope.top) for column in columns]
            scope.sort(*orders, directed=scope.limit is not None)
        else:
            scope.groups += columns

    def _sorts(self, tree: Node, columns: Sequence[Group], scope: Scope) -> bool:
        """Whether rows are listed by a time or a number: "products by price", and not "number of products by price"."""
        kinds = {scope.definition(one).type for one in columns if isinstance(one, ColumnRef)}
        is_said = bool(tokens(tree, "BY")) and scope.is_listed and scope.top is None
        return is_said and len(columns) == 1 and bool(kinds) and kinds <= MEASURES | TIMES

    def _order_alphabetical(self, _tree: Node, scope: Scope) -> None:
        scope.is_alphabetical = True

    def _order_by(self, tree: Node, scope: Scope) -> None:
        column = self.thing(subtree(tree, "thing"), scope)
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

    def _order_adjective(self, tree: Node, scope: Scope) -> None:
        word = tokens(tree, "HOWMUCH")[0]
        scope.sort(Order(self.conditions.named(word, scope)), directed=False)

    def _order_first(self, tree: Node, scope: Scope) -> None:
        """Sort by what "cheapest first" or "from cheapest to most expensive" says."""
        words = tokens(tree, "SUPERLATIVE")
        orders = [
            Order(self.conditions.named(word, scope), descending=self.entry(word).value == "high") for word in words
        ]
        first, *others = orders
        if any(other.term != first.term or other.descending == first.descending for other in others):
            raise NotUnderstood("these are no two ends of one order")
        if scope.order:
            if scope.order[0].term != first.term:
                raise NotUnderstood("an order is said twice")
            scope.sort_same(descending=first.descending)
        else:
            scope.sort(first)

    def _order_same(self, tree: Node, scope: Scope) -> None:
        scope.sort_same(descending=_descending(tree))

    def _order_time(self, tree: Node, scope: Scope) -> None:
        newest = bool(tokens(tree, "NEWESTFIRST"))
        if scope.order:
            scope.sort_same(descending=newest)
        else:
            scope.sort(Order(scope.time(), newest))

    # Words

    def thing(self, tree: Node, scope: Scope) -> Group:
        """What groups or sorts: a property, a table by its names, or a unit of time."""
        token = tokens(tree)[0]
        if token.type in {"UNIT", "PERIODIC"}:
            return scope.per(unit_of(token))
        entry = self.entry(token)
        if len(tokens(tree)) > 1:
            return self.conditions.of_table(token, tree, scope)
        if entry.table == scope.table.name:
            raise NotUnderstood(f"each of the {scope.table.name} is one", unresolved=(str(token),))
        return scope.column(entry, str(token)) if entry.table is None else scope.key_of(entry.table)

    def column(self, tree: Node, scope: Scope) -> ColumnRef:
        """The column of a node."""
        return self.conditions.column(tree, scope)

    def entry(self, token: Token) -> Entry:
        """What a word stands for."""
        return self.conditions.entry(token)


def names_of(nodes: Sequence[Node]) -> list[str]:
    """Of posts, what is in them."""
    return [str(one.data) for node in nodes for one in (trees(node) if node.data in POSTS else [node])]


def _is_of_time(tree: Node) -> bool:
    return any(token.type in {"UNIT", "PERIODIC"} for token in _leaves(tree))


def _descending(tree: Node) -> bool:
    return any(token.type == "DESCENDING" for token in _leaves(tree))


def _leaves(tree: Node) -> list[Token]:
    return list(tree.scan_values(lambda value: isinstance(value, Token)))
