-- One Job at a time: the session holds the lock until it ends, whoever ends it.
DO $$ BEGIN PERFORM pg_advisory_lock(20261124); END $$;

CREATE SCHEMA IF NOT EXISTS migrations;
CREATE TABLE IF NOT EXISTS migrations.applied (
    schema text NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (schema, version)
);
COMMENT ON TABLE migrations.applied IS 'Which migration of which schema ran, and the checksum of its file at that time';

CREATE TEMPORARY TABLE declared_migrations (schema text, version integer, name text, sha256 text);

-- A role of one service connects to this database only, and makes no object outside its schema.
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
REVOKE CONNECT, TEMPORARY ON DATABASE :"DBNAME" FROM PUBLIC;
REVOKE CONNECT, TEMPORARY ON DATABASE postgres FROM PUBLIC;
