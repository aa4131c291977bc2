"""PostgreSQL: a pool that opens by itself, later; a server that is missing is no error at start."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool

from chatdb_common.settings import DatabaseSettings
from chatdb_common.timeouts import WAIT_SECONDS

CHECK_SECONDS = 0.5
"""For the empty statement by which the pool tries a connection before it gives it."""
STATEMENT_SECONDS = 15
"""For a statement of the work beside requests; the server ends it then, also where its client is gone."""
POLL_SECONDS = 0.1
RV = TypeVar("RV")


class Connection(psycopg.Connection[DictRow]):
    """One that is closed, with an OperationalError, where the server does not answer in time."""

    seconds = WAIT_SECONDS

    def wait(self, gen: PQGen[RV], interval: float = POLL_SECONDS, timeout: float | None = None) -> RV:
        """What psycopg waits for all answers by."""
        begin = time.monotonic()
        limit = self.seconds if timeout is None else timeout
        try:
            return super().wait(gen, interval, limit)
        except psycopg.OperationalError:
            if time.monotonic() - begin >= limit:
                # Its answer may come later, and must not be taken for the next one's.
                self.close()
            raise

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Statements may take so long each until the end of the body."""
        before, self.seconds = self.seconds, seconds
        try:
            yield
        finally:
            self.seconds = before


Pool = ConnectionPool[Connection]
TRANSIENT = (
    psycopg.OperationalError,
    psycopg.errors.UndefinedTable,
    psycopg.errors.UndefinedColumn,
    psycopg.errors.InsufficientPrivilege,
)
"""Errors that pass: the server is down or too busy, or its schema is not set up yet."""


def open_pool(settings: DatabaseSettings, *, size: int = 8, wait: float = WAIT_SECONDS - CHECK_SECONDS) -> Pool:
    """A pool of up to `size` connections; who gets none within `wait` seconds, and a check, gets PoolTimeout."""
    options: dict[str, Any] = {
        "row_factory": dict_row,
        "connect_timeout": 2,
        "application_name": settings.service,
        "options": f"-c statement_timeout={STATEMENT_SECONDS}s -c idle_in_transaction_session_timeout=60000",
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
        check=_check_connection,
        open=False,
    )
    pool.open(wait=False)
    return pool


def _check_connection(connection: Connection) -> None:
    """Several of the pool may be dead, and each is tried."""
    with connection.within(CHECK_SECONDS):
        ConnectionPool.check_connection(connection)


def check(pool: Pool, *tables: str, columns: Sequence[tuple[str, str]] = ()) -> None:
    """Raise where the database does not answer, or its migrations have not made these yet.

    `columns` are those that came to a table later, each with its table.
    """
    with pool.connection(timeout=1.5) as connection:
        for table in tables:
            row = connection.execute("SELECT to_regclass(%s) AS name", (table,)).fetchone()
            if row is None or row["name"] is None:
                raise LookupError(f"table {table} is missing: the migrations have not run yet")
        for column in columns:
            found = "SELECT FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attname = %s AND NOT attisdropped"
            if connection.execute(found, column).fetchone() is None:
                raise LookupError(f"column {'.'.join(column)} is missing: the migrations have not run yet")
