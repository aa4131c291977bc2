"""From a question to SQL, or to the reason why not."""

from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files

import yaml
from pydantic import BaseModel, ConfigDict

from query_parser.domain import binder, grammar, lexer, sql, vocabulary
from query_parser.domain.lexicon import Lexicon
from query_parser.domain.problems import NotUnderstood
from query_parser.domain.schema import Schema
from query_parser.domain.syntax import Node
from query_parser.domain.tree import Aggregate, Query

MENDED_COST = 0.1


class Answer(BaseModel):
    """What was made of a question; `error` says why there is no SQL."""

    model_config = ConfigDict(frozen=True)

    sql: str | None = None
    parameters: tuple[str | int | float | bool, ...] = ()
    intent: str | None = None
    tables: tuple[str, ...] = ()
    unresolved: tuple[str, ...] = ()
    suggestions: tuple[str, ...] = ()
    confidence: float = 0.0
    error: str | None = None


@lru_cache(maxsize=1)
def default_schema() -> Schema:
    """ChatDB's own jobs, models, versions and aliases."""
    text = (files("query_parser") / "chatdb_schema.yaml").read_text(encoding="utf-8")
    return Schema.model_validate(yaml.safe_load(text))


def answer(question: str, schema: Schema) -> Answer:
    """One SELECT with parameters for a question, or what of it is not understood; never a guess."""
    words = _default_lexicon() if schema is default_schema() else vocabulary.build(schema)
    try:
        lexed = lexer.lex(question, words)
        query = _understand(lexed, schema)
        statement = sql.render(query, schema)
    except NotUnderstood as problem:
        near = _near(problem.unresolved, words)
        return Answer(error=problem.reason, unresolved=problem.unresolved, suggestions=problem.suggestions or near)
    fixed = tuple(f"read {typed!r} as {known!r}" for typed, known in lexed.fixed)
    return Answer(
        sql=statement.text,
        parameters=statement.parameters,
        intent=_intent(query),
        tables=statement.tables,
        suggestions=fixed,
        confidence=max(0.5, round(1 - MENDED_COST * len(fixed), 2)),
    )


@lru_cache(maxsize=1)
def _default_lexicon() -> Lexicon:
    return vocabulary.build(default_schema())


def _near(unresolved: Sequence[str], words: Lexicon) -> tuple[str, ...]:
    """Words that may have been meant."""
    near = [known for word in unresolved for known in lexer.near_words(word.lower(), words, more=1)]
    return tuple(f"did you mean {known!r}?" for known in near[:3])


def _understand(lexed: lexer.Lexed, schema: Schema) -> Query:
    """The one meaning of all trees of all readings; NotUnderstood where there is none, or more than one."""
    meanings: dict[Query, None] = {}
    problems: list[NotUnderstood] = []
    for reading in lexed.readings():
        for tree in _trees(reading, problems):
            try:
                meanings[binder.bind(tree, reading, schema)] = None
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


def _intent(query: Query) -> str:
    if any(isinstance(column, Aggregate) for column in query.columns):
        return "aggregate_by_group" if query.group_by else "aggregate"
    return "select"
