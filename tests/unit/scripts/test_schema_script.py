"""schema.sh on a real PostgreSQL: migrations run once and whole, and a role can do its work and nothing else."""

import itertools
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from chatdb.local.postgres import PostgresServer
from tests.unit.scripts.job_scripts import PERMANENT, REPOSITORY, run, start

SCRIPT = "postgres_schema/files/schema.sh"
SERVICES = {"orchestrator": "training-orchestrator", "registry": "model-registry"}
NUMBERS = itertools.count(1)
NAME = re.compile(r"(\w+)--0*(\d+)_(\w+)")
SNAPSHOT = """
SELECT relname, relkind, relowner, relacl, relnamespace::regnamespace FROM pg_class
WHERE relnamespace::regnamespace::text !~ '^(pg_|info)' ORDER BY 1, 2, 5;
SELECT nspname, nspowner, nspacl FROM pg_namespace WHERE nspname !~ '^pg_' ORDER BY 1;
SELECT * FROM pg_default_acl ORDER BY 1;
SELECT * FROM migrations.applied ORDER BY 1, 2;
SELECT rolname, rolsuper, rolcanlogin FROM pg_roles ORDER BY 1;
"""


@dataclass
class Job:
    """The Job's files and environment, on a database and with roles of its own (roles are shared by a whole server)."""

    server: PostgresServer
    directory: Path
    database: str
    passwords: dict[str, str] = field(default_factory=lambda: {"ORCHESTRATOR_PW": "o'p\"1$x", "REGISTRY_PW": "r\\p2"})

    def __post_init__(self) -> None:
        """The real migrations, flattened as the ConfigMap has them."""
        self.server.sql(f"CREATE DATABASE {self.database}")
        self.migrations = self.directory / "migrations"
        self.migrations.mkdir()
        self.roles = self.directory / "roles.tsv"
        lines = [f"{schema}\t{self.role(schema)}\t{schema.upper()}_PW\n" for schema in SERVICES]
        self.roles.write_text("".join(lines))
        for schema, service in SERVICES.items():
            for path in sorted((REPOSITORY / "services" / service / "migrations").glob("*.sql")):
                (self.migrations / f"{schema}--{path.name}").write_bytes(path.read_bytes())
        self.real = sorted(path.stem for path in self.migrations.iterdir())

    def next(self, schema: str) -> int:
        """The number of the schema's next migration."""
        return 1 + sum(name.startswith(f"{schema}--") for name in self.real)

    def file(self, schema: str, name: str) -> str:
        """The name of a file of that migration."""
        return f"{schema}--{self.next(schema):04}_{name}.sql"

    @property
    def env(self) -> dict[str, str]:
        """The Job's ConfigMap and Secret."""
        return self.server.env(self.database) | self.passwords

    def role(self, schema: str) -> str:
        """The role of the schema's service."""
        return f"{schema}_of_{self.database}"

    def add(self, name: str, text: str) -> None:
        """A migration file."""
        (self.migrations / name).write_text(text)

    def apply(self, **env: str) -> subprocess.CompletedProcess[str]:
        """Run the Job; its log must show no password."""
        done = run(SCRIPT, self.migrations, self.roles, env=self.env | env)
        assert not [word for word in self.passwords.values() if word in done.stdout + done.stderr]
        return done

    def sql(self, text: str) -> str:
        """Ask as the admin."""
        return self.server.sql(text, database=self.database)

    def sql_as(self, schema: str, text: str) -> str:
        """Ask as a service."""
        password = self.passwords[f"{schema.upper()}_PW"]
        return self.server.sql(text, database=self.database, user=self.role(schema), password=password)


@pytest.fixture
def job(postgres_server: PostgresServer, tmp_path: Path) -> Job:
    """The Job before its first run, on an empty database."""
    return Job(postgres_server, tmp_path, f"db{next(NUMBERS)}")


@pytest.fixture
def done_job(job: Job) -> Job:
    """The Job after its first run."""
    done = job.apply()
    assert done.returncode == 0, done.stderr
    return job


