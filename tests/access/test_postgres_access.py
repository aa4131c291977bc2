"""What each service's role of PostgreSQL may do: with its own rows all that it needs, with the rest nothing."""

import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from chatdb.local.parts import make_part, postgres_server
from chatdb.local.postgres import PostgresServer
from chatdb.local.processes import scratch_folder, wait_for
from chatdb.local.site import make_site
from tests.access.statements import (
    ALONE,
    OPEN,
    in_schema,
    of_owners,
    of_rows,
    on_roles,
    on_sequence,
    on_server,
    on_table,
)
from tests.repository import PLATFORM, ROOT

SECONDS = 60
OWNERS = {str(one.schema and one.schema.name): one for one in PLATFORM.catalogue.schema_owners}
"""Schema -> the component that owns it."""
FINE = "00000"
DENIED = ("42501", "42939", "0A000")
"""SQLSTATE of a right that is missing, and of what PostgreSQL's own roles refuse to everybody."""
FIRST_OF_USERS = 16384
"""Objects with smaller numbers are PostgreSQL's own."""
RIGHTS = ("SELECT", "INSERT", "UPDATE", "DELETE")


@dataclass(frozen=True, kw_only=True)
class Database:
    """The server as the Job leaves it, and the password of each role."""

    server: PostgresServer
    passwords: dict[str, str]

    def admin(self, text: str) -> list[str]:
        """The lines of the answer."""
        return self.server.sql(text).splitlines()

    def states(self, role: str, statements: Sequence[str], *, whole: bool = True) -> list[str]:
        """SQLSTATE of each statement of that role; with `whole` each is a transaction, which is not kept."""
        begin, end = ("BEGIN;", "ROLLBACK;") if whole else ("", "")
        text = "".join(f"{begin}\n{one};\n\\echo state :SQLSTATE\n{end}\n" for one in statements)
        line = [str(self.server.binaries / "psql"), "-X", "-q", "-A", "-t"]
        env = self.server.env(user=role, password=self.passwords[role])
        done = subprocess.run(line, input=text, env=env, capture_output=True, text=True, timeout=SECONDS, check=False)
        states = re.findall(r"^state (\w{5})$", done.stdout, re.MULTILINE)
        assert len(states) == len(statements), done.stderr
        return states


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    """A real server with the services' own migrations, and a table of nobody in particular."""
    with scratch_folder() as folder:
        components = [PLATFORM.component("postgres")]
        site = make_site(PLATFORM, ROOT, folder, components)
        parts = [make_part(site, site.platform.component(name)) for name in ("postgres", "postgres-schema")]
        try:
            for part in parts:
                part.server.start()
                wait_for(f"{part.component.name} is ready", SECONDS, part.is_ready)
            told = (urlsplit(site.told(site.platform.component(one.name))["DATABASE_URL"]) for one in OWNERS.values())
            passwords = {str(url.username): str(url.password) for url in told}
            made = Database(server=postgres_server(site), passwords=passwords)
            made.admin("CREATE TABLE public.shared (id bigserial PRIMARY KEY, note text)")
            yield made
        finally:
            for part in reversed(parts):
                part.server.stop()


@pytest.fixture(params=OWNERS)
def schema(request: pytest.FixtureRequest) -> str:
    """Each service's."""
    return str(request.param)


def relations(database: Database, schema: str, kinds: str, *, own: bool) -> list[str]:
    """Tables (r), views (v) or sequences (S) in the schema, or in all others but those of PostgreSQL itself."""
    which = f"nspname {'=' if own else '<>'} '{schema}' AND nspname !~ '^(pg_|information_schema)'"
    return database.admin(
        "SELECT format('%I.%I', nspname, relname) FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace "
        f"WHERE relkind = ANY (string_to_array('{kinds}', NULL)) AND {which} ORDER BY 1"
    )


def columns(database: Database, table: str) -> str:
    """Those of the table that are written: the server itself numbers or computes the others."""
    where = f"attrelid = '{table}'::regclass AND attnum > 0 AND attidentity = '' AND attgenerated = ''"
    (names,) = database.admin(f"SELECT string_agg(attname, ',' ORDER BY attnum) FROM pg_attribute WHERE {where}")
    return names


def unrefused(states: Sequence[str], statements: Sequence[str]) -> list[tuple[str, str]]:
    """The statements that are not refused for want of a right, with what became of each."""
    return [pair for pair in zip(statements, states, strict=True) if pair[1] not in DENIED]


def test_tables_and_sequences_of_others(database: Database, schema: str) -> None:
    """Of every other service, of the Job's bookkeeping and of the public schema: nothing, in no way."""
    tables = relations(database, schema, "r", own=False)
    sequences = relations(database, schema, "S", own=False)
    assert {name.partition(".")[0] for name in tables} == {*OWNERS, "migrations", "public"} - {schema}
    assert "public.shared_id_seq" in sequences
    tried = [one for table in tables for one in on_table(table, columns(database, table))]
    tried += [one for sequence in sequences for one in on_sequence(sequence)]
    assert unrefused(database.states(OWNERS[schema].role, tried), tried) == []


