"""What words of a question stand for, in the place where they are."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from lark import Token

from query_parser.domain.inflection import is_plural
from query_parser.domain.lexicon import Entry
from query_parser.domain.problems import NotUnderstood
from query_parser.domain.schema import Schema
from query_parser.domain.scope import Scope
from query_parser.domain.syntax import Node, tokens
from query_parser.domain.tree import ColumnRef, Condition, Operator

OPERATORS = {
    "GT": Operator.GT,
    "GE": Operator.GE,
    "LT": Operator.LT,
    "LE": Operator.LE,
    "EQ": Operator.EQ,
    "NE": Operator.NE,
}


@dataclass
class Reader:
    """Looks up the words of one reading; entities and conditions can hold each other."""

    schema: Schema
    entries: Sequence[Entry]
    entity: Callable[[Node], Scope]

    def entry(self, word: Token) -> Entry:
        """What a word stands for."""
        return self.entries[word.start_pos or 0]

    def table(self, word: Token) -> Scope:
        """The table that a word names; a noun may say which of its rows."""
        entry = self.entry(word)
        return Scope(self.schema, self.schema.by_name[entry.table or ""], where=list(entry.conditions))

    def named(self, word: Token, scope: Scope) -> ColumnRef:
        """The column that a word names, or is about."""
        return scope.column(self.entry(word), str(word))

    def column(self, tree: Node, scope: Scope) -> ColumnRef:
        """The column of a node."""
        return self.named(tokens(tree)[0], scope)

    def of_table(self, table: Token, tree: Node, scope: Scope) -> ColumnRef:
        """The column of a table that is named with it, as in "customer name"."""
        if is_plural(table):
            raise NotUnderstood(f"{table} and what follows are two things", unresolved=(str(table),))
        word = tokens(tree, "COLUMN", "TIMECOLUMN")[0]
        entry = self.entry(word)
        refs = tuple(ref for ref in entry.columns if ref.table == self.entry(table).table)
        if not refs:
            raise NotUnderstood(f"a {table} has no {word}", unresolved=(str(word),))
        return scope.column(replace(entry, columns=refs), str(word))

    def condition(self, tree: Node, scope: Scope) -> Condition | None:
        """The condition of a node, by the name of its rule; None where it only says how many there must be."""
        method: Callable[[Node, Scope], Condition | None] = getattr(self, f"_{tree.data}")
        return method(tree, scope)


def operator_of(tree: Node) -> Operator:
    """The one that is said."""
    return next(OPERATORS[word.type] for word in tokens(tree) if word.type in OPERATORS)
