"""From a question to SQL, or to the reason why not."""

from functools import lru_cache
from importlib.resources import files

import yaml
from pydantic import BaseModel, ConfigDict

from query_parser.domain import lexer, sql, vocabulary
from query_parser.domain.lexicon import Lexicon
from query_parser.domain.nearest import nearest_question, words_meant
from query_parser.domain.problems import NotUnderstood
from query_parser.domain.schema import Schema
from query_parser.domain.tree import Aggregate, Query, Share
from query_parser.domain.understanding import understand

FIXED_COST = 0.1


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
    typos: lexer.Near = {}

    def read(text: str) -> lexer.Lexed:
        return lexer.lex(text, words, typos)

    try:
        return _answered(read(question), schema)
    except NotUnderstood as problem:
        near = tuple(f"did you mean {known!r}?" for known in words_meant(problem.unresolved, words))
        instead = nearest_question(question, problem, schema, words, read)
        suggestions = (problem.suggestions or near) + ((f"you can ask: {instead}",) if instead else ())
        return Answer(error=problem.reason, unresolved=problem.unresolved, suggestions=suggestions)


def _answered(lexed: lexer.Lexed, schema: Schema) -> Answer:
    query = understand(lexed, schema)
    statement = sql.render(query, schema)
    fixed = tuple(f"read {typed!r} as {known!r}" for typed, known in lexed.fixed)
    return Answer(
        sql=statement.text,
        parameters=statement.parameters,
        intent=_intent(query),
        tables=statement.tables,
        suggestions=fixed,
        confidence=max(0.5, round(1 - FIXED_COST * len(fixed), 2)),
    )


@lru_cache(maxsize=1)
def _default_lexicon() -> Lexicon:
    return vocabulary.build(default_schema())


def _intent(query: Query) -> str:
    if query.is_there or any(isinstance(column, Aggregate | Share) for column in query.columns):
        return "aggregate_by_group" if query.group_by else "aggregate"
    return "select"
