"""The sample databases of the corpus, on a real PostgreSQL, and what is seen when two statements are run on them."""

from collections import Counter
from datetime import datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
from corpus_cases import CORPUS, SCHEMAS, schema_of

from chatdb.local.postgres import HOST, PostgresServer

SERVICES = Path(__file__).parents[2]
MIGRATIONS = {"orchestrator": "training-orchestrator", "registry": "model-registry"}
# Of a number: 100 * avg() and 100.0 * sum() / count() differ in the last of twenty.
DIGITS = 12
Rows = list[tuple[Any, ...]]


def create(server: PostgresServer) -> None:
    """One database for each schema, made once for each server; views hold what the parser is told of."""
    for name in SCHEMAS:
        if server.sql(f"SELECT 1 FROM pg_database WHERE datname = '{name}'"):
            continue
        server.sql(f"CREATE DATABASE {name}")
        if name == "chatdb":
            for namespace, service in MIGRATIONS.items():
                for migration in sorted((SERVICES / service / "migrations").glob("*.sql")):
                    place = f"CREATE SCHEMA IF NOT EXISTS {namespace}; SET search_path TO {namespace};"
                    server.sql(place + migration.read_text(), database=name)
        server.sql((CORPUS / "schemas" / f"{name}.sql").read_text(), database=name)
        for table in schema_of(name).tables:
            columns = ", ".join(column.name for column in table.columns)
            source = f"{table.namespace or 'public'}.{table.name}"
            views = (
                f"CREATE SCHEMA IF NOT EXISTS asked; CREATE VIEW asked.{table.name} AS SELECT {columns} FROM {source};"
            )
            server.sql(views, database=name)


def connect(server: PostgresServer, name: str) -> psycopg.Connection[Any]:
    """A connection that takes $1, $2; all of it is one transaction, so that now() stands still."""
    connection = psycopg.connect(
        host=HOST,
        port=server.port,
        dbname=name,
        user="postgres",
        password=server.password,
        cursor_factory=psycopg.RawCursor,
    )
    connection.execute("SET search_path TO public")
    return connection


def expected_rows(connection: psycopg.Connection[Any], sql: str) -> Rows:
    """What the person's SQL answers, over the views."""
    connection.execute("SET LOCAL search_path TO asked")
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.execute("SET LOCAL search_path TO public")


def same(sql: str, expected: Rows, actual: Rows) -> bool:
    """Whether the answers are one; their order counts where the expected SQL sorts all of its rows."""
    persons, parsers = ([tuple(map(_plain, row)) for row in rows] for rows in (expected, actual))
    return persons == parsers if "ORDER BY" in sql else Counter(persons) == Counter(parsers)


def _plain(value: Any) -> str:
    """A value without the way it was computed: numbers have no scale, and a midnight is its day."""
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return f"{float(value):.{DIGITS}g}"
    if isinstance(value, datetime) and value.time() == time():
        value = value.date()
    return repr(value)
