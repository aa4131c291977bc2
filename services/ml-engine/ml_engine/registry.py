"""The model registry over HTTP: what is registered is registered once, however often a job is done."""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar
from uuid import UUID

import httpx
import stamina
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from stamina.instrumentation import StructlogOnRetryHook, set_on_retry_hooks

from chatdb_common.messages import Promotion
from chatdb_common.timeouts import CONNECT_SECONDS, WAIT_SECONDS
from ml_engine.champions import judge
from ml_engine.domain import Registered, Trained

CHAMPION = "champion"
PATIENCE_SECONDS = 60.0
SECONDS = httpx.Timeout(WAIT_SECONDS, connect=CONNECT_SECONDS)
UPLOAD_SECONDS = 20.0
"""For the answer to an artifact, which the object store has to put together."""
CREATED, CONFLICT, STALE = 201, 409, 412
Result = TypeVar("Result")

# Log retries only. By default stamina also exports stamina_retries_total, from the first retry on.
set_on_retry_hooks([StructlogOnRetryHook])


class Down(Exception):
    """The registry does not answer, or not well: it may later."""


class Missing(LookupError):
    """There is no such model, alias or version."""


class Refused(Exception):
    """The registry does not want what it was sent."""


class Registry:
    """One client, to be shared by threads."""

    def __init__(self, url: str, *, patience: float = PATIENCE_SECONDS, timeout: httpx.Timeout = SECONDS) -> None:
        """`patience`: for how many seconds a registry that is down is asked again while a model is registered.

        `timeout`: for one answer, uploads apart.
        """
        self._client = httpx.Client(base_url=url, timeout=timeout)
        HTTPXClientInstrumentor.instrument_client(self._client)
        self._patience = patience

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()

    def check(self) -> None:
        """Raise where it does not answer."""
        self._client.get("/health", timeout=1.5).raise_for_status()

    def register(self, model_name: str, job_id: UUID, trained: Trained) -> tuple[Registered, Promotion]:
        """The version of the job, READY; and champion, if it is the better one, with the reason."""
        return self._patiently(lambda: self._register(model_name, job_id, trained))

    def resolve(self, model_name: str, alias: str | None, version: int | None) -> Registered:
        """The version of that number, or the one that the alias names."""
        place = f"aliases/{alias or CHAMPION}/version" if version is None else f"versions/{version}"
        return Registered.of(self._ask("GET", f"/models/{model_name}/{place}").json())

    def artifact(self, version: Registered) -> bytes:
        """The bytes, which have the digest that was registered."""
        body = self._ask("GET", f"/models/{version.model_name}/versions/{version.version}/artifact").content
        if hashlib.sha256(body).hexdigest() != version.sha256:
            raise Down(f"the artifact of {version.model_name} {version.version} came damaged")
        return body

    def _register(self, model_name: str, job_id: UUID, trained: Trained) -> tuple[Registered, Promotion]:
        self._ask("POST", "/models", json={"name": model_name}, accept=(CONFLICT,))
        new = {
            "job_id": str(job_id),
            "task": trained.signature.task,
            "format": "onnx",
            "metrics": dict(trained.metrics),
            "signature": trained.signature.as_json(),
        }
        made = self._ask("POST", f"/models/{model_name}/versions", json=new).json()
        number = made["version"]
        if made["state"] != "READY":
            digest = {"X-Content-Sha256": hashlib.sha256(trained.onnx).hexdigest()}
            path = f"/models/{model_name}/versions/{number}/artifact"
            # Conflict: another worker has filled it for the same job.
            self._ask("PUT", path, content=trained.onnx, headers=digest, accept=(CONFLICT,), timeout=UPLOAD_SECONDS)
        ready = Registered.of(self._ask("GET", f"/models/{model_name}/versions/{number}").json())
        return ready, self._promote(ready)

    def _promote(self, challenger: Registered) -> Promotion:
        """Make it champion where it is to be, and say why, or why not."""
        path = f"/models/{challenger.model_name}/aliases/{CHAMPION}"
        champion: Registered | None = None
        headers = {}
        with suppress(Missing):
            alias = self._alias(challenger.model_name, CHAMPION)
            headers = {"If-Match": f'"{alias["revision"]}"'}
            place = f"/models/{challenger.model_name}/versions/{alias['version']}"
            champion = Registered.of(self._ask("GET", place).json())
        promotion = judge(challenger, champion)
        if not promotion.champion or (champion and champion.version == challenger.version):
            return promotion
        answer = self._ask("PUT", path, json={"version": challenger.version}, headers=headers, accept=(STALE,))
        # Where somebody else has promoted a version meanwhile, this one is compared with that.
        return self._promote(challenger) if answer.status_code == STALE else promotion

    def _alias(self, model_name: str, alias: str) -> dict[str, Any]:
        body: dict[str, Any] = self._ask("GET", f"/models/{model_name}/aliases/{alias}").json()
        return body

    def _ask(self, method: str, path: str, *, accept: tuple[int, ...] = (), **more: Any) -> httpx.Response:
        try:
            answer = self._client.request(method, path, **more)
        except httpx.HTTPError as error:
            raise Down(f"the model registry does not answer: {type(error).__name__}") from error
        if answer.is_success or answer.status_code in accept:
            return answer
        detail = _detail(answer)
        if answer.is_server_error:
            raise Down(f"the model registry fails: {detail}")
        raise (Missing if answer.status_code == httpx.codes.NOT_FOUND else Refused)(detail)

    def _patiently(self, act: Callable[[], Result]) -> Result:
        for attempt in stamina.retry_context(on=Down, attempts=None, timeout=self._patience, wait_max=5.0):
            with attempt:
                return act()
        raise AssertionError


def _detail(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"status {answer.status_code}"
