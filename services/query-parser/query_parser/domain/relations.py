"""Conditions on rows of other tables."""

from collections.abc import Sequence

from lark import Token

from query_parser.domain import paths
from query_parser.domain.grammar import Unread
from query_parser.domain.literals import Amount, comparison, words_of
from query_parser.domain.logic import conjunction, either, is_of_others, renamed, tables_of
from query_parser.domain.moments import whole_number
from query_parser.domain.problems import NotUnderstood, Unanswerable
from query_parser.domain.reader import operator_of
from query_parser.domain.scope import COUNT, Scope
from query_parser.domain.syntax import Node, subtree, token, tokens, trees
from query_parser.domain.timing import TimeConditions
from query_parser.domain.tree import Absent, ColumnRef, Compare, Condition, Not, Operator, Related


class RelationConditions(TimeConditions):
    """By the names of the grammar's rules."""

    def count(self, tree: Node) -> int:
        """How many: a whole number."""
        if len(tree.children) > 1:
            raise NotUnderstood("a number of rows has no unit")
        if tree.data == "number":
            return whole_number(tree)
        inner = tree.children[0]
        if isinstance(inner, str):
            if inner.type != "TWICE":
                raise NotUnderstood(f"{inner} is no number", unresolved=(str(inner),))
            return 2
        return whole_number(inner)

    def of_rows(self, scope: Scope, inner: Scope) -> list[Condition]:
        """Rows that belong to the inner ones, or to which these belong."""
        check_narrowed(inner)
        if paths.is_parent(self.schema, scope.table.name, inner.table.name):
            if any(map(is_of_others, inner.where)):
                raise Unanswerable(f"what belongs to the {inner.table.name} cannot be asked of the {scope.table.name}")
            return [renamed(condition, self._keys_of(scope)) for condition in inner.where]
        return [self.children(scope, inner)]

    def _keys_of(self, scope: Scope) -> dict[ColumnRef, ColumnRef]:
        """Columns of the table that have what a key of another one has."""
        keys = self.schema.parents(scope.table.name)
        return {ColumnRef(key.references, key.key): ColumnRef(key.table, key.column) for key in keys}

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
        scope = self.table(token(tree, "TABLE"))
        self.check_named(tree)
        conditions = [self.condition(node, scope) for node in trees(tree)]
        scope.where += [condition for condition in conditions if condition is not None]
        return scope

    def _unrelated(self, tree: Node, scope: Scope) -> Condition:
        inner = self.entity(tree)
        check_narrowed(inner)
        if paths.is_parent(self.schema, scope.table.name, inner.table.name) and not inner.where:
            return Absent(self._key(scope, inner))
        return Not(self.children(scope, inner))

    def _unrelated_verb(self, tree: Node, scope: Scope) -> Condition:
        self._check_verb(tree, scope, subtree(tree, "entity"))
        return self._unrelated(tree, scope)

    def _related(self, tree: Node, scope: Scope) -> Condition:
        inner = self.entity(tree)
        check_narrowed(inner)
        if paths.is_parent(self.schema, scope.table.name, inner.table.name):
            return conjunction(self.of_rows(scope, inner)) or Not(Absent(self._key(scope, inner)))
        return self.children(scope, inner)

    def _related_alone(self, tree: Node, scope: Scope) -> Related:
        """Customers who "ordered", products that were."""
        verb = token(tree, "VERB")
        if self.entry(verb).value != scope.table.name:
            raise NotUnderstood(f"{scope.table.name} do not {verb}", unresolved=(str(verb),))
        return Related(self.entry(verb).table or "")

    def _unrelated_alone(self, tree: Node, scope: Scope) -> Condition:
        return Not(self._related_alone(tree, scope))

    def _related_verb(self, tree: Node, scope: Scope) -> Condition:
        self._check_verb(tree, scope, subtree(tree, "entity"))
        return self._related(tree, scope)

    def _check_verb(self, tree: Node, scope: Scope, inner: Node) -> None:
        """Customers "place" orders, and nothing else."""
        verb, table = token(tree, "VERB"), token(inner, "TABLE")
        if (self.entry(verb).value, self.entry(verb).table) != (scope.table.name, self.entry(table).table):
            raise NotUnderstood(f"{scope.table.name} do not {verb} {table}", unresolved=(str(verb),))

    def _key(self, scope: Scope, parent: Scope) -> ColumnRef:
        """What says to which row of another table a row belongs."""
        first, *further = paths.to_parent(self.schema, scope.table.name, parent.table.name)
        if further:
            raise NotUnderstood(f"{scope.table.name} belong to {first.references} first")
        return ColumnRef(first.table, first.column)

    def _counted(self, tree: Node, scope: Scope) -> Condition | None:
        return self._count_children(tree, scope, operator_of(tree))

    def _counted_or(self, tree: Node, scope: Scope) -> Condition | None:
        return self._count_children(tree, scope, Operator.GE if tokens(tree, "ORMORE") else Operator.LE)

    def _having_rows(self, tree: Node, scope: Scope) -> Condition | None:
        return self._count_children(tree, scope, Operator.EQ)

    def _count_children(self, tree: Node, scope: Scope, operator: Operator) -> Condition | None:
        if tokens(tree, "VERB"):
            self._check_verb(tree, scope, subtree(tree, "inner"))
        related = self.children(scope, self.inner(subtree(tree, "inner")))
        count = self.count(next(node for node in trees(tree) if node.data in {"amount", "number"}))
        if (operator, count) == (Operator.GE, 1):
            return related
        check_counted(operator, related.table)
        if scope.counted is not None:
            raise NotUnderstood("one number of rows at a time")
        scope.counted, scope.counted_where = related.table, related.where
        scope.having.append(Compare(COUNT, operator, count))
        return None

    # Names

    def check_named(self, tree: Node) -> None:
        """Refuse a name that does not look like one: "models house-prices" has one, "product availability" none."""
        for node in (node for node in trees(tree) if node.data == "identified"):
            for word in _named(node):
                is_said = word.type != "WORD" or not word.isalpha() or word[0].isupper()
                if self.entry(word).value is not None or not is_said:
                    reason = f"{str(word)!r} cannot be read after {str(token(tree, 'TABLE'))!r}"
                    raise Unread(reason, word.start_pos or 0, (str(word),))

    def _called(self, tree: Node, scope: Scope) -> Condition:
        return self.literals(trees(tree)[0], scope.name_of(scope.table.name), scope)

    def _identified(self, tree: Node, scope: Scope) -> Condition:
        return self.identify(trees(tree)[0], scope.table.name, scope)

    def _of_table(self, tree: Node, scope: Scope) -> Condition:
        return self.identify(trees(tree)[0], self.entry(token(tree, "TABLE")).table or "", scope)

    def identify(self, tree: Node, table: str, scope: Scope) -> Condition:
        """Rows by their names; by their keys where these are told."""
        words = _named(tree)
        if any(word.type in {"VALUE", "TRUE", "FALSE"} for word in words):
            raise NotUnderstood(f"{words[0]} is said of the {table}, and names none of them")
        texts = [str(word) for word in words]
        return self.literals(tree, scope.name_of(table, texts), scope)

    def done_by(self, scope: Scope, verb: Token, names: Sequence[str]) -> Condition:
        """Orders that Ada "placed", products that she "ordered"."""
        entry = self.entry(verb)
        if (entry.table, entry.value) == (scope.table.name, scope.owner_or_none()):
            return self.owner(scope, names)
        return self.through(scope, names, verb)

    def narrow(self, word: Token, scope: Scope) -> None:
        """Who "delivered" most has those that were; to "place" an order says no more of it."""
        if word.type == "VALUE":
            scope.where.append(self.became(word, scope))
        elif word.type == "TIMECOLUMN" and self.named(word, scope) != scope.time():
            raise NotUnderstood(f"{word} by whom is not in the schema", unresolved=(str(word),))
        elif word.type == "VERB" and self.entry(word).table != scope.table.name:
            raise NotUnderstood(f"nobody can {word} {scope.table.name}", unresolved=(str(word),))

    def through(self, scope: Scope, names: Sequence[str], verb: Token | None = None) -> Related:
        """Customers who ordered Honey: rows that belong to them, and to what has the name."""
        ways = [
            (table.name, other.name)
            for table in self.schema.tables
            for other in self.schema.tables
            if other.label and self._is_between(table.name, scope.table.name, other.name)
        ]
        if len(ways) != 1 or any(name.isalpha() and name.islower() for name in names):
            raise NotUnderstood(
                f"what {names[0]!r} has to do with {scope.table.name} is not said", unresolved=(names[0],)
            )
        table, other = ways[0]
        if verb is not None and self.entry(verb).value not in {scope.table.name, other}:
            raise NotUnderstood(f"{scope.table.name} do not {verb} {other}", unresolved=(str(verb),))
        inner = Scope(self.schema, self.schema.by_name[table])
        ref = inner.name_of(other)
        equal = [comparison(ref, inner.definition(ref), Operator.EQ, Amount(name)) for name in names]
        return Related(table, either(equal))

    def _is_between(self, table: str, one: str, other: str) -> bool:
        """Whether rows of a table connect two others, of which neither belongs to the other."""
        apart = one != other and not paths.is_parent(self.schema, one, other)
        both = paths.is_parent(self.schema, table, one) and paths.is_parent(self.schema, table, other)
        return both and apart and not paths.is_parent(self.schema, other, one)

    def _related_names(self, tree: Node, scope: Scope) -> Condition:
        if tokens(tree, "CONTAINS") and scope.table.label is not None:
            raise NotUnderstood(f"the names of {scope.table.name} contain something, or they do")
        return self.through(scope, words_of(tree), next(iter(tokens(tree, "VERB")), None))

    def owner(self, scope: Scope, names: Sequence[str]) -> Condition:
        """Rows that belong to what has one of the names: of the nearest table whose rows have names."""
        ref = scope.name_of(scope.owner())
        column = scope.definition(ref)
        return either([comparison(ref, column, Operator.EQ, Amount(text)) for text in names])

    def _placed(self, tree: Node, scope: Scope) -> Condition:
        word = next(word for word in tokens(tree) if word.type in {"OF", "BY", "ON", "TO"})
        texts = words_of(tree)
        if str(word).lower() not in {"of", "for"} and any(text.isalpha() and text.islower() for text in texts):
            raise NotUnderstood(f"{texts[0]!r} cannot be read after {str(word)!r}", unresolved=(texts[0],))
        conditions = [
            comparison(ref, scope.definition(ref), Operator.EQ, Amount(text))
            for ref in scope.after(str(word).lower())
            for text in texts
        ]
        return either(conditions)

    def _placed_by(self, tree: Node, scope: Scope) -> Condition:
        """Orders "placed by" somebody: what comes after the verb says whose they are."""
        for word in tokens(tree, "TIMECOLUMN"):
            if self.named(word, scope) != scope.time():
                raise NotUnderstood(f"{word} by whom is not in the schema", unresolved=(str(word),))
        for word in tokens(tree, "VERB"):
            if self.entry(word).table != scope.table.name:
                raise NotUnderstood(f"{scope.table.name} are not {word}", unresolved=(str(word),))
        return self._placed(tree, scope)


def _named(tree: Node) -> list[Token]:
    """The names in a list of them."""
    words = tree.scan_values(lambda value: isinstance(value, Token) and value.type not in {"OR", "COMMA"})
    return [word for word in words if isinstance(word, Token)]


def check_counted(operator: Operator, table: str) -> None:
    """Refuse what a row without any of the counted ones would answer: it is in no group."""
    if operator in {Operator.LT, Operator.LE, Operator.NE}:
        raise NotUnderstood(f"who has none of the {table} would be left out: ask for more than a number")


def check_narrowed(inner: Scope) -> None:
    """Refuse an order, groups or a number of rows of what belongs to something."""
    if not inner.is_whole():
        raise NotUnderstood(f"the {inner.table.name} can only be narrowed down here")
