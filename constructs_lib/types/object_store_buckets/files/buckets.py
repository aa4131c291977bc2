"""Makes the buckets of the object store, and puts the sample data sets into them.

Usage: buckets.py PLAN.json, with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment

The plan holds `endpoint` (a URL), `buckets` (names) and `objects` (bucket, key, and a file beside the plan). What
exists is left as it is, so the Job may run again, be killed at any point, or run twice at once. It speaks S3 with
path-style addresses and Signature Version 4. WAIT_SECONDS (default 120) bounds how long it waits for the store.

Exit codes: 0 done, 1 try again, 78 (EX_CONFIG) somebody has to act: the last line on stderr says how.
"""

import hashlib
import hmac
import http.client
import json
import os
import re
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, urlsplit

PERMANENT = 78
REGION = "us-east-1"
ALGORITHM = "AWS4-HMAC-SHA256"
# 0 is "no connection".
TRANSIENT = {0, 408, 429}
REQUEST_SECONDS = 10.0
BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
ERROR_CODE = re.compile(r"<Code>(\w+)</Code>")


class Permanent(Exception):
    """Trying again cannot help; the message is advice for whoever reads the log."""


class Transient(Exception):
    """It may work the next time."""


@dataclass(frozen=True)
class Sample:
    """One object: where it goes, and the file that it is made from (a name relative to the plan)."""

    bucket: str
    key: str
    file: str


@dataclass(frozen=True)
class Plan:
    """What the store has to hold."""

    endpoint: str
    buckets: tuple[str, ...]
    samples: Mapping[Sample, bytes]


@dataclass(frozen=True)
class Keys:
    """An access key pair; its secret half is not printable by accident."""

    access: str
    secret: str = field(repr=False)


