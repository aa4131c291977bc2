"""The sealed questions: that they are good ones, and the same as ever; how many are answered is measured elsewhere."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest
import samples
from corpus_cases import SCHEMAS, Case, cases, files, schema_of
from outcomes import outcome

from chatdb.local.postgres import PostgresServer
from query_parser.service_layer import Answer

SEALED = cases("sealed", "answered")
STATEMENTS = [(case, sql) for case in SEALED for sql in (case.sql, *case.also) if sql]
PAGE = Path(__file__).parents[3] / "docs/services.md"
Connections = dict[str, psycopg.Connection[Any]]


@pytest.fixture(scope="module")
def connections(postgres_server: PostgresServer) -> Iterator[Connections]:
    """To the sample databases; temporary views, which are found first, give their rows in another order each time."""
    samples.create(postgres_server)
    with ExitStack() as stack:
        opened = {name: stack.enter_context(samples.connect(postgres_server, name)) for name in SCHEMAS}
        for name, connection in opened.items():
            connection.execute("SELECT setseed(0.5)")
            for table in schema_of(name).tables:
                view = f"CREATE TEMP VIEW {table.name} AS SELECT * FROM asked.{table.name} ORDER BY random()"
                connection.execute(view)
        yield opened


def words(question: str) -> str:
    """A question without its punctuation and its capital letters."""
    return " ".join(re.findall(r"[a-z0-9]+", question.lower()))


def test_there_are_enough_questions() -> None:
    """At least 150, about every schema, each with an id and an answer of its own."""
    assert len(SEALED) >= 150
    assert min(Counter(case.schema for case in SEALED)[schema] for schema in SCHEMAS) >= 50
    assert len({case.id for case in SEALED}) == len(SEALED)
    assert all(case.id and case.sql for case in SEALED)


def test_none_is_elsewhere_in_the_corpus() -> None:
    """However it is spelled."""
    others = [case for part in ("tuned", "held-out") for kind in ("answered", "refused") for case in cases(part, kind)]
    asked = Counter((case.schema, words(case.ask)) for case in SEALED)
    assert max(asked.values()) == 1
    assert asked.keys() & {(case.schema, words(case.ask)) for case in others} == set()


def test_most_have_something_to_say(connections: Connections) -> None:
    """Four of five answers have more than zeros, and nobody's SQL fails."""
    empty = [case.id for case in SEALED if not says_something(case, connections)]
    assert len(empty) <= len(SEALED) / 5, empty


def says_something(case: Case, connections: Connections) -> bool:
    """Whether there are rows with a value that is not zero."""
    return any(any(row) for row in samples.expected_rows(connections[case.schema], case.sql or ""))


@pytest.mark.parametrize(("case", "sql"), STATEMENTS, ids=[f"{case.id}-{sql[7:40]}" for case, sql in STATEMENTS])
def test_answer_does_not_depend_on_chance(case: Case, sql: str, connections: Connections) -> None:
    """Rows that are alike in what sorts them would come in another order, or another one would be the first."""
    first, *others = [samples.expected_rows(connections[case.schema], sql) for _ in range(4)]
    assert all(samples.same(sql, first, rows) for rows in others)


@pytest.mark.parametrize(
    ("seen", "sql", "also"),
    [
        ("right", "SELECT count(*)::numeric(8, 2) FROM jobs WHERE status = 'FAILED'", ()),
        ("right", "SELECT count(*) FROM models", ("SELECT count(*) FROM jobs WHERE status = 'FAILED'",)),
        ("wrong", "SELECT count(*) FROM models", ("SELECT count(*) FROM versions",)),
        ("wrong", "SELECT count(*) > 0 FROM jobs WHERE status = 'FAILED'", ()),
    ],
)
def test_answers_are_compared(seen: str, sql: str, also: tuple[str, ...], connections: Connections) -> None:
    """A number has no scale, any person's answer will do, and no other one."""
    case = Case("sealed", "chatdb", "how many jobs failed", sql, None, also=also)
    assert outcome(case, connections["chatdb"]).split(":")[0] == seen


def test_sql_that_fails_is_wrong(connections: Connections, monkeypatch: pytest.MonkeyPatch) -> None:
    """The questions after it are measured all the same."""
    case = Case("sealed", "chatdb", "how many jobs failed", "SELECT 19", None)
    monkeypatch.setattr("outcomes.answer", lambda *_: Answer(sql="SELECT 1 / 0"))
    assert "division by zero" in outcome(case, connections["chatdb"])
    monkeypatch.undo()
    assert outcome(case, connections["chatdb"]) == "right"


def test_page_names_the_questions_by_their_digest() -> None:
    """They are those that were written before the grammar was changed."""
    content = b"".join(file.read_bytes() for _, file in sorted(files("sealed", "answered").items()))
    assert hashlib.sha256(content).hexdigest() in PAGE.read_text(encoding="utf-8")
