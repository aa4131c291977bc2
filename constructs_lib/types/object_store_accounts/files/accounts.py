"""Makes the buckets of the object store, and an account for each who uses some, with exactly the rights of the plan.

Usage: accounts.py PLAN.json ACCOUNTS.json, with the root's key pair and the passwords in the environment

The first plan is that of buckets.py beside it. The second one holds `accounts` (name -> the variable with its password)
and `policies` (bucket -> document). Accounts and policies that are not in it are removed, so that it says all that
anybody but the root may do. What is as it should be is left, so the Job may run again, be killed at any point, or run
twice at once. The server is Versity S3 Gateway: others have no such calls. WAIT_SECONDS and exit codes: see buckets.py.
"""

import hashlib
import hmac
import http.client
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from constructs_lib.types.object_store_buckets.files import buckets
else:
    import buckets

ROLE = "user"
"""Of an account that may do what policies say, and nothing else."""
OK, CREATED, NO_CONTENT, NOT_FOUND, CONFLICT = 200, 201, 204, 404, 409
NAMESPACE = "{*}"


@dataclass(frozen=True)
class Account:
    """What the server knows of an account."""

    password: str
    role: str


@dataclass(frozen=True)
class Access:
    """All accounts with their passwords, and all policies by bucket."""

    passwords: Mapping[str, str]
    policies: Mapping[str, Any]


class Server(buckets.Store):
    """The same store, as its administrator sees it."""

    answer = b""
    """The body of the last answer."""

    def accounts(self) -> dict[str, Account]:
        """All but the root's, by name."""
        self._call("PATCH", "/list-users", {OK})
        root = ET.fromstring(self.answer)  # noqa: S314 - the platform's own server
        found = {}
        for one in root.iter():
            if (name := one.findtext(f"{NAMESPACE}Access")) is not None:
                password, role = (one.findtext(f"{NAMESPACE}{field}") or "" for field in ("Secret", "Role"))
                found[name] = Account(password, role)
        return found

    def make_account(self, name: str, password: str) -> bool:
        """Create it; whether nobody else was faster."""
        fields = f"<Access>{escape(name)}</Access><Secret>{escape(password)}</Secret><Role>{ROLE}</Role>"
        body = f"<Account>{fields}</Account>".encode()
        return self._call("PATCH", "/create-user", {CREATED, CONFLICT}, body) == CREATED

    def change_account(self, name: str, password: str) -> None:
        """Give it this password, and the role that all have."""
        body = f"<MutableProps><Secret>{escape(password)}</Secret><Role>{ROLE}</Role></MutableProps>"
        self._call("PATCH", f"/update-user?access={quote(name, safe='')}", {OK}, body.encode())

    def drop_account(self, name: str) -> None:
        """Remove it; one that is not there is no error."""
        self._call("PATCH", f"/delete-user?access={quote(name, safe='')}", {OK})

    def buckets(self) -> list[str]:
        """The names of all buckets, whoever made them."""
        self._call("GET", "/", {OK})
        root = ET.fromstring(self.answer)  # noqa: S314 - the platform's own server
        return [str(one.text) for one in root.iterfind(f".//{NAMESPACE}Bucket/{NAMESPACE}Name")]

    def policy(self, bucket: str) -> object:
        """What is parsed of the bucket's policy; None where it has none, or is gone."""
        status = self._call("GET", f"/{bucket}?policy", {OK, NOT_FOUND})
        try:
            return json.loads(self.answer) if status == OK else None
        except ValueError:
            return self.answer

    def set_policy(self, bucket: str, policy: Any) -> None:
        """Put it in the place of the bucket's own; None removes that."""
        if policy is None:
            self._call("DELETE", f"/{bucket}?policy", {OK, NO_CONTENT, NOT_FOUND})
        else:
            body = json.dumps(policy, separators=(",", ":")).encode()
            self._call("PUT", f"/{bucket}?policy", {OK, NO_CONTENT}, body)

    def _send(self, method: str, path: str, content: bytes) -> tuple[int, str]:
        """As the store does it, but with a query, whose signature has it as a line of its own."""
        digest = hashlib.sha256(content).hexdigest()
        headers = {
            "host": self._host,
            "x-amz-content-sha256": digest,
            "x-amz-date": datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ"),
        }
        headers["authorization"] = authorization(self._keys, method, path, headers, digest)
        connection = self._connect(self._host, timeout=buckets.REQUEST_SECONDS)
        try:
            connection.request(method, path, content, headers)
            response = connection.getresponse()
            self.answer = response.read()
        except (OSError, http.client.HTTPException) as error:
            return 0, f"no answer: {error}"
        finally:
            connection.close()
        code = buckets.ERROR_CODE.search(self.answer.decode(errors="replace"))
        return response.status, code[1] if code else response.reason


