-- Refuses, before anything is changed, when the files are not a continuation of what the database went through.
DO $$
DECLARE
    complaints text;
BEGIN
    SELECT string_agg(
        CASE
            WHEN declared_name IS NULL THEN format(
                'the database has migration %s (%s) of schema %s, the files do not: deploy the release that has it',
                version, applied_name, schema)
            WHEN applied_name IS NULL THEN format(
                'migration %s (%s) of schema %s is not recorded but a later one is: restore its record',
                version, declared_name, schema)
            ELSE format(
                'migration %s (%s) of schema %s was changed after it was applied: put it back, and add a new one',
                version, declared_name, schema)
        END, '; ' ORDER BY schema, version) INTO complaints
    FROM (
        SELECT schema, version, applied.name AS applied_name, declared.name AS declared_name,
            applied.sha256 IS DISTINCT FROM declared.sha256 AS differs,
            max(applied.version) OVER (PARTITION BY schema) AS newest
        FROM migrations.applied
        FULL JOIN pg_temp.declared_migrations AS declared USING (schema, version)
        WHERE schema IN (SELECT schema FROM pg_temp.declared_migrations)
    ) AS compared
    WHERE differs AND version <= newest;
    IF complaints IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'MG001', MESSAGE = complaints;
    END IF;
END
$$;
