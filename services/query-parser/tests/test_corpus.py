"""The corpus: questions, and whether the parser's SQL gives the same answers as a person's on a real PostgreSQL."""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import psycopg
import pytest
import samples
from corpus_cases import SCHEMAS, Case, cases, schema_of
from outcomes import outcome

from chatdb.local.postgres import PostgresServer
from query_parser.service_layer import answer

# What was reached so far.
HELD_OUT_RIGHT = 61
Connections = dict[str, psycopg.Connection[Any]]


@pytest.fixture(scope="module")
def connections(postgres_server: PostgresServer) -> Iterator[Connections]:
    """To the sample databases."""
    samples.create(postgres_server)
    with ExitStack() as stack:
        yield {name: stack.enter_context(samples.connect(postgres_server, name)) for name in SCHEMAS}


@pytest.mark.parametrize("case", cases("tuned", "answered"), ids=lambda case: case.ask)
def test_tuned_questions_are_answered(case: Case, connections: Connections) -> None:
    """The same rows as a person's SQL gives."""
    assert outcome(case, connections[case.schema]) == "right", answer(case.ask, schema_of(case.schema)).error


@pytest.mark.parametrize(
    "case", [*cases("tuned", "refused"), *cases("held-out", "refused")], ids=lambda case: case.ask or "nothing"
)
def test_what_cannot_be_answered_is_refused(case: Case) -> None:
    """No SQL, and a reason."""
    result = answer(case.ask, schema_of(case.schema))
    assert result.sql is None
    assert result.error


def test_corpus_is_as_large_as_it_was() -> None:
    """Different questions of a schema, at least 300 with an answer and 60 without; none is in both parts."""
    corpus = [case for part in ("tuned", "held-out") for kind in ("answered", "refused") for case in cases(part, kind)]
    assert len({(case.schema, case.ask) for case in corpus}) == len(corpus)
    answered = sum(case.sql is not None for case in corpus)
    assert answered >= 300
    assert len(corpus) - answered >= 60


def test_held_out_questions(connections: Connections, capsys: pytest.CaptureFixture[str]) -> None:
    """None is answered wrongly, and the share that is answered does not fall."""
    outcomes = {case.ask: outcome(case, connections[case.schema]) for case in cases("held-out", "answered")}
    counts = Counter(seen.split(":")[0] for seen in outcomes.values())
    tuned = len(cases("tuned", "answered"))
    with capsys.disabled():
        print(f"\nheld-out: {dict(counts)} of {len(outcomes)}; tuned: {tuned}")
    assert [(ask, seen) for ask, seen in outcomes.items() if seen.startswith("wrong")] == []
    assert counts["right"] >= HELD_OUT_RIGHT
