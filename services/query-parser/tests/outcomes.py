"""What becomes of a question of the corpus: the parser's answer beside a person's, on a real PostgreSQL."""

from typing import Any

import psycopg
import samples
from corpus_cases import Case, schema_of

from query_parser.service_layer import answer


def outcome(case: Case, connection: psycopg.Connection[Any]) -> str:
    """Right, refused, or wrong with what was seen."""
    result = answer(case.ask, schema_of(case.schema))
    if result.sql is None:
        return "refused"
    if case.sql is None:
        return f"wrong: {result.sql}"
    try:
        with connection.transaction():
            rows = connection.execute(result.sql, result.parameters).fetchall()
    except psycopg.Error as error:
        return f"wrong: {result.sql} {result.parameters}: {error}"
    persons = ((sql, samples.expected_rows(connection, sql)) for sql in (case.sql, *case.also))
    is_right = any(samples.same(sql, expected, rows) for sql, expected in persons)
    return "right" if is_right else f"wrong: {result.sql} {result.parameters}"