def authorization(
    keys: buckets.Keys, method: str, target: str, headers: Mapping[str, str], payload_hash: str, *, service: str = "s3"
) -> str:
    """The Authorization header (Signature Version 4); the target's query has one parameter at most, with its value.

    That of buckets.py signs no query. It is not changed for this one: it is in the base, and its Job would run anew.
    """
    path, asked, query = target.partition("?")
    query += "=" if asked and "=" not in query else ""
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name].strip()}\n" for name in sorted(headers))
    canonical = f"{method}\n{path}\n{query}\n{lines}\n{names}\n{payload_hash}"
    stamp = headers["x-amz-date"]
    scope = f"{stamp[:8]}/{buckets.REGION}/{service}/aws4_request"
    to_sign = "\n".join((buckets.ALGORITHM, stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    key = f"AWS4{keys.secret}".encode()
    for part in (*scope.split("/"), to_sign):
        key = hmac.digest(key, part.encode(), "sha256")
    return f"{buckets.ALGORITHM} Credential={keys.access}/{scope}, SignedHeaders={names}, Signature={key.hex()}"


def read_access(path: Path, plan: buckets.Plan) -> Access:
    """The second plan and the passwords that it names; Permanent with every problem in them."""
    try:
        found = json.loads(path.read_text())
        variables, policies = dict(found["accounts"]), dict(found["policies"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise buckets.Permanent(f"bad plan {path}: {type(error).__name__}: {error}") from error
    problems = [f"bucket {name!r} is not listed" for name in policies if name not in plan.buckets]
    problems += [
        f"{name}: {variable} is not set" for name, variable in variables.items() if not os.environ.get(variable)
    ]
    if problems:
        raise buckets.Permanent(f"bad plan {path}: " + "; ".join(problems))
    return Access({name: os.environ[variable] for name, variable in variables.items()}, policies)


def grant(server: Server, access: Access) -> None:
    """Take away what is too much, then give what is missing: a policy names accounts that are there."""
    found = server.accounts()
    for name in found.keys() - access.passwords.keys():
        server.drop_account(name)
        buckets.log(f"account {name}: removed")
    for name, password in access.passwords.items():
        wanted = Account(password, ROLE)
        if name not in found and server.make_account(name, password):
            buckets.log(f"account {name}: created")
        elif found.get(name) == wanted:
            buckets.log(f"account {name}: exists")
        else:
            server.change_account(name, password)
            buckets.log(f"account {name}: changed")
    for bucket in server.buckets():
        policy = access.policies.get(bucket)
        changed = server.policy(bucket) != policy
        if changed:
            server.set_policy(bucket, policy)
        buckets.log(f"policy of {bucket}: {'set' if changed and policy else 'removed' if changed else 'exists'}")


def main(arguments: list[str]) -> int:
    """Exit code for the command line without the program's name."""
    try:
        if len(arguments) != 2:
            raise buckets.Permanent("usage: accounts.py PLAN.json ACCOUNTS.json")
        plan = buckets.read_plan(Path(arguments[0]))
        access = read_access(Path(arguments[1]), plan)
        keys, wait = buckets.keys_from_environment(), float(os.environ.get("WAIT_SECONDS", "120"))
        buckets.fill_store(buckets.Store(plan.endpoint, keys, wait), plan)
        grant(Server(plan.endpoint, keys, wait), access)
    except buckets.Permanent as error:
        print(f"object-store-accounts: {error}", file=sys.stderr)
        return buckets.PERMANENT
    except buckets.Transient as error:
        print(f"object-store-accounts: gave up for now: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
