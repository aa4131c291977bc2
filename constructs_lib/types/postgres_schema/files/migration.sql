-- Applies one migration together with its record, unless it was applied before.
-- Variables: schema, version, and the path of its file.
SELECT
    NOT EXISTS (SELECT FROM migrations.applied WHERE schema = :'schema' AND version = :version) AS pending \gset
\if :pending
    BEGIN;
    SET LOCAL search_path = :"schema";
    \i :file
    INSERT INTO migrations.applied (schema, version, name, sha256)
    SELECT schema, version, name, sha256 FROM pg_temp.declared_migrations
    WHERE schema = :'schema' AND version = :version;
    COMMIT;
    \echo schema :schema: migration :version applied
\endif