def refused(job: Job, schema: str, text: str) -> str:
    """The server's words when a service must not do something."""
    with pytest.raises(RuntimeError) as caught:
        job.sql_as(schema, text)
    return str(caught.value)


def test_first_run_makes_all(done_job: Job) -> None:
    """Every table is there, described, owned by the admin, and recorded; services find theirs without a prefix."""
    tables = done_job.sql("SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname !~ '^(pg_|info)'")
    wanted = {"jobs", "transitions", "outbox", "inbox", "idempotency_keys"}
    names = {f"orchestrator.{name}" for name in wanted}
    names |= {f"registry.{name}" for name in ("models", "versions", "aliases", "idempotency_keys")}
    assert set(tables.split()) == {*names, "migrations.applied"}
    assert done_job.sql("SELECT schema, version, name FROM migrations.applied ORDER BY 1") == (
        "\n".join(NAME.sub(r"\1|\2|\3", name) for name in done_job.real)
    )
    owners = "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname IN ('orchestrator', 'registry')"
    assert done_job.sql(owners) == "postgres"
    undescribed = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'orchestrator'::regnamespace"
    assert done_job.sql(f"{undescribed} AND obj_description(oid, 'pg_class') IS NULL") == ""
    assert done_job.sql_as("orchestrator", "SELECT count(*) FROM jobs") == "0"
    assert done_job.sql_as("registry", "SELECT count(*) FROM models") == "0"


def test_second_run_changes_nothing(done_job: Job) -> None:
    """Objects, owners, rights and records are the same, times included."""
    before = done_job.sql(SNAPSHOT)
    assert done_job.apply().returncode == 0
    assert done_job.sql(SNAPSHOT) == before


def test_new_migration_is_applied(done_job: Job) -> None:
    """Only the new file runs, and the role may use what it makes, sequences too."""
    done_job.add(done_job.file("registry", "notes"), "CREATE TABLE notes (id bigserial PRIMARY KEY, text text);")
    done = done_job.apply()
    assert f"schema registry: migration {done_job.next('registry')} applied" in done.stdout
    assert "migration 1" not in done.stdout
    done_job.sql_as("registry", "INSERT INTO notes (text) VALUES ('x')")


def test_migration_is_whole_or_not_at_all(done_job: Job) -> None:
    """A migration that fails at its second statement, or is killed there, leaves nothing, and may be corrected."""
    done_job.add(done_job.file("registry", "notes"), "CREATE TABLE notes (id int);\nCREATE TABEL more (id int);")
    done = done_job.apply()
    assert done.returncode == PERMANENT
    assert "the migration fails (42601: syntax error" in done.stderr.splitlines()[-1]
    assert (
        done_job.sql("SELECT to_regclass('registry.notes') IS NULL, count(*) FROM migrations.applied")
        == f"t|{len(done_job.real)}"
    )
    done_job.add(done_job.file("registry", "notes"), "CREATE TABLE notes (id int);")
    assert done_job.apply().returncode == 0


def test_lost_connection_is_transient(job: Job) -> None:
    """A server that stops in the middle of a migration leaves no half of it, and the Job may run again."""
    end = "SELECT pg_terminate_backend(pg_backend_pid());"
    job.add(job.file("registry", "notes"), f"CREATE TABLE notes (id int);\n{end}")
    assert job.apply().returncode == 1
    assert (
        job.sql("SELECT to_regclass('registry.notes') IS NULL, count(*) FROM migrations.applied")
        == f"t|{len(job.real)}"
    )
    job.add(job.file("registry", "notes"), "CREATE TABLE notes (id int);")
    assert job.apply().returncode == 0


def test_changed_migration_is_refused(done_job: Job) -> None:
    """What was applied is history: a changed file is refused before anything else happens."""
    path = done_job.migrations / "registry--0001_models.sql"
    path.write_text(path.read_text() + "\n-- later thought\n")
    done_job.add(done_job.file("orchestrator", "more"), "CREATE TABLE more (id int);")
    before = done_job.sql(SNAPSHOT)
    done = done_job.apply()
    assert done.returncode == PERMANENT
    assert done.stderr == (
        "postgres-schema: migration 1 (models) of schema registry was changed after it was applied: "
        "put it back, and add a new one\n"
    )
    assert done_job.sql(SNAPSHOT) == before


