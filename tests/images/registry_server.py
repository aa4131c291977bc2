"""A real registry for images, of the CNCF's Distribution project, on a port of loopback; its files go with the test."""

import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.client import HTTPResponse
from pathlib import Path

import pytest

from chatdb.local.processes import Server, free_ports, wait_for
from tests.cli.builder import upload
from tests.node.oci import MANIFEST
from tests.repository import NOT_RUN, ROOT

PROGRAM = ROOT / ".tools/bin/registry"
LOGIN = ("team", "secret")
HTPASSWD = "team:$2b$04$dV3vZB.bCA2ilbrrHoHTb.Gc1IqJFC5OnURK0whlCuO7esjrNcSHW\n"
SECONDS = 60
NOT_FOUND = 404


class RegistryServer:
    """The registry, and what a test asks it without the code under test."""

    def __init__(self, folder: Path, port: int, *, login: bool = False, network: Sequence[str] = ()) -> None:
        """It is not started yet; with `login` it is for LOGIN alone, `network` begins a command in another network."""
        self.folder = folder
        self.host = f"127.0.0.1:{port}"
        self.registry = f"{self.host}/team"
        """The setting of an environment."""
        (folder / "htpasswd").write_text(HTPASSWD)
        settings = {
            "version": 0.1,
            "storage": {"filesystem": {"rootdirectory": str(folder / "files")}, "delete": {"enabled": True}},
            "http": {"addr": self.host},
        } | ({"auth": {"htpasswd": {"realm": "chatdb", "path": str(folder / "htpasswd")}}} if login else {})
        (folder / "config.yaml").write_text(json.dumps(settings))
        command = [*network, str(PROGRAM), "serve", str(folder / "config.yaml")]
        # Tests of builders leave nothing else on PATH.
        env_vars = {"PATH": f"{os.environ['PATH']}:{os.defpath}", "OTEL_TRACES_EXPORTER": "none"}
        self.server = Server("registry", command, folder / "log", env_vars)

    def start(self) -> None:
        """Until it answers."""
        self.server.start()
        wait_for("the registry", SECONDS, self._listens)

    def written(self, name: str, tag: str) -> str:
        """The digest of a tag, as its files have it."""
        tags = self.folder / f"files/docker/registry/v2/repositories/team/{name}/_manifests/tags"
        return (tags / tag / "current/link").read_text()

    def digest(self, name: str, reference: str) -> str | None:
        """By its own header; None where it has no such manifest."""
        try:
            with self._ask("HEAD", f"{name}/manifests/{reference}") as response:
                return response.headers["Docker-Content-Digest"]
        except urllib.error.HTTPError as error:
            with error:
                if error.code != NOT_FOUND:
                    raise
            return None

    def delete(self, name: str, reference: str) -> None:
        """A manifest with all its tags, or a tag alone."""
        with self._ask("DELETE", f"{name}/manifests/{reference}") as response:
            assert response.status == 202

    def push(self, name: str, tag: str, content: str) -> str:
        """Another image under that tag; its digest."""
        upload(f"{self.registry}/{name}:{tag}", content)
        digest = self.digest(name, tag)
        assert digest
        return digest

    def _listens(self) -> bool:
        assert self.server.alive(), self.server.last_lines(30)
        return self.server.log.exists() and f"listening on {self.host}" in self.server.log.read_text()

    def _ask(self, method: str, path: str, headers: Mapping[str, str] | None = None) -> HTTPResponse:
        url = f"http://{self.host}/v2/team/{path}"
        request = urllib.request.Request(url, headers={"Accept": MANIFEST, **(headers or {})}, method=method)
        response: HTTPResponse = urllib.request.urlopen(request, timeout=SECONDS)
        return response


@contextmanager
def registry_server(folder: Path, *, login: bool = False, network: Sequence[str] = ()) -> Iterator[RegistryServer]:
    """A registry whose files are in the folder, until the test has ended."""
    if not PROGRAM.exists():
        pytest.skip(f"{NOT_RUN}the registry is not built: make setup-images")
    (port,) = free_ports(1)
    server = RegistryServer(folder, port, login=login, network=network)
    server.start()
    try:
        yield server
    finally:
        server.server.stop()
