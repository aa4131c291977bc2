"""The grammar over tokens that the lexer has already read."""

from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from math import prod
from typing import Any

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedEOF, UnexpectedInput
from lark.lexer import Lexer
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
def _parser() -> Lark:
    text = (files("query_parser.domain") / "grammar.lark").read_text(encoding="utf-8")
    declared = f"{text}\n%declare {' '.join(terminals())}\n"
    return Lark(declared, parser="earley", ambiguity="explicit", lexer=_ReadingLexer)


class Unread(NotUnderstood):
    """The grammar has no place for a word; `place` is its number among the lexemes."""

    def __init__(self, reason: str, place: int, unresolved: tuple[str, ...]) -> None:
        """`place` tells which of several readings got furthest."""
        super().__init__(reason, unresolved=unresolved)
        self.place = place


class TooMany(NotUnderstood):
    """There are more syntax trees than are looked at: whatever others say, the question is refused."""


def parse(reading: Reading) -> list[Tree[Token]]:
    """Every syntax tree; Unread where the words make no question, NotUnderstood where they make too many."""
    given: Any = reading
    try:
        tree: Tree[Token] = _parser().parse(given)
    except UnexpectedEOF:
        raise Unread("the question ends too early", len(reading), ()) from None
    except UnexpectedInput as error:
        place = getattr(getattr(error, "token", None), "start_pos", None) or 0
        word = reading[place][0]
        after = f" after {reading[place - 1][0]!r}" if place else ""
        raise Unread(f"{word!r} cannot be read{after}", place, (word,)) from None
    if _count(tree, {}) > MOST_TREES:
        raise TooMany("this can be read in very many ways: ask for less at once")
    found: list[Tree[Token]] = CollapseAmbiguities().transform(tree)
    return found


def _count(node: Tree[Token] | Token, known: dict[int, int]) -> int:
    """How many trees this one stands for; parts are shared, so that each is counted once."""
    if isinstance(node, Token):
        return 1
    if id(node) not in known:
        counts = [_count(child, known) for child in node.children]
        known[id(node)] = sum(counts) if node.data == "_ambig" else prod(counts)
    return known[id(node)]
