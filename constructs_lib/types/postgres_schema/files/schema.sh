#!/usr/bin/env bash
# Gives each service its PostgreSQL schema, its role and its tables; services never create tables themselves.
#
# Usage: schema.sh MIGRATIONS_DIRECTORY ROLES.tsv, with PGHOST, PGPORT, PGDATABASE, PGUSER and PGPASSWORD
# The directory holds <schema>--<number>_<name>.sql; a line of the file is schema<TAB>role<TAB>variable of the password.
#
# All of it is one psql session under one lock, and each migration is one transaction together with its record: the Job
# may run again, be killed at any point, or run twice at once. WAIT_SECONDS (default 120) bounds how long the server is
# waited for. The SQL is in the files beside this one; passwords reach psql by the environment only.
#
# Exit codes: 0 done, 1 try again, 78 (EX_CONFIG) somebody has to act: the last line on stderr says how.
set -euo pipefail

readonly IDENTIFIER='^[a-z_][a-z0-9_]{0,62}$'
readonly RESERVED='^(public|migrations|information_schema|pg_.*)$'
readonly MIGRATION='^([a-z_][a-z0-9_]*)--([0-9]{4})_([a-z0-9_]+)\.sql$'
# A transaction that a migration ends by itself would part it from its record.
readonly TRANSACTION_END='^[[:space:]]*(commit|rollback)[[:space:]]*(work|transaction)?[[:space:]]*;'
readonly SQLSTATE='(ERROR|FATAL|PANIC):  ([0-9A-Z]{5}): ([^'$'\n'']*)'
# Lost connections, conflicts, a lock not given in time, no room, shutdown or start: they pass.
readonly TRANSIENT='^(08...|40...|53...|55P03|57...)$'
# What the server says when it refuses the connection itself; it then tells psql no SQLSTATE.
readonly REFUSED='(password authentication failed|no pg_hba\.conf entry|(database|role) "[^"]*" does not exist)[^'$'\n'']*'

# Locks are waited for, but not for ever: a migration behind a long transaction would block all who come after it.
export PGOPTIONS='-c client_min_messages=warning -c lock_timeout=30s'
export PGCONNECT_TIMEOUT=10

permanent() {
  printf 'postgres-schema: %s\n' "$1" >&2
  exit 78
}

# Checks the roles' file, and fills `schemas` and the script's part about roles.
read_roles() {
  [[ -r $1 ]] || permanent "cannot read $1: mount the file of roles there"
  local schema role variable rest
  while IFS=$'\t' read -r schema role variable rest || [[ -n $schema ]]; do
    [[ $schema =~ $IDENTIFIER && ! $schema =~ $RESERVED && $role =~ $IDENTIFIER && $role != "$PGUSER" &&
      $variable =~ ^[A-Z_][A-Z0-9_]*$ && -z $rest ]] ||
      permanent "$1: '$schema $role $variable' is not schema<TAB>role<TAB>variable: correct the catalogue"
    [[ -n ${!variable:-} ]] || permanent "$variable is not set: the Job needs its Secret in the environment"
    schemas+=("$schema")
    roles_sql+="\\set schema $schema"$'\n'"\\set role $role"$'\n'"\\set variable $variable"$'\n'
    roles_sql+="\\i '$here/role.sql'"$'\n'
  done <"$1"
}

# Checks the migrations of one schema, and fills the script's parts about files and migrations.
read_migrations() {
  local file number=0 sha256
  for file in "$1/$2"--*.sql; do
    [[ ${file##*/} =~ $MIGRATION ]] || permanent "$file is not $2--<4 digits>_<name>.sql: rename it"
    local version=$((10#${BASH_REMATCH[2]})) name=${BASH_REMATCH[3]}
    number=$((number + 1))
    ((version == number)) || permanent "$file is not number $number of schema $2: close the gap in its migrations"
    ! grep -qiE "$TRANSACTION_END" "$file" || permanent "$file ends its transaction: leave that to the Job"
    sha256=$(sha256sum <"$file")
    declared_sql+="${declared_sql:+, }('$2', $version, '$name', '${sha256%% *}')"
    migrations_sql+="\\set schema $2"$'\n'"\\set version $version"$'\n'"\\set file '$file'"$'\n'
    migrations_sql+="\\i '$here/migration.sql'"$'\n'
  done
}

# Writes the whole session.
session() {
  printf '%s\n' "\\i '$here/prepare.sql'" "INSERT INTO pg_temp.declared_migrations VALUES $declared_sql;" \
    "\\i '$here/check.sql'" "$roles_sql$migrations_sql"
}

# Runs the session; 0 done, 1 try again. Ends the script where trying again cannot help.
migrate() {
  local complaints
  complaints=$(session | psql -X -q -A -t -v ON_ERROR_STOP=1 -v VERBOSITY=verbose -f - 2>&1 >&3) && return
  if [[ $complaints =~ $SQLSTATE ]]; then
    local state=${BASH_REMATCH[2]} message=${BASH_REMATCH[3]}
    [[ $state != MG001 ]] || permanent "$message"
    printf '%s\n' "$complaints" >&2
    [[ $state =~ $TRANSIENT ]] || permanent "the migration fails ($state: $message): correct it and deploy again"
  else
    printf '%s\n' "$complaints" >&2
    if [[ $complaints =~ $REFUSED ]]; then
      permanent "the server refuses ${PGUSER}: ${BASH_REMATCH[0]}: restore the Secret that its data was made with"
    fi
  fi
  return 1
}

(($# == 2)) || permanent 'usage: schema.sh MIGRATIONS_DIRECTORY ROLES.tsv'
for variable in PGHOST PGPORT PGDATABASE PGUSER PGPASSWORD; do
  [[ -n ${!variable:-} ]] || permanent "$variable is not set: the Job needs its ConfigMap and Secret"
done
[[ -d $1 ]] || permanent "$1 is no directory: mount the migrations there"
here=$(cd "$(dirname "$0")" && pwd)
migrations=$(cd "$1" && pwd)
schemas=() roles_sql='' declared_sql='' migrations_sql=''
read_roles "$2"
for file in "$migrations"/*.sql; do
  [[ " ${schemas[*]} " == *" $(basename "${file%%--*}") "* ]] || permanent "$file is of no schema in $2: declare it there"
done
for schema in "${schemas[@]}"; do
  read_migrations "$migrations" "$schema"
done
until migrate 3>&1; do
  if ((SECONDS >= ${WAIT_SECONDS:-120})); then
    echo 'postgres-schema: gave up for now' >&2
    exit 1
  fi
  echo 'trying again in 3 seconds'
  sleep 3
done
echo "all ${#schemas[@]} schemas are up to date"
