"""The grammar over tokens that the lexer has already read."""

from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedEOF, UnexpectedInput
from lark.lexer import Lexer

from query_parser.domain.lexicon import Entry, terminals
from query_parser.domain.problems import NotUnderstood

Reading = Sequence[tuple[str, Entry]]


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
    return Lark(f"{text}\n%declare {' '.join(terminals())}\n", parser="earley", lexer=_ReadingLexer)


class Unread(NotUnderstood):
    """The grammar has no place for a word; `place` is its number among the lexemes."""

    def __init__(self, reason: str, place: int, unresolved: tuple[str, ...]) -> None:
        """`place` tells which of several readings got furthest."""
        super().__init__(reason, unresolved=unresolved)
        self.place = place


def parse(reading: Reading) -> Tree[Token]:
    """The syntax tree; Unread where the words make no question."""
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
    return tree
