-- One service: its schema, and a role that reads and writes rows there and can do nothing else.
-- Variables: schema, role, and the environment variable that holds the role's password.
\getenv password :variable
BEGIN;
-- The server must not log the password with the statement.
SET LOCAL log_statement = none;
SET LOCAL log_min_error_statement = panic;
SET LOCAL log_min_duration_statement = -1;
SELECT format('CREATE ROLE %I', :'role') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec
ALTER ROLE :"role" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'password';
ALTER ROLE :"role" IN DATABASE :"DBNAME" SET search_path = :"schema";
CREATE SCHEMA IF NOT EXISTS :"schema";
ALTER SCHEMA :"schema" OWNER TO CURRENT_USER;
GRANT CONNECT ON DATABASE :"DBNAME" TO :"role";
GRANT USAGE ON SCHEMA :"schema" TO :"role";
-- For what is there (a role that was dropped and made again), and for what migrations will add.
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA :"schema" TO :"role";
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA :"schema" TO :"role";
ALTER DEFAULT PRIVILEGES IN SCHEMA :"schema" GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO :"role";
ALTER DEFAULT PRIVILEGES IN SCHEMA :"schema" GRANT USAGE, SELECT ON SEQUENCES TO :"role";
COMMIT;
\echo schema :schema: role :role may use it
