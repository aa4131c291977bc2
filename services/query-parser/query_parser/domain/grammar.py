"""The grammar over tokens that the lexer has already read."""

from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from math import prod
from typing import Any

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedEOF, UnexpectedInput
from lark.lexer import Lexer
from lark.parsers.earley_forest import ForestToParseTree, ForestVisitor
from lark.visitors import CollapseAmbiguities

from query_parser.domain.lexicon import Entry, terminals
from query_parser.domain.problems import NotUnderstood

Reading = Sequence[tuple[str, Entry]]
MOST_TREES = 16


class _ReadingLexer(Lexer):
    """Hands on what is read; a token's place in the text is its number."""

    def __init__(self, lexer_conf: Any) -> None:
        """Lark makes it; there is nothing to configure."""

    def lex(self, lexer_state: Any, parser_state: Any = None) -> Iterator[Token]:
        """The tokens of a reading, which is what the parser was given."""
        del parser_state
        for number, (text, entry) in enumerate(lexer_state):
            yield Token(entry.terminal, text, start_pos=number)


@cache
def _parser() -> Any:
    text = (files("query_parser.domain") / "grammar.lark").read_text(encoding="utf-8")
    declared = f"{text}\n%declare {' '.join(terminals())}\n"
    made: Any = Lark(declared, parser="earley", ambiguity="explicit", lexer=_ReadingLexer)
    # Trees are made from the forest once they are counted.
    made.parser.parser.Tree = None
    return made


class Unread(NotUnderstood):
    """The grammar has no place for a word; `place` is its number among the lexemes."""

    def __init__(self, reason: str, place: int, unresolved: tuple[str, ...]) -> None:
        """`place` tells which of several readings got furthest."""
        super().__init__(reason, unresolved=unresolved)
        self.place = place


class TooMany(NotUnderstood):
    """There are more syntax trees than are looked at: whatever others say, the question is refused."""


class _Counter(ForestVisitor):
    """How many trees each node of a forest stands for; they are not made for it, as there can be very many."""

    def __init__(self) -> None:
        """Parts are shared: each is visited once."""
        super().__init__(single_visit=True)  # type: ignore[no-untyped-call]
        self.trees: dict[int, int] = {}

    def visit_symbol_node_in(self, node: Any) -> Any:
        """All the ways to read it."""
        return iter(node.children)

    def visit_packed_node_in(self, node: Any) -> Any:
        """All the parts of a way."""
        return iter(node.children)

    def visit_packed_node_out(self, node: Any) -> None:
        """A way has as many trees as its parts have together; a token is one."""
        self.trees[id(node)] = prod(self.trees.get(id(part), 1) for part in node.children)

    def visit_symbol_node_out(self, node: Any) -> None:
        """The trees of all ways."""
        self.trees[id(node)] = sum(self.trees.get(id(way), 0) for way in node.children)


def parse(reading: Reading) -> list[Tree[Token]]:
    """Every syntax tree; Unread where the words make no question, TooMany where they make more than are looked at."""
    given: Any = reading
    parser = _parser()
    try:
        forest = parser.parse(given)
    except UnexpectedEOF:
        raise Unread("the question ends too early", len(reading), ()) from None
    except UnexpectedInput as error:
        place = getattr(getattr(error, "token", None), "start_pos", None) or 0
        word = reading[place][0]
        after = f" after {reading[place - 1][0]!r}" if place else ""
        raise Unread(f"{word!r} cannot be read{after}", place, (word,)) from None
    counter: Any = _Counter()
    counter.visit(forest)
    if counter.trees[id(forest)] > MOST_TREES:
        raise TooMany("this can be read in very many ways: ask for less at once")
    shaper: Any = ForestToParseTree
    shaped = shaper(Tree, parser.parser.parser.callbacks, None, resolve_ambiguity=False).transform(forest)
    found: list[Tree[Token]] = CollapseAmbiguities().transform(shaped)
    return found
