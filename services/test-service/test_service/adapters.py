"""The services over HTTP, and the runs in memory: there is one replica, and a run that is lost is run again."""

import json
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor

from test_service.domain import Dependency, Run, ServiceState
from test_service.service_layer import Answer, StepFailed

CALL_SECONDS = 30.0
LOOK_SECONDS = 2.5
MOST_RUNS = 50
SECONDS = re.compile(r"[0-9]{1,9}")
MOST_BYTES = 1024 * 1024
"""Of an answer; none of a service that is well has as many."""


class HttpServices:
    """The way to the services, by their names."""

    def __init__(
        self, addresses: Mapping[str, str], *, seconds: float = CALL_SECONDS, connect: float = CALL_SECONDS
    ) -> None:
        """Nothing is asked yet; a connection is waited for `connect`, and its answer `seconds`."""
        self._addresses = addresses
        self._seconds = seconds
        self._client = httpx.Client(timeout=httpx.Timeout(seconds, connect=connect))
        HTTPXClientInstrumentor.instrument_client(self._client)

    def call(
        self, service: str, method: str, path: str, body: Mapping[str, Any] | None = None, *, key: str | None = None
    ) -> Answer:
        """One request; StepFailed where no answer comes, or none that is a JSON object."""
        headers = {} if key is None else {"Idempotency-Key": key}
        try:
            with self._client.stream(method, self._addresses[service] + path, json=body, headers=headers) as response:
                content = self._content(response)
        except httpx.HTTPError as error:
            raise StepFailed(f"{service} does not answer {method} {path}: {_reason(error)}") from None
        return Answer(response.status_code, _object(content), _seconds(response.headers.get("Retry-After", "")))

    def _content(self, response: httpx.Response) -> bytes:
        """The body; httpx.HTTPError where it is too long, or comes too slowly."""
        end = time.monotonic() + self._seconds
        content = bytearray()
        for part in response.iter_bytes():
            content += part
            if len(content) > MOST_BYTES:
                raise httpx.ReadError(f"the answer has more than {MOST_BYTES} bytes")
            if time.monotonic() > end:
                raise httpx.ReadTimeout("the answer does not end")
        return bytes(content)

    def look(self, service: str) -> ServiceState:
        """What the service says of itself and of what it needs."""
        now = datetime.now(UTC)
        try:
            response = self._client.get(f"{self._addresses[service]}/ready", timeout=LOOK_SECONDS)
        except httpx.HTTPError as error:
            return ServiceState(
                name=service, ok=False, detail=f"no answer: {_reason(error)}", dependencies={}, seen_at=now
            )
        body = _object(response.content)
        checks = body.get("checks")
        dependencies = {
            str(name): Dependency(ok=check.get("ok") is True, detail=str(check.get("detail", "")))
            for name, check in (checks.items() if isinstance(checks, dict) else ())
            if isinstance(check, dict)
        }
        return ServiceState(
            name=service,
            ok=response.is_success,
            detail=str(body.get("status", f"answers with {response.status_code}")),
            dependencies=dependencies,
            seen_at=now,
        )

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()


def _object(content: bytes) -> Mapping[str, Any]:
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _seconds(text: str) -> int | None:
    """A number of seconds, unless it is far more than anybody waits, or a date."""
    return int(text) if SECONDS.fullmatch(text) else None


def _reason(error: httpx.HTTPError) -> str:
    return str(error) or type(error).__name__


class Runs:
    """The last runs; to be shared by threads."""

    def __init__(self) -> None:
        """None yet."""
        self._lock = threading.Lock()
        self._runs: OrderedDict[UUID, Run] = OrderedDict()
        self._keys: dict[str, UUID] = {}

    def add(self, run: Run, key: str | None) -> Run:
        """Keep the run, or give the one that was made with the same key."""
        with self._lock:
            if key is not None and self._keys.get(key) in self._runs:
                return self._runs[self._keys[key]]
            if key is not None:
                self._keys[key] = run.id
            self._runs[run.id] = run
            while len(self._runs) > MOST_RUNS:
                gone, _ = self._runs.popitem(last=False)
                self._keys = {k: run_id for k, run_id in self._keys.items() if run_id != gone}
            return run

    def put(self, run: Run) -> None:
        """What has become of a run."""
        with self._lock:
            if run.id in self._runs:
                self._runs[run.id] = run

    def get(self, run_id: UUID) -> Run | None:
        """One of the last runs."""
        with self._lock:
            return self._runs.get(run_id)

    def last(self) -> Run | None:
        """The youngest one."""
        with self._lock:
            return next(reversed(self._runs.values()), None)
