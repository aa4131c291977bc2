"""Makes the platform's Secrets inside the cluster, so that no password is ever in git.

Usage: credentials.py PLAN.json [SERVICE_ACCOUNT_DIRECTORY]

`origin` keys are random and made once; `derived` keys are templates over them. A key that exists is never touched, so
the Job may run again, be killed at any point, or run twice at once. It refuses to make a new origin for something that
was already built with the old one. WAIT_SECONDS (default 120) bounds how long it waits for the API server.

Exit codes: 0 done, 1 try again, 78 (EX_CONFIG) somebody has to act: the last line on stderr says how.
"""

import base64
import json
import os
import re
import secrets
import ssl
import string
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

PERMANENT = 78
SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
MANAGED_BY = {"app.kubernetes.io/managed-by": "@platform@-credentials"}

ANSWERS = {"GET": {200, 404}, "POST": {201, 409}, "PATCH": {200, 404, 409}}
DENIED = {401, 403}
# 0 is "no connection"; 404 is an answer except to a POST, where the namespace is not there yet.
TRANSIENT = {0, 404, 408, 429}
REQUEST_SECONDS = 10.0
# A Role that was applied a moment ago may not have reached the API server's authorizer.
DENIED_SECONDS = 5.0

OBJECT_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
KEY_NAME = re.compile(r"[A-Za-z0-9._-]+")
REFERENCE = re.compile(r"\$\{([^/}]+)/([^/}]+)/([^/}]+)\}")

Address = tuple[str, str]
"""Namespace and name of a Secret or a claim."""
Key = tuple[str, str, str]
"""Namespace and name of a Secret, and a key in it."""


class Permanent(Exception):
    """Trying again cannot help; the message is advice for whoever reads the log."""


class Transient(Exception):
    """It may work the next time."""


class Conflict(Exception):
    """Somebody else wrote between our read and our write."""


@dataclass(frozen=True)
class Plan:
    """One Secret as the catalogue wants it; the fields are those of the plan file."""

    namespace: str
    name: str
    origin: Mapping[str, str] = field(default_factory=dict)
    derived: Mapping[str, str] = field(default_factory=dict)
    guard_pvc: str | None = None

    @property
    def address(self) -> Address:
        """Where the Secret is."""
        return self.namespace, self.name

    @property
    def origin_keys(self) -> list[Key]:
        """The keys that are made at random."""
        return [(*self.address, key) for key in self.origin]

    @property
    def derived_keys(self) -> dict[Key, str]:
        """The keys that are made from others, with their templates."""
        return {(*self.address, key): template for key, template in self.derived.items()}


@dataclass
class Seen:
    """What the cluster holds of the plan: decisions are made on this alone, before anything is written."""

    versions: dict[Address, str] = field(default_factory=dict)
    values: dict[Key, str] = field(default_factory=dict)
    claims: set[Address] = field(default_factory=set)


