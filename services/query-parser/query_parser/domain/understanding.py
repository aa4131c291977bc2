"""The one meaning of a question."""

from collections.abc import Sequence

from query_parser.domain import binder, grammar, lexer, sql
from query_parser.domain.problems import NotUnderstood, Unanswerable
from query_parser.domain.schema import Schema
from query_parser.domain.syntax import Node
from query_parser.domain.tree import Query


def understand(lexed: lexer.Lexed, schema: Schema) -> Query:
    """The one meaning of all trees of all readings; NotUnderstood where there is none, or more than one."""
    meanings: dict[Query, None] = {}
    problems: list[NotUnderstood] = []
    for reading in lexed.readings():
        for tree in _trees(reading, problems):
            try:
                meanings[binder.bind(tree, reading, schema)] = None
            except Unanswerable:
                raise
            except NotUnderstood as problem:
                problems.append(problem)
    if len(meanings) == 1:
        return next(iter(meanings))
    if not meanings:
        raise _most_telling(problems)
    texts = sorted({sql.render(query, schema).text for query in meanings})
    raise NotUnderstood("this can be read in more than one way", suggestions=tuple(texts[:3]))


def _trees(reading: grammar.Reading, problems: list[NotUnderstood]) -> list[Node]:
    try:
        return grammar.parse(reading)
    except grammar.Unread as problem:
        problems.append(problem)
        return []


def _most_telling(problems: Sequence[NotUnderstood]) -> NotUnderstood:
    """What was read and has no meaning says more than what could not be read; of those, the one that got furthest."""
    bound = [problem for problem in problems if not isinstance(problem, grammar.Unread)]
    unread = [problem for problem in problems if isinstance(problem, grammar.Unread)]
    if bound:
        return bound[0]
    if unread:
        return max(unread, key=lambda problem: problem.place)
    return NotUnderstood("nothing was asked")
