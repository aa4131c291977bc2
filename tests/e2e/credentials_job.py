"""The Job that makes the Secrets, run for real: its script, its plan and its account, against a real API server."""

import base64
import json
import subprocess
from pathlib import Path
from typing import Any

from tests.e2e.access import Account, token
from tests.e2e.api import Api
from tests.unit.scripts.job_scripts import run, start

SCRIPT = "credentials/files/credentials.py"
ACCOUNT = Account("chatdb-system", "credentials")
POSTGRES = ("chatdb-system", "postgres-credentials")
Values = dict[tuple[str, str], dict[str, str]]


class Job:
    """What the pod of the Job has: the plan, a token of its own account, and the way to the server."""

    def __init__(self, api: Api, folder: Path, plan: str) -> None:
        """Write the files that the pod would mount."""
        self.api = api
        self.folder = folder
        self.plan: list[dict[str, Any]] = json.loads(plan)["secrets"]
        (folder / "plan.json").write_text(plan)
        (folder / "token").write_text(token(api, ACCOUNT))
        (folder / "ca.crt").write_text(api.authority)
        host, _, port = api._host.rpartition(":")
        self.environment = {"KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": port, "WAIT_SECONDS": "20"}

    @property
    def line(self) -> tuple[str, Path, Path]:
        """The script and its arguments."""
        return SCRIPT, self.folder / "plan.json", self.folder

    def run(self) -> subprocess.CompletedProcess[str]:
        """Run it to its end; its log holds no value of a Secret."""
        done = run(*self.line, env=self.environment)
        values = [value for secret in self.values().values() for value in secret.values()]
        assert not [value for value in values if value in done.stdout + done.stderr]
        return done

    def killed_after(self, lines: int) -> None:
        """Run it, and SIGKILL it as soon as it has said so much."""
        with start(*self.line, env=self.environment) as process:
            assert process.stdout
            for _ in range(lines):
                process.stdout.readline()
            process.kill()

    def planned(self) -> dict[tuple[str, str], set[str]]:
        """The keys of every Secret, by the plan."""
        return {(one["namespace"], one["name"]): {*one.get("origin", {}), *one.get("derived", {})} for one in self.plan}

    def values(self) -> Values:
        """What is in the cluster of that."""
        secrets = {address: self.api.get("v1", "Secret", *address) for address in self.planned()}
        return {
            address: {key: base64.b64decode(value).decode() for key, value in secret.get("data", {}).items()}
            for address, secret in secrets.items()
            if secret
        }

    def versions(self) -> list[str]:
        """The resource version of every Secret."""
        secrets = [self.api.request("GET", self.api.path("v1", "Secret", *address)) for address in self.planned()]
        return [secret["metadata"]["resourceVersion"] for secret in secrets]

    def check_complete(self, before: Values) -> None:
        """Every Secret has exactly the planned keys, and what was there is as it was."""
        after = self.values()
        assert {address: set(secret) for address, secret in after.items()} == self.planned()
        assert {address: secret | before.get(address, {}) for address, secret in after.items()} == after
        password = after[POSTGRES]["POSTGRES_PASSWORD"]
        assert after["chatdb-system", "postgres-schema-credentials"]["PGPASSWORD"] == password

    def clear(self) -> None:
        """Take every Secret of the plan away."""
        for address in self.planned():
            self.api.delete(self.api.path("v1", "Secret", *address))
        assert self.values() == {}
