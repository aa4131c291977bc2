"""What a question means is what was to be said: a query is put into words, and read again."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import MISSING, fields, is_dataclass
from enum import StrEnum
from math import prod
from typing import Any

import psycopg
import pytest
import samples
from corpus_cases import SCHEMAS, schema_of
from english import English
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from queries import COUNT, About, queries

from chatdb.local.postgres import PostgresServer
from query_parser.domain import tree
from query_parser.domain.lexer import MOST_WORDS, Lexed, lex
from query_parser.domain.sql import render
from query_parser.domain.tree import ColumnRef, Compare, Not, OneOf, Operator, Query
from query_parser.domain.understanding import understand
from query_parser.service_layer import answer, default_schema

MANY = settings(max_examples=400, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
ABOUT = [About(schema_of(name), table.name) for name in SCHEMAS for table in schema_of(name).tables]
ASKED = st.one_of([st.tuples(st.just(about), queries(about)) for about in ABOUT])
JOBS = next(about for about in ABOUT if about.table == "jobs")
ATTEMPTS = ColumnRef("jobs", "attempts")


def is_short(lexed: Lexed) -> bool:
    """Whether a question is no longer than what is read at all."""
    return len(lexed.lexemes) * prod(len(lexeme.entries) for lexeme in lexed.lexemes) <= MOST_WORDS


@MANY
@example((JOBS, Query("jobs", where=Not(OneOf(ATTEMPTS, (1, 2))))))
@example((JOBS, Query("jobs", (COUNT,), where=tree.All(tuple(Compare(ATTEMPTS, Operator.EQ, n) for n in range(7))))))
@given(ASKED)
def test_what_is_said_is_understood(asked: tuple[About, Query]) -> None:
    """In every detail, types of numbers, too: 1, 1.0 and True are equal, and not the same."""
    about, query = asked
    lexed = lex(English(about.schema, about.names).question(query), about.words)
    assume(is_short(lexed))
    understood = understand(lexed, about.schema)
    assert understood == query
    assert repr(understood) == repr(query)


@pytest.fixture(scope="module")
def connections(postgres_server: PostgresServer) -> Iterator[dict[str, psycopg.Connection[Any]]]:
    """To the sample databases, by the name of their first table."""
    samples.create(postgres_server)
    with ExitStack() as stack:
        opened = {name: stack.enter_context(samples.connect(postgres_server, name)) for name in SCHEMAS}
        yield {schema_of(name).tables[0].name: connection for name, connection in opened.items()}


@MANY
@given(ASKED)
def test_what_is_understood_is_sql(connections: dict[str, psycopg.Connection[Any]], asked: tuple[About, Query]) -> None:
    """PostgreSQL takes what the writer makes of any tree."""
    about, query = asked
    statement = render(query, about.schema)
    connection = connections[about.schema.tables[0].name]
    connection.execute(f"EXPLAIN {statement.text}", statement.parameters)


def kinds(node: object) -> Iterator[tuple[str, str]]:
    """Each kind of node, each of its fields that is not left at its default, and each member of an enumeration."""
    if isinstance(node, StrEnum):
        yield type(node).__name__, node.name
    elif isinstance(node, tuple):
        for one in node:
            yield from kinds(one)
    elif is_dataclass(node):
        yield type(node).__name__, ""
        for one in fields(node):
            value = getattr(node, one.name)
            if one.default is not MISSING and value != one.default:
                yield type(node).__name__, one.name
            yield from kinds(value)


def declared() -> Iterator[tuple[str, str]]:
    """All that the tree's module can say."""
    for name, kind in vars(tree).items():
        if is_dataclass(kind):
            yield name, ""
            yield from ((name, one.name) for one in fields(kind) if one.default is not MISSING)
        elif isinstance(kind, type) and issubclass(kind, StrEnum) and kind is not StrEnum:
            yield from ((name, member.name) for member in kind)


def test_every_kind_of_node_is_said() -> None:
    """A new kind, field or operator has to be put into words before these tests hold."""
    seen: set[tuple[str, str]] = set()

    @MANY
    @given(ASKED)
    def look(asked: tuple[About, Query]) -> None:
        seen.update(kinds(asked[1]))

    look()
    assert seen == set(declared())


def test_equal_signs_are_read_in_one_way() -> None:
    """Each was two readings, with a value and with a list of one; five of them were too many."""
    result = answer(
        "jobs where attempts = 1 and attempts = 2 and attempts = 3 and attempts != 4 and attempts = 5", default_schema()
    )
    assert result.parameters == (1, 2, 3, 4, 5)


def test_long_sum_is_understood() -> None:
    """What follows the table can be said of it or of the sum: there are many readings, of which one means something."""
    conditions = "created since 2026-01-01 where updated before last week"
    asked = f"average attempts of jobs {conditions} per model sorted by model descending"
    assert answer(asked, default_schema()).sql


def test_distinct_values_are_sorted_by_themselves() -> None:
    """PostgreSQL has no order by what a list of distinct values leaves out."""
    assert answer("distinct models of jobs sorted by model", default_schema()).sql
    result = answer("distinct models of jobs sorted by attempts", default_schema())
    assert result.error == "distinct values can be sorted by themselves only"
