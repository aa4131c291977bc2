"""The grammar over tokens that the lexer has already read."""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from lark import Lark, Token

from query_parser.domain.chart import Chart, Rules
from query_parser.domain.lexicon import Entry
from query_parser.domain.problems import NotUnderstood
from query_parser.domain.syntax import Node
from query_parser.domain.vocabulary import terminals

Reading = Sequence[tuple[str, Entry]]
START = "start"


class Unread(NotUnderstood):
    """The grammar has no place for a word; `place` is its number among the lexemes."""

    def __init__(self, reason: str, place: int, unresolved: tuple[str, ...]) -> None:
        """`place` tells which of several readings got furthest."""
        super().__init__(reason, unresolved=unresolved)
        self.place = place


def lark(**options: Any) -> Lark:
    """The grammar file, with the terminals of the vocabulary, as Lark reads it."""
    text = (files("query_parser.domain") / "grammar.lark").read_text(encoding="utf-8")
    chosen = {"parser": "earley", "lexer": "basic", "start": START} | options
    return Lark(f"{text}\n%declare {' '.join(terminals())}\n", **chosen)


@cache
def rules() -> Rules:
    """The rules of the grammar file."""
    return Rules(lark().rules)


def _unreadable(reading: Reading, furthest: int) -> int:
    """The word that cannot be read: one that is not known could be a name, if only more came."""
    unknown = [place for place, (_, entry) in enumerate(reading) if entry.terminal == "WORD"]
    if unknown and (unknown[0] == 0 or (furthest == len(reading) and unknown[-1] == furthest - 1)):
        return unknown[0] if unknown[0] == 0 else unknown[-1]
    return furthest


def beginnings(reading: Reading) -> list[int]:
    """How many of the words are a question by themselves, the most first; all of them do not count."""
    ends = Chart(rules(), _tokens(reading)).ends(START, 0)
    return sorted(ends - {len(reading)}, reverse=True)


def _tokens(reading: Reading) -> list[Token]:
    return [Token(entry.terminal, text, start_pos=number) for number, (text, entry) in enumerate(reading)]


def parse(reading: Reading) -> list[Node]:
    """Every syntax tree; Unread where the words make no question, TooMany where they make more than are looked at."""
    chart = Chart(rules(), _tokens(reading))
    trees = chart.trees(START)
    if trees:
        return trees
    place = _unreadable(reading, chart.furthest)
    if place == len(reading):
        raise Unread("the question ends too early", place, ())
    word = reading[place][0]
    after = f" after {reading[place - 1][0]!r}" if place else ""
    raise Unread(f"{word!r} cannot be read{after}", place, (word,))
