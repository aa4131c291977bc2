"""The data of one server on another: as CloudNativePG imports it, and the way back of docs/production.md."""

import subprocess
from collections.abc import Iterator, Mapping
from copy import copy
from pathlib import Path

import pytest

from chatdb.local.postgres import PostgresServer, serve
from constructs_lib.types.cloudnative_pg.construct import ROLES
from constructs_lib.types.cloudnative_pg.spec import CloudNativePg
from tests.unit.scripts.test_schema_script import SERVICES, SNAPSHOT, Job

SECTIONS = ("pre-data", "data", "post-data")
IMPORTED_ROLES = """
SELECT format('CREATE ROLE %I WITH LOGIN INHERIT PASSWORD %L CONNECTION LIMIT %s', rolname, rolpassword, rolconnlimit)
FROM pg_authid WHERE oid >= 16384 ORDER BY rolname
"""
SETTINGS = """
SELECT datname, datacl, datcollate FROM pg_database WHERE datname = current_database();
SELECT defaclrole::regrole, defaclnamespace::regnamespace, defaclobjtype, defaclacl FROM pg_default_acl ORDER BY 2, 3;
SELECT rolname, setconfig FROM pg_db_role_setting JOIN pg_roles ON pg_roles.oid = setrole ORDER BY 1;
"""
ROWS = """
INSERT INTO jobs (id, model_name, dataset_location)
SELECT gen_random_uuid(), 'churn', 's3://test/' || number FROM generate_series(1, 100) AS number;
INSERT INTO outbox (topic, key, payload) SELECT 'training_jobs', id::text, '{}' FROM jobs;
"""
CONTENT = "SELECT md5(string_agg(one::text, ',' ORDER BY one::text)) FROM {} AS one"
TABLES = ("orchestrator.jobs", "orchestrator.outbox", "registry.models", "migrations.applied")
READ_ONLY = "ALTER DATABASE {} SET default_transaction_read_only = on"
WRITING = {"PGOPTIONS": "-c default_transaction_read_only=off"}


def tool(server: PostgresServer, name: str, *arguments: str, env_vars: Mapping[str, str] | None = None) -> None:
    """Run a tool of PostgreSQL as the admin; CalledProcessError where it fails."""
    line = [str(server.binaries / name), *arguments]
    subprocess.run(line, env=server.env("postgres") | dict(env_vars or {}), check=True)


def contents(job: Job) -> list[str]:
    """A checksum of each table."""
    return [job.sql(CONTENT.format(table)) for table in TABLES]


def import_all(old: PostgresServer, new: PostgresServer, database: str, folder: Path) -> None:
    """What the operator does for `type: monolith` with `*` (1.30, pkg/management/postgres/logicalimport)."""
    for statement in (*ROLES, *old.sql(IMPORTED_ROLES, database="postgres").splitlines()):
        new.sql(statement, database="postgres")
    parts = [f"--section={section}" for section in SECTIONS]
    tool(old, "pg_dump", "-Fd", "-f", str(folder), "-d", database, *parts)
    for number, section in enumerate(SECTIONS):
        where = ["-d", database] if number else ["--create", "-d", "postgres"]
        tool(new, "pg_restore", *where, "--section", section, str(folder))


@pytest.fixture(scope="module")
def old() -> Iterator[PostgresServer]:
    """The server of the base."""
    with serve("the admin's") as server:
        yield server


@pytest.fixture(scope="module")
def jobs(old: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Job, Job]]:
    """The schemas' Job on the server of the base, with data, and on the one that has imported it."""
    with serve("the admin's") as new:
        folder = tmp_path_factory.mktemp("import")
        job = Job(old, folder, "moved")
        assert job.apply().returncode == 0
        job.sql_as("orchestrator", ROWS)
        import_all(old, new, job.database, folder / "dump")
        moved = copy(job)
        moved.server = new
        yield job, moved


def test_all_is_imported(jobs: tuple[Job, Job]) -> None:
    """Rows, owners, rights, records of migrations, settings of roles; services come in with their passwords."""
    job, moved = jobs
    without_operators = SNAPSHOT.replace("FROM pg_roles", "FROM pg_roles WHERE rolname !~ '^(streaming|cnpg)_'")
    statements = [
        one for one in (without_operators + SETTINGS).split(";") if one.strip() and "* FROM pg_default_acl" not in one
    ]
    assert [moved.sql(one) for one in statements] == [job.sql(one) for one in statements]
    assert contents(moved) == contents(job)
    assert moved.sql_as("orchestrator", "SELECT count(*) FROM jobs") == "100"
    assert moved.sql_as("registry", "SELECT count(*) FROM models") == "0"


def test_schemas_job_changes_nothing(jobs: tuple[Job, Job]) -> None:
    """It closes the databases for everybody anew; then what the operator's roles need is open."""
    _, moved = jobs
    before = [moved.sql(SNAPSHOT), contents(moved)]
    done = moved.apply()
    assert (done.returncode, "applied" in done.stdout) == (0, False), done.stderr
    assert [moved.sql(SNAPSHOT), contents(moved)] == before
    moved.sql(CloudNativePg.schema_sql)
    can = "SELECT has_database_privilege('{}', '{}', 'CONNECT')"
    asked = [
        ("streaming_replica", "postgres"),
        ("cnpg_metrics_exporter", "postgres"),
        ("cnpg_metrics_exporter", "moved"),
    ]
    assert [moved.sql(can.format(*one)) for one in asked] == ["t", "t", "t"]
    assert moved.sql(can.format(moved.role("registry"), "postgres")) == "f"


def test_way_back(jobs: tuple[Job, Job], tmp_path: Path) -> None:
    """What was written since is on the first server again, and it is as it was made there."""
    job, moved = jobs
    moved.sql_as("orchestrator", ROWS)
    job.sql(READ_ONLY.format(job.database))
    moved.sql(READ_ONLY.format(moved.database))
    with pytest.raises(RuntimeError, match="read-only transaction"):
        moved.sql_as("orchestrator", ROWS)
    dump = str(tmp_path / "dump")
    tool(moved.server, "pg_dump", "--format=custom", f"--file={dump}", moved.database)
    restore = ("--clean", "--if-exists", "--single-transaction", "--exit-on-error", f"--dbname={job.database}", dump)
    tool(job.server, "pg_restore", *restore, env_vars=WRITING)
    job.server.sql(
        f"ALTER DATABASE {job.database} RESET default_transaction_read_only",
        database="postgres",
    )
    assert contents(job) == contents(moved)
    assert job.apply().returncode == 0
    for schema, table in zip(SERVICES, ("jobs", "models"), strict=True):
        job.sql_as(schema, f"SELECT count(*) FROM {table}")
    job.sql_as("orchestrator", ROWS)
