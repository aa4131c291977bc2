"""The grammar over tokens that the lexer has already read."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from threading import local
from typing import Any

from lark import Lark, Token
from lark.exceptions import UnexpectedEOF, UnexpectedInput
from lark.grammar import Rule, Symbol
from lark.lexer import Lexer

from query_parser.domain.forest import unfold
from query_parser.domain.lexicon import Entry, terminals
from query_parser.domain.problems import NotUnderstood
from query_parser.domain.syntax import Node

Reading = Sequence[tuple[str, Entry]]


class Unread(NotUnderstood):
    """The grammar has no place for a word; `place` is its number among the lexemes."""

    def __init__(self, reason: str, place: int, unresolved: tuple[str, ...]) -> None:
        """`place` tells which of several readings got furthest."""
        super().__init__(reason, unresolved=unresolved)
        self.place = place


class _Ahead(local):
    """The terminal that comes next in what a thread parses: None before the first, empty after the last."""

    terminal: str | None = None


_ahead = _Ahead()


class _ReadingLexer(Lexer):
    """Hands on what is read; a token's place in the text is its number."""

    def __init__(self, lexer_conf: Any) -> None:
        """Lark makes it; there is nothing to configure."""

    def lex(self, lexer_state: Any, parser_state: Any = None) -> Iterator[Token]:
        """The tokens of a reading, which is what the parser was given."""
        del parser_state
        for number, (text, entry) in enumerate(lexer_state):
            _ahead.terminal = entry.terminal
            yield Token(entry.terminal, text, start_pos=number)
        _ahead.terminal = ""


Predictions = Mapping[Symbol, Sequence[Rule]]


class Lookahead:
    """The rules of a symbol that can begin with the terminal that comes next; of others nothing would come.

    That holds as no rule of the grammar can be empty. Lark itself predicts all rules, and of each rule all that it
    can begin with, which is predicted again when it is looked at: that is most of the time that parsing takes.
    """

    def __init__(self, predictions: Predictions) -> None:
        """What Lark predicts of each symbol."""
        self._rules = {symbol: _by_beginning(symbol, predictions) for symbol in predictions}

    def __getitem__(self, symbol: Symbol) -> Sequence[Rule]:
        """The rules by which the parser goes on."""
        return self._rules[symbol].get(_ahead.terminal, ())


def _by_beginning(symbol: Symbol, predictions: Predictions) -> dict[str | None, list[Rule]]:
    own = [rule for rule in predictions[symbol] if rule.origin == symbol]
    by_terminal: dict[str | None, list[Rule]] = defaultdict(list, {None: own})
    for rule in own:
        first = rule.expansion[0]
        begun = [rule] if first.is_term else predictions[first]
        for terminal in {one.expansion[0].name for one in begun if one.expansion[0].is_term}:
            by_terminal[terminal].append(rule)
    return dict(by_terminal)


@cache
def parser() -> Lark:
    """The grammar file's parser, with the terminals of the vocabulary."""
    text = (files("query_parser.domain") / "grammar.lark").read_text(encoding="utf-8")
    declared = f"{text}\n%declare {' '.join(terminals())}\n"
    made = Lark(declared, parser="earley", ambiguity="forest", lexer=_ReadingLexer)
    # Lark has no option for that. A release without this attribute would make the same trees, as slowly as before.
    earley: Any = made.parser.parser
    earley.predictions = Lookahead(earley.predictions)
    return made


def parse(reading: Reading) -> list[Node]:
    """Every syntax tree; Unread where the words make no question, TooMany where they make more than are looked at."""
    given: Any = reading
    _ahead.terminal = None
    try:
        forest: Any = parser().parse(given)
    except UnexpectedEOF:
        raise Unread("the question ends too early", len(reading), ()) from None
    except UnexpectedInput as error:
        place = getattr(getattr(error, "token", None), "start_pos", None) or 0
        word = reading[place][0]
        after = f" after {reading[place - 1][0]!r}" if place else ""
        raise Unread(f"{word!r} cannot be read{after}", place, (word,)) from None
    return unfold(forest)
