"""A real Versity S3 Gateway, started as the trait's pod starts it, and its Job, run as a process."""

import functools
import hashlib
import http.client
import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

from chatdb.local.processes import Server, free_ports, scratch_folder, wait_for
from chatdb.local.site import HOST, complete
from constructs_lib.render import render
from constructs_lib.resolve import relocated, varied
from constructs_lib.resolved import ResolvedPlatform, ScriptComponent
from constructs_lib.types.credentials.files import credentials
from tests.repository import PLATFORM, ROOT, options

TRAITS = ("object-store-versitygw", "postgres-cloudnative-pg", "postgres-backups")
"""All that bring somebody who uses a bucket."""
RESOLVED = varied(PLATFORM, TRAITS, options(TRAITS))
STORE, JOB = "minio", "object-store-buckets"
SECONDS = 60
Keys = tuple[str, str]
"""A name, and its secret half."""


@functools.cache
def scripts() -> tuple[ModuleType, ModuleType]:
    """accounts.py, and buckets.py, which lies beside it in the Job's folder."""
    buckets = importlib.import_module("constructs_lib.types.object_store_buckets.files.buckets")
    sys.modules["buckets"] = buckets
    return importlib.import_module("constructs_lib.types.object_store_accounts.files.accounts"), buckets


@functools.cache
def command_line() -> tuple[str, ...]:
    """That of the container that the trait renders."""
    one = replace(RESOLVED, components=(RESOLVED.component(STORE),), gateway=None)
    (deployment,) = (m for objects in render(one).charts.values() for m in objects if m["kind"] == "Deployment")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    return (*container["command"], *container["args"])


@dataclass(frozen=True, slots=True)
class Answer:
    """Of the server to one request."""

    status: int
    body: str
    headers: Mapping[str, str]


@dataclass(kw_only=True)
class Store:
    """One server; what its Job makes of it is a matter of the platform that it is given."""

    folder: Path
    port: int
    seen: credentials.Seen = field(default_factory=credentials.Seen)

    def platform(self, resolved: ResolvedPlatform) -> ResolvedPlatform:
        """The same, whose store is this one; keys of Secrets that are not there yet are made."""
        local = relocated(resolved, lambda link: (HOST, self.port) if link.provider.name == STORE else None)
        complete(local, self.seen)
        return local

    def secrets(self, resolved: ResolvedPlatform, name: str) -> dict[str, str]:
        """What the component of that name finds in its Secrets."""
        own = {(secret.namespace, secret.name) for secret in self.platform(resolved).component(name).secrets}
        return {key[2]: value for key, value in self.seen.values.items() if key[:2] in own}

    def keys(self, name: str, resolved: ResolvedPlatform = RESOLVED) -> Keys:
        """The key pair with which the component of that name asks the store."""
        told = self.secrets(resolved, name)
        return told["AWS_ACCESS_KEY_ID"], told["AWS_SECRET_ACCESS_KEY"]

    @property
    def root(self) -> Keys:
        """The server's own."""
        told = self.secrets(RESOLVED, STORE)
        return told["ROOT_ACCESS_KEY"], told["ROOT_SECRET_KEY"]

    def files(self, resolved: ResolvedPlatform = RESOLVED) -> dict[str, str]:
        """Those in the Job's folder."""
        (folder,) = self._job(resolved).folders
        return dict(folder.files)

    def _job(self, resolved: ResolvedPlatform) -> ScriptComponent:
        job = self.platform(resolved).component(JOB)
        assert isinstance(job, ScriptComponent)
        return job

    def access(self) -> Any:
        """What the Job is told of accounts and policies, as its script reads it."""
        told, plan = self.secrets(RESOLVED, JOB), json.loads(self.files()["accounts.json"])
        passwords = {name: told[variable] for name, variable in plan["accounts"].items()}
        return scripts()[0].Access(passwords, plan["policies"])

    def administrator(self) -> Any:
        """The store as the Job's script sees it."""
        accounts, buckets = scripts()
        return accounts.Server(f"http://{HOST}:{self.port}", buckets.Keys(*self.root), SECONDS)

    def state(self) -> tuple[dict[str, Keys], dict[str, Any]]:
        """All accounts with their passwords and roles, and the policies of all buckets."""
        server = self.administrator()
        known = {name: (one.password, one.role) for name, one in server.accounts().items()}
        return known, {bucket: server.policy(bucket) for bucket in server.buckets()}

    def start_job(self, resolved: ResolvedPlatform = RESOLVED) -> subprocess.Popen[str]:
        """The Job's own script, with its files and what it is told."""
        job = self._job(resolved)
        (folder,) = job.folders
        place = self.folder / f"job-{time.monotonic_ns()}"
        place.mkdir()
        for name, text in folder.files.items():
            (place / name).write_text(text, encoding="utf-8")
        command = [str(place / word.removeprefix(f"{folder.path}/")) for word in job.command[1:]]
        told = {"PATH": os.environ["PATH"], "WAIT_SECONDS": "20"} | job.settings | self.secrets(resolved, JOB)
        pipe = subprocess.PIPE
        return subprocess.Popen([sys.executable, *command], env=told, stdout=pipe, stderr=pipe, text=True)

    def run_job(self, resolved: ResolvedPlatform = RESOLVED) -> str:
        """What the Job says, which ends well and names no secret."""
        with self.start_job(resolved) as job:
            said, complaints = job.communicate(timeout=SECONDS)
        assert job.returncode == 0, complaints
        hidden = [value for key, value in self.seen.values.items() if "PASSWORD" in key[2] or "SECRET" in key[2]]
        assert [value for value in hidden if value in said + complaints] == []
        return said

    def ask(
        self,
        keys: Keys | None,
        method: str,
        target: str,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> Answer:
        """One request, signed with the keys, or by nobody; the target is quoted, and its query is sorted."""
        digest = hashlib.sha256(body).hexdigest()
        host = f"{HOST}:{self.port}"
        sent = {
            **(headers or {}),
            "host": host,
            "x-amz-content-sha256": digest,
            "x-amz-date": datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ"),
        }
        accounts, buckets = scripts()
        if keys:
            sent["authorization"] = accounts.authorization(buckets.Keys(*keys), method, target, sent, digest)
        connection = http.client.HTTPConnection(host, timeout=SECONDS)
        try:
            connection.request(method, target, body, sent)
            response = connection.getresponse()
            text = response.read().decode(errors="replace")
            return Answer(response.status, text, {name.lower(): value for name, value in response.getheaders()})
        finally:
            connection.close()


@contextmanager
def serve() -> Iterator[Store]:
    """An empty store, which nobody has made an account of yet."""
    with scratch_folder() as folder:
        (port,) = free_ports(1)
        store = Store(folder=folder, port=port)
        (folder / "data").mkdir()
        (folder / "metadata").mkdir()
        places = {":9000": f"{HOST}:{port}", "/data": str(folder / "data"), "/data/.iam": str(folder / "data/.iam")}
        command = [places.get(word, word) for word in command_line()]
        # Not every file system has the extended attributes that it would use.
        command[-1:-1] = ["--sidecar", str(folder / "metadata")]
        told = {"PATH": f"{ROOT}/.tools/bin:{os.environ['PATH']}"} | store.secrets(RESOLVED, STORE)
        server = Server(STORE, command, folder / "log", told)
        server.start()
        try:
            wait_for("the store answers", SECONDS, lambda: _answers(store))
            yield store
        finally:
            server.stop()


def _answers(store: Store) -> bool:
    try:
        return store.ask(None, "GET", "/health").status == http.HTTPStatus.OK
    except OSError:
        return False
