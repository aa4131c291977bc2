"""Idempotency-Key: a write that is sent again gets the first answer, and has no second effect."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from psycopg.types.json import Jsonb

from chatdb_common.database import Connection
from chatdb_common.problems import ProblemDetails, unstorable


@dataclass(frozen=True)
class Reply:
    """An answer that can be given a second time."""

    status: int
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)


def once(
    connection: Connection, *, scope: str, key: str | None, request: Mapping[str, Any], act: Callable[[], Reply]
) -> Reply:
    """What `act` answers, or answered when the key was first used in this scope (method and path).

    `act` works in the same transaction, so that its effect and the remembered answer are one. ProblemDetails 422 where
    the key came with another request, 409 while the first one is under way; a ProblemDetails that `act` raises is not
    remembered.
    """
    if key is None:
        return act()
    if not 1 <= len(key) <= 255:  # noqa: PLR2004 - as the table has it
        raise ProblemDetails(422, "Idempotency-Key has to have 1 to 255 characters")
    if complaint := unstorable(key):
        raise ProblemDetails(422, f"Idempotency-Key {complaint}")
    lock = connection.execute(
        "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0)) AS mine", (f"{scope} {key}",)
    ).fetchone()
    if lock is None or not lock["mine"]:
        raise ProblemDetails(409, "a request with this Idempotency-Key is under way", headers={"Retry-After": "1"})
    digest = hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()
    reply = _remembered(connection, scope, key, digest)
    if reply is None:
        reply = act()
        _remember(connection, scope, key, digest, reply)
    return reply


def _remembered(connection: Connection, scope: str, key: str, digest: str) -> Reply | None:
    row = connection.execute(
        "SELECT request_sha256, response_status, response_headers, response_body FROM idempotency_keys"
        " WHERE scope = %s AND key = %s",
        (scope, key),
    ).fetchone()
    if row is None:
        return None
    if row["request_sha256"] != digest:
        raise ProblemDetails(422, "this Idempotency-Key was used with another request: take a new one")
    return Reply(row["response_status"], row["response_body"], row["response_headers"])


def _remember(connection: Connection, scope: str, key: str, digest: str, reply: Reply) -> None:
    connection.execute(
        "INSERT INTO idempotency_keys"
        " (scope, key, request_sha256, response_status, response_headers, response_body)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        (scope, key, digest, reply.status, Jsonb(dict(reply.headers)), Jsonb(dict(reply.body))),
    )
