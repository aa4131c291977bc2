"""A real S3 server for the services' tests: files behind a gateway, on loopback, gone with the test process."""

import os
import secrets
import socket
import socketserver
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import SecretStr

from chatdb_common import object_store
from chatdb_common.settings import ObjectStoreSettings

PROGRAM = Path(__file__).parents[3] / ".tools" / "bin" / "versitygw"
# Reads until the test process closes the pipe, also by dying, and stops the server then.
KEEPER = '"$@" & server=$!; read -r line; kill -TERM "$server"; wait "$server"'


class StoreSettings(ObjectStoreSettings):
    """Where the server is, and its keys."""

    service = "test"
    port: int = 0


@contextmanager
def serve(*buckets: str) -> Iterator[StoreSettings]:
    """A fresh server with these buckets."""
    key = secrets.token_hex(16)
    with tempfile.TemporaryDirectory(prefix="s3-", ignore_cleanup_errors=True) as made:
        port = _free_port()
        settings = StoreSettings(
            s3_endpoint=f"http://127.0.0.1:{port}",
            aws_access_key_id=SecretStr("tests"),
            aws_secret_access_key=SecretStr(key),
        )
        for name in ("data", "metadata"):
            (Path(made) / name).mkdir()
        line = [str(PROGRAM), "--port", f"127.0.0.1:{port}", "posix", "--sidecar", f"{made}/metadata", f"{made}/data"]
        environment = os.environ | {"ROOT_ACCESS_KEY": "tests", "ROOT_SECRET_KEY": key}
        with (
            (Path(made) / "log").open("wb") as log,
            subprocess.Popen(
                ["sh", "-c", KEEPER, "sh", *line],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=environment,
                start_new_session=True,
            ) as keeper,
        ):
            _make(settings, buckets, Path(made) / "log")
            yield settings
            keeper.communicate()


@contextmanager
def troubled(answer: bytes) -> Iterator[StoreSettings]:
    """A server that gives this answer to every request, and closes."""

    class Handler(socketserver.StreamRequestHandler):
        timeout = 10

        def handle(self) -> None:
            while self.rfile.readline().strip():
                pass
            self.wfile.write(answer)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield StoreSettings(
            s3_endpoint=f"http://127.0.0.1:{server.server_address[1]}",
            aws_access_key_id=SecretStr("tests"),
            aws_secret_access_key=SecretStr("tests"),
        )
        server.shutdown()
        thread.join(10)


def _make(settings: StoreSettings, buckets: tuple[str, ...], log: Path) -> None:
    client = object_store.connect(settings)
    deadline = time.monotonic() + 30
    for bucket in buckets:
        while True:
            try:
                client.create_bucket(Bucket=bucket)
                break
            except object_store.TRANSIENT:
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port
