"""A release that starts before its migrations: it waits for them, and loses nothing."""

from collections.abc import Iterator

import pytest
from test_http import Running

from chatdb.local.postgres import PostgresServer
from chatdb_common.database import TRANSIENT
from chatdb_common.messages import TrainingEventType
from training_orchestrator.entrypoints import check_database

RENAME = "ALTER TABLE orchestrator.jobs RENAME COLUMN {} TO {}"


@pytest.fixture
def without_traces(database: PostgresServer, service: Running) -> Iterator[Running]:
    """The service before the migration that adds the column `trace`."""
    database.sql(RENAME.format("trace", "later"), database="training_db")
    try:
        yield service
    finally:
        database.sql(RENAME.format("later", "trace"), database="training_db")


def test_missing_column_is_waited_for(without_traces: Running) -> None:
    """Not ready, with the reason; requests are answered with 503, and no event goes to the dead-letter topic."""
    with pytest.raises(LookupError, match=r"column jobs\.trace is missing: the migrations have not run yet"):
        check_database(without_traces.pool)
    assert without_traces.client.get("/jobs").status_code == 503
    with pytest.raises(TRANSIENT):
        without_traces.hear({"id": "01940000-0000-7000-8000-000000000000"}, TrainingEventType.STARTED)


def test_column_is_there(service: Running) -> None:
    """After the migrations."""
    check_database(service.pool)