class Cluster:
    """The four calls that the Job's Roles allow: get and patch a named Secret, create one, get a named claim."""

    def __init__(self, directory: Path, wait: float) -> None:
        """Nothing is asked yet; `wait` seconds from now the patience with the API server ends."""
        host, port = os.environ.get("KUBERNETES_SERVICE_HOST"), os.environ.get("KUBERNETES_SERVICE_PORT")
        if not host or not port or not (directory / "token").is_file():
            raise Permanent("no service account here: run it as a pod with automountServiceAccountToken: true")
        self._base = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
        self._token = directory / "token"
        context = ssl.create_default_context(cafile=str(directory / "ca.crt"))
        # The API server is inside the cluster: a proxy of the environment must not see the token.
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )
        self._deadline = time.monotonic() + wait

    def secret(self, address: Address) -> tuple[str, dict[str, str]] | None:
        """Resource version and values of the Secret; None where there is none."""
        answer = self._get(*address, "secrets")
        if answer is None:
            return None
        try:
            data = answer.get("data") or {}
            values = {key: base64.b64decode(value).decode() for key, value in data.items()}
        except UnicodeDecodeError as error:
            raise Permanent(f"Secret {'/'.join(address)} holds a value that is not text: mend or delete it") from error
        return answer["metadata"]["resourceVersion"], values

    def has_claim(self, address: Address) -> bool:
        """Whether the PersistentVolumeClaim exists."""
        return self._get(*address, "persistentvolumeclaims") is not None

    def add(self, address: Address, values: Mapping[str, str], version: str | None) -> None:
        """Add keys to the Secret of that resource version, or create it (None); Conflict where that is outdated."""
        namespace, name = address
        data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
        path = f"/api/v1/namespaces/{namespace}/secrets"
        if version is None:
            metadata: dict[str, Any] = {"name": name, "namespace": namespace, "labels": MANAGED_BY}
            body = {"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "metadata": metadata, "data": data}
            status, _ = self._call("POST", path, body)
        else:
            body = {"metadata": {"resourceVersion": version}, "data": data}
            status, _ = self._call("PATCH", f"{path}/{name}", body)
        if status in (404, 409):
            raise Conflict(f"Secret {namespace}/{name} changed meanwhile")

    def pause(self, seconds: float, why: str, until: float = float("inf")) -> None:
        """Sleep, unless that would pass the deadline: then Transient, which says why we waited."""
        if time.monotonic() + seconds > min(self._deadline, until):
            raise Transient(why)
        time.sleep(seconds)

    def _get(self, namespace: str, name: str, kind: str) -> dict[str, Any] | None:
        status, answer = self._call("GET", f"/api/v1/namespaces/{namespace}/{kind}/{name}")
        return None if status == 404 else answer

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        """The first answer that is one; waits out what may pass."""
        denied_until = time.monotonic() + DENIED_SECONDS
        delay = 0.2
        while True:
            status, answer = self._send(method, path, body)
            if status in ANSWERS[method]:
                return status, answer
            if status not in TRANSIENT | DENIED and status < 500:
                raise Permanent(f"{method} {path} is refused: {status} {answer.get('reason', '')}")
            why = f"{method} {path}: {answer.get('message') or status}"
            try:
                self.pause(delay, why, denied_until if status in DENIED else float("inf"))
            except Transient as error:
                if status in DENIED:
                    raise Permanent(_missing_access(method, path, why)) from error
                raise
            delay = min(delay * 2, 5.0)

    def _send(self, method: str, path: str, body: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
        """Status and JSON of one request; status 0 and the reason where no answer came."""
        request = urllib.request.Request(self._base + path, method=method)  # noqa: S310 - always https
        # The kubelet renews the token while we run.
        request.add_header("Authorization", f"Bearer {self._token.read_text().strip()}")
        request.add_header("Accept", "application/json")
        if body is not None:
            request.data = json.dumps(body).encode()
            kind = "merge-patch+json" if method == "PATCH" else "json"
            request.add_header("Content-Type", f"application/{kind}")
        try:
            with self._opener.open(request, timeout=REQUEST_SECONDS) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            return error.code, _json_object(error.read())
        except (OSError, ValueError) as error:
            return 0, {"message": f"no answer: {error}"}


def _json_object(text: bytes) -> dict[str, Any]:
    """The API's Status object; empty where something in between answered with another page."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _missing_access(method: str, path: str, why: str) -> str:
    """Which rule of a Role the Job's service account lacks."""
    _, _, _, _, namespace, kind, *name = path.split("/")
    verb = {"GET": "get", "POST": "create", "PATCH": "patch"}[method]
    which = f" with resourceName {name[0]}" if name else ""
    return f"the Job's Role in namespace {namespace} must allow {verb} on {kind}{which} ({why})"


def read_plan(path: Path) -> tuple[Plan, ...]:
    """The plan file, checked; Permanent with every problem in it."""
    try:
        plans = tuple(Plan(**entry) for entry in json.loads(path.read_text())["secrets"])
        problems = list(plan_problems(plans))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Permanent(f"bad plan {path}: {type(error).__name__}: {error}") from error
    if problems:
        raise Permanent(f"bad plan {path}: " + "; ".join(problems))
    return plans


def plan_problems(plans: tuple[Plan, ...]) -> Iterator[str]:
    """What is wrong with the plan as a whole; it comes from the catalogue, so the mend is there."""
    addresses = [plan.address for plan in plans]
    origins = {key for plan in plans for key in plan.origin_keys}
    for plan in plans:
        where = "/".join(plan.address)
        if addresses.count(plan.address) > 1:
            yield f"{where} is listed twice"
        names = [*plan.address, *([plan.guard_pvc] if plan.guard_pvc else [])]
        yield from (f"{where}: bad name {name!r}" for name in names if not OBJECT_NAME.fullmatch(name))
        keys = [*plan.origin, *plan.derived]
        yield from (f"{where}: bad key {key!r}" for key in keys if not KEY_NAME.fullmatch(key))
        yield from (f"{where}: {key} is origin and derived" for key in plan.origin if key in plan.derived)
        for key, kind in plan.origin.items():
            if kind not in GENERATORS:
                yield f"{where}: {key} is neither of {', '.join(sorted(GENERATORS))}"
        for key, template in plan.derived.items():
            unknown = [reference for reference in REFERENCE.findall(template) if reference not in origins]
            yield from (f"{where}: {key} needs {'/'.join(name)}, which is no origin" for name in unknown)
            if "${" in REFERENCE.sub("", template):
                yield f"{where}: {key} has a reference that is not ${{namespace/secret/key}}"


def _text(alphabet: str, length: int) -> str:
    return "".join(secrets.choice(alphabet) for _ in range(length))


GENERATORS = {
    # 238 bits; letters and digits need no quoting anywhere, and S3 servers take secret keys of up to 40 characters.
    "password": lambda: _text(string.ascii_letters + string.digits, 40),
    "user": lambda: _text(string.ascii_lowercase, 1) + _text(string.ascii_lowercase + string.digits, 11),
}


def fill(template: str, values: Mapping[Key, str]) -> str:
    """The template with its references replaced; within a longer text (a URL) what URLs reserve is escaped."""
    alone = REFERENCE.fullmatch(template)
    if alone:
        return values[alone.groups()]  # type: ignore[index]
    return REFERENCE.sub(lambda match: quote(values[match.groups()], safe=""), template)  # type: ignore[index]


def look(cluster: Cluster, plans: tuple[Plan, ...]) -> Seen:
    """Read everything that the decision depends on."""
    seen = Seen()
    for plan in plans:
        found = cluster.secret(plan.address)
        if found:
            version, values = found
            seen.versions[plan.address] = version
            seen.values |= {(*plan.address, key): value for key, value in values.items()}
        claim = (plan.namespace, plan.guard_pvc or "")
        if plan.guard_pvc and cluster.has_claim(claim):
            seen.claims.add(claim)
    return seen


def refusals(plans: tuple[Plan, ...], seen: Seen) -> list[str]:
    """Origins that are gone while something made with them is still there."""
    found = []
    derived = {key: template for plan in plans for key, template in plan.derived_keys.items()}
    for plan in plans:
        for origin in (key for key in plan.origin_keys if key not in seen.values):
            where = "/".join(plan.address)
            lost = f"key {origin[2]} of Secret {where} is missing"
            if (plan.namespace, plan.guard_pvc) in seen.claims:
                claim = f"{plan.namespace}/{plan.guard_pvc}"
                found.append(f"{lost}, but claim {claim} was made with it: restore {where} or delete the claim")
            users = {key for key, template in derived.items() if origin in REFERENCE.findall(template)}
            made = ", ".join(sorted({"/".join(key[:2]) for key in users & seen.values.keys()}))
            if made:
                found.append(f"{lost}, but {made} was made with it: restore {where}, or delete {made} and the old data")
    return found


def missing_origins(plans: tuple[Plan, ...], seen: Seen) -> dict[Address, dict[str, str]]:
    """New random values for the origin keys that do not exist."""
    missing = {
        plan.address: {
            key: GENERATORS[kind]() for key, kind in plan.origin.items() if (*plan.address, key) not in seen.values
        }
        for plan in plans
    }
    return {address: values for address, values in missing.items() if values}


def missing_derived(plans: tuple[Plan, ...], seen: Seen) -> dict[Address, dict[str, str]]:
    """Values for the derived keys that do not exist, from origins that are all in the cluster by now."""
    missing = {
        plan.address: {
            key[2]: fill(template, seen.values) for key, template in plan.derived_keys.items() if key not in seen.values
        }
        for plan in plans
    }
    return {address: values for address, values in missing.items() if values}


def warn_of_drift(plans: tuple[Plan, ...], seen: Seen) -> None:
    """Say which existing keys are no longer what the plan gives; they stay, as something may run with them."""
    for plan in plans:
        for key, template in plan.derived_keys.items():
            if seen.values[key] != fill(template, seen.values):
                where = "/".join(plan.address)
                log(f"warning: {key[2]} of {where} differs from the plan and is kept; delete {where} to renew it")


def make_secrets(cluster: Cluster, plans: tuple[Plan, ...]) -> None:
    """Look, decide, write one stage (origins before what derives from them), and again until nothing is missing."""
    refused: list[str] = []
    while True:
        seen = look(cluster, plans)
        problems = refusals(plans, seen)
        if problems and problems == refused:
            raise Permanent("; ".join(problems))
        refused = problems
        if problems:
            # Another Job may have written both between our two reads: a refusal has to hold on a second look.
            continue
        writes = missing_origins(plans, seen) or missing_derived(plans, seen)
        if not writes:
            warn_of_drift(plans, seen)
            log(f"all {len(plans)} Secrets are complete")
            return
        try:
            for address, values in writes.items():
                cluster.add(address, values, seen.versions.get(address))
                log(f"{'/'.join(address)}: added {', '.join(values)}")
        except Conflict as conflict:
            log(f"{conflict}; looking again")
            cluster.pause(0.1, str(conflict))


def log(line: str) -> None:
    """One plain line, at once: a killed Job leaves what it did in its log."""
    print(line, flush=True)


def main(arguments: list[str]) -> int:
    """Exit code for the command line without the program's name."""
    try:
        if len(arguments) not in (1, 2):
            raise Permanent("usage: credentials.py PLAN.json [SERVICE_ACCOUNT_DIRECTORY]")
        directory = Path(arguments[1]) if len(arguments) == 2 else SERVICE_ACCOUNT
        plans = read_plan(Path(arguments[0]))
        make_secrets(Cluster(directory, float(os.environ.get("WAIT_SECONDS", "120"))), plans)
    except Permanent as error:
        print(f"credentials: {error}", file=sys.stderr)
        return PERMANENT
    except Transient as error:
        print(f"credentials: gave up for now: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
