"""A real S3 server for the services' tests: files behind a gateway, on loopback, gone with the test process."""

import os
import secrets
import socket
import socketserver
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from chatdb.local.parts import make_part
from chatdb.local.processes import scratch_folder, wait_for
from chatdb.local.site import make_site
from chatdb_common import object_store
from chatdb_common.settings import ObjectStoreSettings
from constructs_lib.resolve import varied
from tests.repository import PLATFORM, ROOT

PROGRAM = Path(__file__).parents[3] / ".tools" / "bin" / "versitygw"
# Reads until the test process closes the pipe, also by dying, and stops the server then.
KEEPER = '"$@" & server=$!; read -r line; kill -TERM "$server"; wait "$server"'


READY_SECONDS = 60


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
def serve_accounts() -> Iterator[Callable[[str], StoreSettings]]:
    """The store of the trait as its Job leaves it; it gives the settings of a component, whose key may do what it says.

    The Job and the keys are those of the catalogue.
    """
    platform = varied(PLATFORM, ["object-store-versitygw"])
    with scratch_folder() as folder:
        site = make_site(platform, ROOT, folder, [platform.component(name) for name in ("postgres", "minio")])
        store, job = (make_part(site, site.platform.component(name)) for name in ("minio", "object-store-buckets"))
        try:
            for part in (store, job):
                part.server.start()
                wait_for(f"{part.component.name} is ready", READY_SECONDS, part.is_ready)
            yield lambda name: StoreSettings(**_lower(site.told(site.platform.component(name))))
        finally:
            store.server.stop()


def _lower(told: dict[str, str]) -> dict[str, Any]:
    """As fields of settings."""
    return {key.lower(): value for key, value in told.items()}


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