def test_newer_database_is_refused(done_job: Job) -> None:
    """An older release does not run on a database that a newer one has migrated."""
    done_job.add(done_job.file("registry", "notes"), "CREATE TABLE notes (id int);")
    done_job.apply()
    (done_job.migrations / done_job.file("registry", "notes")).unlink()
    done = done_job.apply()
    assert done.returncode == PERMANENT
    assert (
        f"the database has migration {done_job.next('registry')} (notes) of schema registry, the files do not"
        in done.stderr
    )


def test_lost_record_is_refused(done_job: Job) -> None:
    """A migration is not run behind a later one."""
    done_job.add(done_job.file("registry", "notes"), "CREATE TABLE notes (id int);")
    done_job.apply()
    done_job.sql("DELETE FROM migrations.applied WHERE schema = 'registry' AND version = 1")
    done = done_job.apply()
    assert done.returncode == PERMANENT
    assert "migration 1 (models) of schema registry is not recorded but a later one is" in done.stderr


@pytest.mark.parametrize("schema", SERVICES)
def test_role_has_its_own_rows_and_no_more(done_job: Job, schema: str) -> None:
    """No other service's schema, no bookkeeping, no new tables anywhere, no other database, no other role's powers."""
    other = next(name for name in SERVICES if name != schema)
    for table in (f"{other}.idempotency_keys", "migrations.applied"):
        assert "permission denied for schema" in refused(done_job, schema, f"SELECT * FROM {table}")
    for table in ("mine", "public.mine", f"{other}.mine", "migrations.mine"):
        assert "permission denied for schema" in refused(done_job, schema, f"CREATE TABLE {table} (id int)")
    assert "permission denied" in refused(done_job, schema, "CREATE TEMPORARY TABLE mine (id int)")
    assert "permission denied" in refused(done_job, schema, "CREATE SCHEMA mine")
    assert "permission denied" in refused(done_job, schema, "CREATE ROLE friend")
    assert "must be owner" in refused(done_job, schema, "DROP TABLE idempotency_keys")
    assert "permission denied" in refused(done_job, schema, "TRUNCATE idempotency_keys")

    who = {"user": done_job.role(schema), "password": done_job.passwords[f"{schema.upper()}_PW"]}
    with pytest.raises(RuntimeError, match="permission denied for database"):
        done_job.server.sql("SELECT 1", database="postgres", **who)


def test_password_follows_the_secret(done_job: Job) -> None:
    """A rotated password works after the next run, and the old one no longer does."""
    old = dict(done_job.passwords)
    done_job.passwords["REGISTRY_PW"] = "rotated '; --"
    assert done_job.apply().returncode == 0
    assert done_job.sql_as("registry", "SELECT 1") == "1"
    done_job.passwords = old
    assert "password authentication failed" in refused(done_job, "registry", "SELECT 1")


def test_password_is_not_in_the_servers_log(job: Job) -> None:
    """Not even when the server logs every statement."""
    job.sql(f"ALTER DATABASE {job.database} SET log_statement = 'all'")
    job.passwords = {"ORCHESTRATOR_PW": "find-me-1", "REGISTRY_PW": "find-me-2"}
    assert job.apply().returncode == 0
    log = (job.server.folder / "log").read_text()
    assert "CREATE TABLE jobs" in log
    assert "find-me" not in log


def test_dropped_role_returns(done_job: Job) -> None:
    """A role that was dropped is made again with its rights on what exists."""
    role = done_job.role("registry")
    done_job.sql(f"DROP OWNED BY {role}; DROP ROLE {role}")
    assert done_job.apply().returncode == 0
    assert done_job.sql_as("registry", "SELECT count(*) FROM models") == "0"


