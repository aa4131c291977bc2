"""Statements of SQL that a role could try: on tables, in schemas, and on the server as a whole."""

from collections.abc import Sequence


def on_table(table: str, columns: str) -> list[str]:
    """All that can be done with a table; the columns are those that anybody may write."""
    return [*of_rows(table, columns), *of_owners(table, columns)]


def of_rows(table: str, columns: str) -> list[str]:
    """What a service does with its own tables."""
    first = columns.partition(",")[0]
    return [
        f"TABLE {table}",
        f"SELECT {first} FROM {table} FOR UPDATE",
        f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {table}",
        f"UPDATE {table} SET {first} = {first}",
        f"DELETE FROM {table}",
        f"MERGE INTO {table} USING (SELECT 1) AS one ON false WHEN MATCHED THEN DELETE",
        f"COPY {table} TO STDOUT",
        f"LOCK TABLE {table} IN ROW EXCLUSIVE MODE",
    ]


def of_owners(table: str, columns: str) -> list[str]:
    """What the Job alone does."""
    return [
        f"TRUNCATE {table}",
        f"ALTER TABLE {table} ADD COLUMN more text",
        f"ALTER TABLE {table} OWNER TO CURRENT_USER",
        f"ALTER TABLE {table} DISABLE TRIGGER ALL",
        f"CREATE INDEX ON {table} ({columns})",
        f"CREATE POLICY mine ON {table}",
        f"COMMENT ON TABLE {table} IS 'mine'",
        f"DROP TABLE {table} CASCADE",
    ]


def on_sequence(sequence: str) -> list[str]:
    """All that can be done with a sequence."""
    return [
        f"SELECT nextval('{sequence}')",
        f"SELECT setval('{sequence}', 1)",
        f"SELECT last_value FROM {sequence}",
        f"ALTER SEQUENCE {sequence} RESTART",
        f"DROP SEQUENCE {sequence} CASCADE",
    ]


def in_schema(schema: str) -> list[str]:
    """What makes or changes something there."""
    return [
        f"CREATE TABLE {schema}.mine (id integer)",
        f"CREATE VIEW {schema}.mine AS SELECT 1",
        f"CREATE SEQUENCE {schema}.mine",
        f"CREATE TYPE {schema}.mine AS ENUM ('a')",
        f"CREATE FUNCTION {schema}.mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        f"ALTER SCHEMA {schema} OWNER TO CURRENT_USER",
        f"DROP SCHEMA {schema} CASCADE",
    ]


def on_roles(roles: Sequence[str]) -> list[str]:
    """What makes somebody another, or changes another."""
    return [
        statement
        for role in roles
        for statement in (
            f"SET ROLE {role}",
            f"SET SESSION AUTHORIZATION {role}",
            f"ALTER ROLE {role} PASSWORD 'mine'",
            f"GRANT {role} TO CURRENT_USER",
            f"DROP OWNED BY {role}",
            f"DROP ROLE {role}",
        )
    ]


def on_server(database: str) -> list[str]:
    """What an administrator does, and what leads out of the database."""
    return [
        "TABLE pg_shadow",
        "TABLE pg_authid",
        "TABLE pg_user_mapping",
        "TABLE pg_statistic",
        "TABLE pg_largeobject",
        "SELECT * FROM pg_hba_file_rules",
        "SELECT * FROM pg_file_settings",
        "SELECT pg_read_file('PG_VERSION')",
        "SELECT pg_read_binary_file('PG_VERSION')",
        "SELECT pg_ls_dir('.')",
        "SELECT pg_stat_file('PG_VERSION')",
        "SELECT pg_ls_waldir()",
        "SELECT lo_import('/etc/passwd')",
        "SELECT lo_export(1, '/tmp/mine')",
        "SELECT pg_reload_conf()",
        "SELECT pg_rotate_logfile()",
        "SELECT pg_switch_wal()",
        "SELECT pg_create_physical_replication_slot('mine')",
        "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres'",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres'",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "COPY (SELECT 1) TO '/tmp/mine'",
        "SHOW hba_file",
        "CREATE TEMPORARY TABLE mine (id integer)",
        "CREATE SCHEMA mine",
        "CREATE ROLE mine",
        "DROP EXTENSION plpgsql CASCADE",
        "CREATE FUNCTION public.mine() RETURNS void LANGUAGE c AS 'mine'",
        "CREATE PUBLICATION mine",
        "CREATE EVENT TRIGGER mine ON ddl_command_start EXECUTE FUNCTION pg_notify()",
        "CREATE FOREIGN DATA WRAPPER mine",
        "ALTER ROLE CURRENT_USER SUPERUSER",
        "ALTER ROLE CURRENT_USER CREATEROLE",
        "ALTER ROLE CURRENT_USER BYPASSRLS",
        f"ALTER DATABASE {database} OWNER TO CURRENT_USER",
        f"ALTER DATABASE {database} SET log_statement = 'all'",
        "SET log_statement = 'all'",
        "SET session_replication_role = replica",
    ]


ALONE = (
    "CREATE DATABASE mine",
    "ALTER SYSTEM SET work_mem = '1MB'",
    "CREATE TABLESPACE mine LOCATION '/tmp'",
    "CHECKPOINT",
)
"""No part of a transaction."""
OPEN = (
    "SELECT lo_create(0)",
    "SELECT pg_advisory_xact_lock(1)",
    "NOTIFY mine",
    "LISTEN mine",
    "SELECT usename, state FROM pg_stat_activity",
    "SELECT rolname FROM pg_roles",
    "SELECT relname FROM pg_class",
    "ALTER ROLE CURRENT_USER PASSWORD 'mine'",
)
"""What PostgreSQL leaves to every role; docs/security.md names it."""