def authorization(
    keys: Keys, method: str, path: str, headers: Mapping[str, str], payload_hash: str, *, service: str = "s3"
) -> str:
    """The Authorization header (Signature Version 4) for a request without a query.

    `path` is percent-encoded already; `headers` have lower-case names, are all signed, and include x-amz-date.
    """
    stamp = headers["x-amz-date"]
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name].strip()}\n" for name in sorted(headers))
    canonical = f"{method}\n{path}\n\n{lines}\n{names}\n{payload_hash}"
    scope = f"{stamp[:8]}/{REGION}/{service}/aws4_request"
    to_sign = "\n".join((ALGORITHM, stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    key = f"AWS4{keys.secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    return f"{ALGORITHM} Credential={keys.access}/{scope}, SignedHeaders={names}, Signature={signature}"


class Store:
    """The calls that the Job makes of the object store; each one is answered, or ends in an exception."""

    def __init__(self, endpoint: str, keys: Keys, wait: float) -> None:
        """Nothing is asked yet; `wait` seconds from now the patience with the store ends."""
        url = urlsplit(endpoint)
        secure = url.scheme == "https"
        self._connect = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        self._host = url.netloc
        self._keys = keys
        self._deadline = time.monotonic() + wait

    def make_bucket(self, bucket: str) -> bool:
        """Create the bucket where it is missing; whether it was."""
        path = f"/{bucket}"
        if self._call("HEAD", path, {200, 404}) == 200:
            return False
        # 409: another Job was faster; a bucket of somebody else shows in the next HEAD, as 403.
        if self._call("PUT", path, {200, 409}) == 409:
            self._call("HEAD", path, {200})
            return False
        return True

    def put_object(self, sample: Sample, content: bytes) -> bool:
        """Put the object where it is missing; whether it was."""
        path = f"/{sample.bucket}/{quote(sample.key)}"
        if self._call("HEAD", path, {200, 404}) == 200:
            return False
        # 412: somebody put it since the HEAD, and it is theirs.
        return self._call("PUT", path, {200, 412}, content) == 200

    def _call(self, method: str, path: str, answers: set[int], content: bytes = b"") -> int:
        """The first status that is an answer; waits out what may pass."""
        delay = 0.2
        while True:
            status, reason = self._send(method, path, content)
            if status in answers:
                return status
            why = f"{method} {path}: {status} {reason}".rstrip()
            if status in (401, 403):
                raise Permanent(f"the store refuses the key pair of the Job's Secret, or its clock is wrong ({why})")
            if status not in TRANSIENT and status < 500:
                raise Permanent(f"the store cannot do that ({why}): correct the plan, the key pair or the store")
            if time.monotonic() + delay > self._deadline:
                raise Transient(why)
            time.sleep(delay)
            delay = min(delay * 2, 5.0)

    def _send(self, method: str, path: str, content: bytes) -> tuple[int, str]:
        """Status and S3 error code of one request; status 0 and the reason where no answer came."""
        digest = hashlib.sha256(content).hexdigest()
        headers = {
            "host": self._host,
            "x-amz-content-sha256": digest,
            "x-amz-date": datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ"),
        }
        if content:
            headers["if-none-match"] = "*"
        headers["authorization"] = authorization(self._keys, method, path, headers, digest)
        connection = self._connect(self._host, timeout=REQUEST_SECONDS)
        try:
            connection.request(method, path, content, headers)
            response = connection.getresponse()
            code = ERROR_CODE.search(response.read().decode(errors="replace"))
        except (OSError, http.client.HTTPException) as error:
            return 0, f"no answer: {error}"
        finally:
            connection.close()
        return response.status, code[1] if code else response.reason


def read_plan(path: Path) -> Plan:
    """The plan file and the files it names, checked; Permanent with every problem in them."""
    try:
        found = json.loads(path.read_text())
        samples = {Sample(**entry): (path.parent / entry["file"]).read_bytes() for entry in found["objects"]}
        plan = Plan(found["endpoint"], tuple(found["buckets"]), samples)
        problems = plan_problems(plan)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Permanent(f"bad plan {path}: {type(error).__name__}: {error}") from error
    if problems:
        raise Permanent(f"bad plan {path}: " + "; ".join(problems))
    return plan


def plan_problems(plan: Plan) -> list[str]:
    """What is wrong with the plan; it comes from the catalogue, so the mend is there."""
    url = urlsplit(plan.endpoint)
    found = []
    if url.scheme not in ("http", "https") or not url.netloc or url.path.strip("/"):
        found.append(f"endpoint {plan.endpoint!r} is not http(s)://host:port")
    found += [f"bad bucket name {name!r}" for name in plan.buckets if not BUCKET_NAME.fullmatch(name)]
    found += [f"{s.key}: bucket {s.bucket!r} is not listed" for s in plan.samples if s.bucket not in plan.buckets]
    found += [f"{sample.bucket}/{sample.key} is empty" for sample, content in plan.samples.items() if not content]
    return found


def keys_from_environment() -> Keys:
    """The Job's key pair; Permanent where its Secret is not wired in."""
    try:
        return Keys(os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"])
    except KeyError as error:
        raise Permanent(f"{error.args[0]} is not set: the Job needs its Secret in the environment") from error


def fill_store(store: Store, plan: Plan) -> None:
    """Make what is missing, buckets first."""
    for bucket in plan.buckets:
        log(f"bucket {bucket}: {'created' if store.make_bucket(bucket) else 'exists'}")
    for sample, content in plan.samples.items():
        log(f"object {sample.bucket}/{sample.key}: {'put' if store.put_object(sample, content) else 'exists'}")


def log(line: str) -> None:
    """One plain line, at once: a killed Job leaves what it did in its log."""
    print(line, flush=True)


def main(arguments: list[str]) -> int:
    """Exit code for the command line without the program's name."""
    try:
        if len(arguments) != 1:
            raise Permanent("usage: buckets.py PLAN.json")
        plan = read_plan(Path(arguments[0]))
        wait = float(os.environ.get("WAIT_SECONDS", "120"))
        fill_store(Store(plan.endpoint, keys_from_environment(), wait), plan)
    except Permanent as error:
        print(f"object-store-buckets: {error}", file=sys.stderr)
        return PERMANENT
    except Transient as error:
        print(f"object-store-buckets: gave up for now: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
