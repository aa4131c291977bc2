"""What a question costs: counted in calls, which are the same on a busy machine as on an idle one."""

import sys
from collections.abc import Iterator
from statistics import quantiles
from typing import Any

import pytest
from corpus_cases import SCHEMAS, Case, cases, schema_of
from lark import Lark, Token
from lark.exceptions import UnexpectedInput
from lark.lexer import Lexer
from lark.visitors import CollapseAmbiguities

from query_parser.domain import grammar, vocabulary
from query_parser.domain.chart import Rules
from query_parser.domain.lexer import lex
from query_parser.domain.problems import NotUnderstood
from query_parser.domain.syntax import Node
from query_parser.service_layer import answer

QUESTIONS = [case for part in ("tuned", "held-out") for kind in ("answered", "refused") for case in cases(part, kind)]
ASKED_OF = {name: schema_of(name) for name in SCHEMAS}
# Of Python functions, for one question. The 99th of 100 takes 14,000.
CALLS = 40_000


def calls(case: Case) -> int:
    """How many Python functions are called for an answer."""
    count = 0

    def seen(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        answer(case.ask, ASKED_OF[case.schema])
    finally:
        sys.setprofile(before)
    return count


def test_question_takes_little_work() -> None:
    """Of a hundred questions of the corpus one at most takes more."""
    answer("jobs", ASKED_OF["chatdb"])  # What is made once does not count.
    assert quantiles(map(calls, QUESTIONS), n=100)[98] < CALLS


def explicit_trees(reading: grammar.Reading) -> set[Any]:
    """What Lark's own parser makes of a reading."""
    terminals = [Token(entry.terminal, text, start_pos=number) for number, (text, entry) in enumerate(reading)]
    try:
        tree = REFERENCE.parse(terminals)
    except UnexpectedInput:
        return set()
    return {shape(one) for one in CollapseAmbiguities().transform(tree)}


def shape(tree: Node | Token) -> Any:
    """A tree as tuples; a word by its place."""
    return tree.start_pos if isinstance(tree, Token) else (str(tree.data), *map(shape, tree.children))


def test_chart_finds_what_lark_finds() -> None:
    """All trees of each reading of the corpus, and no other."""
    for case in QUESTIONS[::3]:
        for reading in readings(case):
            try:
                found = set(map(shape, grammar.parse(reading)))
            except grammar.Unread:
                found = set()
            assert found == explicit_trees(reading), case.ask


def readings(case: Case) -> Iterator[grammar.Reading]:
    """The readings of a question; none where there are signs that nobody knows."""
    try:
        yield from lex(case.ask, vocabulary.build(ASKED_OF[case.schema])).readings()
    except NotUnderstood:
        return


class GivenTokens(Lexer):
    """Hands on what is read already."""

    def __init__(self, _configuration: Any) -> None:
        """Lark makes it; there is nothing to configure."""

    def lex(self, lexer_state: Any, parser_state: Any = None) -> Iterator[Token]:
        """The tokens, which the parser was given for a text."""
        del parser_state
        yield from lexer_state


REFERENCE: Any = grammar.lark(ambiguity="explicit", lexer=GivenTokens)


@pytest.mark.parametrize("text", ["start: [A]", "start: a B\na: b?\nb: C", "start: b A\nb: start B"])
def test_rules_that_the_chart_cannot_read_are_refused(text: str) -> None:
    """One that can be empty would begin with whatever follows, and one that comes back to itself would not end."""
    made = Lark(f"{text}\n%declare A B C", parser="earley", lexer="basic")
    with pytest.raises(ValueError, match=r"can be empty|begins with itself"):
        assert not Rules(made.rules).beginning
