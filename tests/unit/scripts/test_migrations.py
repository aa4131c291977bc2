"""The tables themselves keep what the services promise, whoever writes to them (real PostgreSQL)."""

from collections.abc import Callable
from pathlib import Path

import pytest

from chatdb.local.postgres import PostgresServer
from tests.unit.scripts.job_scripts import REPOSITORY

Sql = Callable[[str], str]
ID = "01936f00-0000-7000-8000-00000000000"
DIGEST = "a" * 64
JOB = f"INSERT INTO jobs (id, model_name, dataset_location) VALUES ('{ID}1', 'm', 's3://test/data.csv');"
RUNNING = "UPDATE jobs SET status = 'RUNNING', attempts = 1, lease_owner = 'w', lease_expires_at = now()"
SUCCEEDED = "UPDATE jobs SET status = 'SUCCEEDED', lease_owner = NULL, lease_expires_at = NULL, finished_at = now()"
NEXT = ", version = version + 1;"
PENDING = "INSERT INTO versions (model_name, version, format) VALUES ('m', 1, 'onnx'), ('m', 2, 'onnx');"
MODEL = f"INSERT INTO models (name) VALUES ('m');{PENDING}"
READY = (
    f"UPDATE versions SET state = 'READY', ready_at = now(), sha256 = '{DIGEST}', size_bytes = 1, "
    "object_key = 'm/' || version;"
)


def database(server: PostgresServer, name: str, service: str) -> None:
    """A database with the service's migrations in its default schema."""
    server.sql(f"CREATE DATABASE {name}")
    folder: Path = REPOSITORY / "services" / service / "migrations"
    server.sql("".join(path.read_text() for path in sorted(folder.glob("*.sql"))), database=name)


@pytest.fixture(scope="session")
def orchestrator(postgres_server: PostgresServer) -> Sql:
    """Runs statements on the orchestrator's tables, and takes them back."""
    database(postgres_server, "orchestrator_tables", "training-orchestrator")
    return lambda text: postgres_server.sql(f"BEGIN; {text}", database="orchestrator_tables")


@pytest.fixture(scope="session")
def registry(postgres_server: PostgresServer) -> Sql:
    """Runs statements on the registry's tables, and takes them back."""
    database(postgres_server, "registry_tables", "model-registry")
    return lambda text: postgres_server.sql(f"BEGIN; {text}", database="registry_tables")


def test_a_job_lives(orchestrator: Sql) -> None:
    """The normal way: queued, running with heartbeats, back to the queue, running, succeeded."""
    heartbeat = "UPDATE jobs SET lease_expires_at = now() + interval '1 minute';"
    back = "UPDATE jobs SET status = 'QUEUED', lease_owner = NULL, lease_expires_at = NULL" + NEXT
    again = RUNNING + NEXT
    text = JOB + RUNNING + NEXT + heartbeat + back + again + SUCCEEDED + ", result = '{}'" + NEXT
    assert orchestrator(text + "SELECT status, version FROM jobs") == "SUCCEEDED|5"


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (JOB + "UPDATE jobs SET status = 'DONE'" + NEXT, "jobs_status_check"),
        (JOB + RUNNING, "must raise its version by one"),
        (JOB + "UPDATE jobs SET error = 'x', version = version + 2", "must raise its version by one"),
        (JOB + "UPDATE jobs SET status = 'RUNNING', attempts = 1" + NEXT, "jobs_lease_while_running"),
        (JOB + "UPDATE jobs SET lease_owner = 'w', lease_expires_at = now()", "jobs_lease_while_running"),
        (JOB + "UPDATE jobs SET status = 'CANCELLED'" + NEXT, "jobs_finished_when_terminal"),
        (JOB + "UPDATE jobs SET finished_at = now()", "jobs_finished_when_terminal"),
        (JOB + "UPDATE jobs SET status = 'FAILED', finished_at = now()" + NEXT, "jobs_failed_says_why"),
        (JOB + SUCCEEDED + ", result = '{}'" + NEXT, "cannot succeed before it runs"),
        (JOB + RUNNING + NEXT + SUCCEEDED + NEXT, "jobs_succeeded_has_result"),
        (JOB + "UPDATE jobs SET model_name = '../m'", "jobs_model_name_check"),
        (JOB + JOB, "jobs_pkey"),
        (
            JOB
            + "UPDATE jobs SET status = 'CANCELLED', finished_at = now()"
            + NEXT
            + "UPDATE jobs SET status = 'QUEUED', finished_at = NULL"
            + NEXT,
            "is CANCELLED and stays so",
        ),
        (f"INSERT INTO transitions VALUES ('{ID}1', 1, NULL, 'QUEUED')", "transitions_job_id_fkey"),
        (JOB + f"INSERT INTO transitions VALUES ('{ID}1', 2, NULL, 'RUNNING')", "transitions_start_queued"),
        (JOB + f"INSERT INTO transitions VALUES ('{ID}1', 2, 'RUNNING', 'RUNNING')", "transitions_change_status"),
        ("INSERT INTO inbox VALUES ('m', 't'), ('m', 't')", "inbox_pkey"),
        (f"INSERT INTO idempotency_keys VALUES ('s', '', '{DIGEST}')", "idempotency_keys_key_check"),
        (f"INSERT INTO idempotency_keys VALUES ('s', 'k', '{DIGEST}', 503)", "idempotency_keys_response_status_check"),
    ],
)  # fmt: skip
def test_orchestrator_refuses(orchestrator: Sql, text: str, rule: str) -> None:
    """What must never be in the orchestrator's tables is refused by the rule made for it."""
    with pytest.raises(RuntimeError, match=rule):
        orchestrator(text)


def test_an_alias_moves(registry: Sql) -> None:
    """An alias goes to the next version and remembers the one before, until that is deleted."""
    alias = "INSERT INTO aliases (model_name, alias, version) VALUES ('m', 'champion', 1);"
    move = "UPDATE aliases SET version = 2, previous = 1, revision = revision + 1;"
    text = MODEL + READY + alias + move
    assert registry(text + "SELECT version, previous FROM aliases") == "2|1"
    assert registry(text + "DELETE FROM versions WHERE version = 1; SELECT version, previous FROM aliases") == "2|"
    assert registry(text + "DELETE FROM models; SELECT count(*) FROM versions") == "0"


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("INSERT INTO models (name) VALUES ('a/b')", "models_name_check"),
        (MODEL + "UPDATE versions SET state = 'READY', ready_at = now()", "versions_ready_is_whole"),
        (MODEL + "UPDATE versions SET ready_at = now()", "versions_ready_is_whole"),
        (MODEL + READY + "UPDATE versions SET metrics = '{\"a\": 1}'", "is READY and stays as it is"),
        (MODEL + "INSERT INTO aliases (model_name, alias, version) VALUES ('m', 'a', 1)", "aliases_model_name_version"),
        (MODEL + READY + "INSERT INTO aliases VALUES ('m', 'a', 1, 1)", "aliases_previous_is_another"),
        (MODEL + READY + "INSERT INTO aliases VALUES ('m', 'a', 1); DELETE FROM versions", "aliases_model_name"),
        (MODEL + f"UPDATE versions SET job_id = '{ID}1'", "versions_by_job"),
        (MODEL + "UPDATE versions SET object_key = 'same'", "versions_object_key_key"),
        (MODEL + PENDING, "versions_pkey"),
    ],
)
def test_registry_refuses(registry: Sql, text: str, rule: str) -> None:
    """What must never be in the registry's tables is refused by the rule made for it."""
    with pytest.raises(RuntimeError, match=rule):
        registry(text)