def test_two_at_once(job: Job) -> None:
    """Two Jobs at once do the work of one."""
    line = (SCRIPT, job.migrations, job.roles)
    with start(*line, env=job.env) as one, start(*line, env=job.env) as other:
        logs = [process.communicate(timeout=60) for process in (one, other)]
        assert (one.returncode, other.returncode) == (0, 0), logs
    applied = [line for out, _ in logs for line in out.splitlines() if line.endswith("applied")]
    assert len(applied) == len(job.real)


def test_killed_job_is_completed(job: Job) -> None:
    """A run that is killed between its migrations leaves what is whole, and the next one does the rest."""
    job.add(job.file("registry", "slow"), "CREATE TABLE slow (id int);\nSELECT pg_sleep(20);")
    with start(SCRIPT, job.migrations, job.roles, env=job.env) as process:
        assert process.stdout is not None
        while "registry: migration 1 applied" not in process.stdout.readline():
            assert process.poll() is None
        process.kill()
        slow = f"FROM pg_stat_activity WHERE datname = '{job.database}' AND pid <> pg_backend_pid()"
        job.sql(f"SELECT pg_terminate_backend(pid) {slow}")
    job.add(job.file("registry", "slow"), "CREATE TABLE slow (id int);")
    assert job.apply().returncode == 0
    assert job.sql("SELECT count(*) FROM migrations.applied") == f"{len(job.real) + 1}"


@pytest.mark.parametrize(
    ("env", "code", "advice"),
    [
        ({"PGPASSWORD": "wrong"}, PERMANENT, "restore the Secret that its data was made with"),
        ({"PGDATABASE": "nowhere"}, PERMANENT, 'database "nowhere" does not exist'),
        ({"PGHOST": "/nowhere"}, 1, "gave up for now"),
        ({"PGHOST": ""}, PERMANENT, "PGHOST is not set"),
        ({"REGISTRY_PW": ""}, PERMANENT, "REGISTRY_PW is not set"),
    ],
)
def test_server_or_environment_is_wrong(job: Job, env: dict[str, str], code: int, advice: str) -> None:
    """A server that is away is waited for; a wrong address or password needs somebody."""
    done = job.apply(**env)
    assert done.returncode == code
    assert advice in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("name", "text", "advice"),
    [
        ("registry--0003_gap.sql", "SELECT 1;", "is not number 2 of schema registry"),
        ("registry--0001_again.sql", "SELECT 1;", "is not number 2 of schema registry"),
        ("registry--2_short.sql", "SELECT 1;", "rename it"),
        ("other--0001_lost.sql", "SELECT 1;", "is of no schema in"),
        ("registry--0002_ends.sql", "SELECT 1;\n  COMMIT ;\n", "ends its transaction"),
    ],
)
def test_bad_migrations(job: Job, name: str, text: str, advice: str) -> None:
    """Files that are no clean sequence are refused before the server is asked anything."""
    job.add(name, text)
    done = job.apply(PGHOST="/nowhere")
    assert done.returncode == PERMANENT
    assert advice in done.stderr


@pytest.mark.parametrize(
    "line",
    ["registry", "registry\tr\tREGISTRY_PW\tmore", "Registry\tr\tREGISTRY_PW", "public\tr\tREGISTRY_PW",
     "registry\tpostgres\tREGISTRY_PW", "registry\tr\tregistry pw"],
)  # fmt: skip
def test_bad_roles(job: Job, line: str) -> None:
    """So is a wrong file of roles; the admin itself is never a service's role."""
    job.roles.write_text(f"{line}\n")
    done = job.apply(PGHOST="/nowhere")
    assert done.returncode == PERMANENT
    assert "correct the catalogue" in done.stderr


def test_bad_use(job: Job, tmp_path: Path) -> None:
    """No arguments, no directory, no file and no migrations are permanent."""
    empty = tmp_path / "empty"
    empty.mkdir()
    for arguments in ((), (tmp_path / "none", job.roles), (job.migrations, tmp_path / "none"), (empty, job.roles)):
        assert run(SCRIPT, *arguments, env=job.env).returncode == PERMANENT
