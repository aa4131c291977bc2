"""A real PostgreSQL for the services' tests, set up by the Job's own script with the services' own migrations."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import settings
from object_store_server import StoreSettings, serve_accounts
from object_store_server import serve as serve_objects

from chatdb.local.postgres import HOST, PostgresServer, serve
from tests.unit.scripts.job_scripts import REPOSITORY, run

SCHEMAS = {"orchestrator": "training-orchestrator", "registry": "model-registry"}
PASSWORD = "of-a-role"
BUSY_SECONDS = 60
# The same examples in every run: a failure is a change of the code, and never bad luck or a busy machine.
settings.register_profile("fixed", derandomize=True, deadline=None)
settings.load_profile("fixed")
# Where rich is installed, structlog shows every variable of every frame of a traceback: minutes for deep data.
structlog.configure(
    processors=[structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)],
)


@pytest.fixture(autouse=True)
def patient(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine is no server that does not answer; but for tests of such servers, which know those faults."""
    if not hasattr(request.module, "FAULTS"):
        monkeypatch.setattr("chatdb_common.database.Connection.seconds", BUSY_SECONDS)
        monkeypatch.setattr("chatdb_common.object_store.WAIT_SECONDS", BUSY_SECONDS)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One server for each test process."""
    with serve(PASSWORD) as server:
        yield server


@pytest.fixture(scope="session")
def database(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> PostgresServer:
    """The server, with database `training_db` as the Job leaves it."""
    directory = tmp_path_factory.mktemp("schema")
    postgres_server.sql("CREATE DATABASE training_db")
    roles = directory / "roles.tsv"
    roles.write_text("".join(f"{schema}\t{schema}\tPASSWORD\n" for schema in SCHEMAS))
    copy_migrations(directory / "migrations")
    env = {**postgres_server.env("training_db"), "PASSWORD": PASSWORD}
    done = run("postgres_schema/files/schema.sh", directory / "migrations", roles, env=env)
    assert done.returncode == 0, done.stderr
    return postgres_server


def copy_migrations(folder: Path) -> None:
    """The migrations, flattened as the Job's ConfigMap has them."""
    folder.mkdir()
    for schema, service in SCHEMAS.items():
        for path in (REPOSITORY / "services" / service / "migrations").glob("*.sql"):
            (folder / f"{schema}--{path.name}").write_bytes(path.read_bytes())


@pytest.fixture
def database_url(database: PostgresServer) -> Callable[[str], str]:
    """The DATABASE_URL of a schema's role; the schema's tables are empty."""

    def empty(schema: str) -> str:
        named = "string_agg(format('%I.%I', schemaname, tablename), ',')"
        tables = database.sql(f"SELECT {named} FROM pg_tables WHERE schemaname = '{schema}'", database="training_db")
        database.sql(f"TRUNCATE {tables}", database="training_db")
        return f"postgresql://{schema}:{PASSWORD}@{HOST}:{database.port}/training_db"

    return empty


@pytest.fixture(scope="session")
def object_store_settings() -> Iterator[StoreSettings]:
    """A real S3 server for each test process, with the platform's buckets."""
    with serve_objects("model-artifacts", "datasets", "test") as settings:
        yield settings


@pytest.fixture(scope="session")
def own_key() -> Iterator[Callable[[str], StoreSettings]]:
    """Another one, in which each component has a key of its own: the settings of the component of that name."""
    with serve_accounts() as settings_of:
        yield settings_of
