#!/bin/bash
# What the official image of PostgreSQL documents: POSTGRES_PASSWORD, POSTGRES_USER, POSTGRES_DB, POSTGRES_INITDB_ARGS
# and PGDATA for an empty folder, whose scripts in /docker-entrypoint-initdb.d are run once, and then the server with
# the arguments. It does not run as root.
set -euo pipefail

[[ $# == 0 || $1 == -* ]] && set -- postgres "$@"
[[ $1 == postgres ]] || exec "$@"
export PGDATA=${PGDATA:-/var/lib/postgresql/data}
if [[ ! -s $PGDATA/PG_VERSION ]]; then
  user=${POSTGRES_USER:-postgres}
  : "${POSTGRES_PASSWORD:?the database is empty, and POSTGRES_PASSWORD is not set}"
  mkdir -p "$PGDATA"
  chmod 700 "$PGDATA"
  # shellcheck disable=SC2086 - they are words
  initdb --username="$user" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") ${POSTGRES_INITDB_ARGS:-}
  printf '\nhost all all all scram-sha-256\n' >>"$PGDATA/pg_hba.conf"
  pg_ctl --wait --options="$(printf '%q ' "${@:2}") -c listen_addresses=" start
  [[ ${POSTGRES_DB:-$user} == postgres ]] ||
    psql --no-psqlrc -v ON_ERROR_STOP=1 --username="$user" --dbname=postgres -v name="${POSTGRES_DB:-$user}" \
      <<<'CREATE DATABASE :"name";'
  for file in /docker-entrypoint-initdb.d/*; do
    case $file in
      *.sh) bash "$file" ;;
      *.sql) psql --no-psqlrc -v ON_ERROR_STOP=1 --username="$user" --dbname="${POSTGRES_DB:-$user}" --file="$file" ;;
    esac
  done
  pg_ctl --wait --mode=fast stop
fi
exec "$@"