def test_schemas_of_others(database: Database, schema: str) -> None:
    """It makes nothing in any schema, not even in its own: tables are the Job's to make."""
    schemas = database.admin("SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_(toast|temp)'")
    assert {*OWNERS, "public", "migrations", "pg_catalog", "information_schema"} <= {*schemas}
    tried = [one for name in schemas for one in in_schema(name)]
    assert unrefused(database.states(OWNERS[schema].role, tried), tried) == []


def test_what_administrators_do(database: Database, schema: str) -> None:
    """Other roles, passwords, files, programs, settings, databases."""
    role = OWNERS[schema].role
    others = [name for name in database.admin("SELECT rolname FROM pg_roles") if name != role]
    assert {"postgres", "pg_read_all_data", "pg_execute_server_program"} <= {*others}
    tried = [*on_roles(others), *on_server(database.server.database)]
    assert unrefused(database.states(role, tried), tried) == []
    assert unrefused(database.states(role, ALONE, whole=False), ALONE) == []


def test_own_rows(database: Database, schema: str) -> None:
    """Reading and writing its own rows works; what is the owner's does not, as the Job owns the tables."""
    role = OWNERS[schema].role
    tables = relations(database, schema, "r", own=True)
    assert tables
    mine = [one for table in tables for one in of_rows(table, columns(database, table))]
    assert {*database.states(role, mine)} == {FINE}
    owners = [one for table in tables for one in of_owners(table, columns(database, table))]
    assert unrefused(database.states(role, owners), owners) == []


def test_rights_as_the_server_has_them(database: Database, schema: str) -> None:
    """Of all relations, schemas, databases and memberships, whatever statements are thought of elsewhere.

    A role that grants what it does not own is told of no error, and nobody has more.
    """
    role = OWNERS[schema].role
    grants = [f"GRANT ALL ON SCHEMA {name} TO PUBLIC" for name in ("public", schema)]
    grants += [f"GRANT ALL ON {table} TO PUBLIC" for table in relations(database, schema, "r", own=True)]
    assert {*database.states(role, grants, whole=False)} == {FINE}
    every = ",".join((*RIGHTS, "TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN"))
    rights = (
        "SELECT DISTINCT format('%s %s', nspname, name) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace, "
        f"unnest(string_to_array('{every}', ',')) AS name WHERE relkind IN ('r', 'v', 'm', 'p') "
        f"AND nspname !~ '^(pg_|information_schema)' AND has_table_privilege('{role}', c.oid, name) ORDER BY 1"
    )
    assert database.admin(rights) == sorted(f"{schema} {right}" for right in RIGHTS)
    usable = {schema, "public", "pg_catalog", "information_schema"}
    for right, wanted in (("USAGE", usable), ("CREATE", set())):
        which = f"has_schema_privilege('{role}', oid, '{right}')"
        assert {*database.admin(f"SELECT nspname FROM pg_namespace WHERE {which}")} == wanted
    for right, databases in (("CONNECT", ["template1", "training_db"]), ("CREATE", []), ("TEMPORARY", [])):
        which = f"datallowconn AND has_database_privilege('{role}', oid, '{right}')"
        assert database.admin(f"SELECT datname FROM pg_database WHERE {which} ORDER BY 1") == databases
    flags = "rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls"
    assert database.admin(f"SELECT {flags} FROM pg_roles WHERE rolname = '{role}'") == ["f|f|f|f|f"]
    assert database.admin(f"SELECT FROM pg_auth_members WHERE member = '{role}'::regrole") == []
    assert database.admin(f"SELECT FROM pg_shdepend WHERE deptype = 'o' AND refobjid = '{role}'::regrole") == []


def test_what_is_open_to_every_role(database: Database, schema: str) -> None:
    """PostgreSQL leaves it to all: docs/security.md says so. The template, too, which is empty."""
    role = OWNERS[schema].role
    assert {*database.states(role, OPEN)} == {FINE}
    told = {"database": "template1", "user": role, "password": database.passwords[role]}
    assert database.server.sql(f"SELECT count(*) FROM pg_class WHERE oid >= {FIRST_OF_USERS}", **told) == "0"
    for statement in ("CREATE TABLE public.mine ()", "CREATE SCHEMA mine", "CREATE TEMPORARY TABLE mine ()"):
        with pytest.raises(RuntimeError, match="permission denied"):
            database.server.sql(statement, **told)


def test_passwords_are_their_owners(database: Database, schema: str) -> None:
    """Nobody connects as another with the own password, nor to the administrators' database."""
    role = OWNERS[schema].role
    for other in {"postgres", *(owner.role for owner in OWNERS.values())} - {role}:
        with pytest.raises(RuntimeError, match="password authentication failed"):
            database.server.sql("SELECT 1", user=other, password=database.passwords[role])
    with pytest.raises(RuntimeError, match="permission denied for database"):
        database.server.sql("SELECT 1", database="postgres", user=role, password=database.passwords[role])
