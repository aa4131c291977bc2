"""Whatever is asked: an answer or a reason, never an error; and what is said to be SQL is SQL."""

from collections.abc import Iterator
from itertools import islice
from random import Random
from typing import Any

import psycopg
import pytest
import samples
from corpus_cases import SCHEMAS, schema_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sentences import sentences

from chatdb.local.postgres import PostgresServer
from query_parser.domain import vocabulary
from query_parser.service_layer import answer, default_schema

PHRASES = sorted({" ".join(phrase) for phrase in vocabulary.build(default_schema()).phrases})
VALUES = ["iris", '"x y"', "3", "2.5", "2026-01-31", "2026", ",", "?", "'"]
WORDS = st.one_of(st.sampled_from(PHRASES), st.sampled_from(PHRASES), st.sampled_from(VALUES))
# What questions begin with: words at random are hardly ever one.
STARTS = st.sampled_from(["jobs", "number of jobs", "models", "failed jobs", "status of jobs", "average attempts", ""])
QUESTIONS = st.builds(lambda start, words: " ".join([start, *words]), STARTS, st.lists(WORDS, max_size=5))
SENTENCES = 1000
HALF = 0.5
# The same questions each time: a failure is the change's, not the day's.
MANY = settings(max_examples=1000, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def connection(postgres_server: PostgresServer) -> Iterator[psycopg.Connection[Any]]:
    """To the sample database."""
    samples.create(postgres_server)
    with samples.connect(postgres_server, "chatdb") as opened:
        yield opened


@MANY
@given(question=QUESTIONS)
def test_words_at_random_are_answered_or_refused(connection: psycopg.Connection[Any], question: str) -> None:
    """PostgreSQL takes every statement, with its parameters."""
    result = answer(question, default_schema())
    assert (result.sql is None) == (result.error is not None)
    if result.sql is not None:
        connection.execute(f"EXPLAIN {result.sql}", result.parameters)


@pytest.mark.parametrize("name", SCHEMAS)
def test_sentences_of_the_grammar_are_answered_or_refused(postgres_server: PostgresServer, name: str) -> None:
    """Every rule of the grammar means something, or is refused, with a letter left out in each second sentence, too."""
    samples.create(postgres_server)
    schema, answered = schema_of(name), 0
    with samples.connect(postgres_server, name) as connection:
        random = Random(name)  # noqa: S311 - the same ones each time
        for drawn in islice(sentences(schema, random), SENTENCES):
            place = random.randrange(len(drawn))
            question = drawn if random.random() < HALF else drawn[:place] + drawn[place + 1 :]
            result = answer(question, schema)
            assert (result.sql is None) == (result.error is not None)
            if result.sql is not None:
                connection.execute(f"EXPLAIN {result.sql}", result.parameters)
                answered += 1
    assert answered > SENTENCES / 20


@MANY
@given(question=st.text(max_size=200))
def test_text_at_random_is_no_error(question: str) -> None:
    """Any characters at all."""
    result = answer(question, default_schema())
    assert (result.sql is None) == (result.error is not None)
