"""PostgreSQL: a pool that opens by itself, later; a server that is missing is no error at start."""

from typing import Any

import psycopg
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool

from chatdb_common.settings import DatabaseSettings

Connection = psycopg.Connection[DictRow]
Pool = ConnectionPool[Connection]
TRANSIENT = (
    psycopg.OperationalError,
    psycopg.errors.UndefinedTable,
    psycopg.errors.InsufficientPrivilege,
)
"""Errors that pass: the server is down or too busy, or its schema is not set up yet."""


def open_pool(settings: DatabaseSettings, *, size: int = 8, wait: float = 5.0) -> Pool:
    """A pool of up to `size` connections; who gets none within `wait` seconds gets PoolTimeout."""
    options: dict[str, Any] = {
        "row_factory": dict_row,
        "connect_timeout": 5,
        "application_name": settings.service,
        # A statement that hangs must not outlive the request that it is for.
        "options": "-c statement_timeout=15000 -c idle_in_transaction_session_timeout=60000",
    }
    pool = ConnectionPool(
        settings.database_url.get_secret_value(),
        connection_class=Connection,
        kwargs=options,
        min_size=1,
        max_size=size,
        timeout=wait,
        # Who waits for a connection makes it try again; by itself it would wait longer each time, for minutes.
        reconnect_timeout=2.0,
        check=ConnectionPool.check_connection,
        open=False,
    )
    pool.open(wait=False)
    return pool


def check(pool: Pool, *tables: str) -> None:
    """Raise where the database does not answer, or its migrations have not made the tables yet."""
    with pool.connection(timeout=1.5) as connection:
        for table in tables:
            row = connection.execute("SELECT to_regclass(%s) AS name", (table,)).fetchone()
            if row is None or row["name"] is None:
                raise LookupError(f"table {table} is missing: the migrations have not run yet")
