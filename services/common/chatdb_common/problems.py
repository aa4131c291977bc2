"""Errors over HTTP are `application/problem+json`, with the field where there is one."""

import math
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from itertools import chain
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, field_validator
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from chatdb_common.logs import get_logger

MEDIA_TYPE = "application/problem+json"
# What nobody needs, and what would exhaust the stack of whoever reads it.
DEEPEST = 32
PLAIN = {str, int, float, bool, type(None), dict, list, tuple}
_TEXT = {"type": "string"}
_PROBLEM = {
    "title": "Problem",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "additionalProperties": False,
    "properties": {
        "type": _TEXT,
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": _TEXT,
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "additionalProperties": False,
                "properties": {"field": _TEXT, "message": _TEXT},
            },
        },
    },
}
RESPONSES: dict[int | str, dict[str, Any]] = {
    "4XX": {"description": "The request is refused", "content": {MEDIA_TYPE: {"schema": _PROBLEM}}},
    "5XX": {"description": "It failed here", "content": {MEDIA_TYPE: {"schema": _PROBLEM}}},
}
"""What the document of a service says of its errors."""
log = get_logger(__name__)


class Body(BaseModel):
    """A request's body or query: a field that is not known is refused, and so is what no database can hold."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())

    @field_validator("*", mode="after")
    @classmethod
    def _can_be_stored(cls, value: Any) -> Any:
        complaint = unstorable(value)
        if complaint:
            raise ValueError(complaint)
        return value


def unstorable(value: Any) -> str | None:
    """Why PostgreSQL and JSON cannot hold the value, or a value within it; None where they can."""
    # A request may hold thousands of values, and nearly all are well: those are looked at many at a time.
    return None if _is_plain(value) else _complaint(value, 0)


def _is_plain(value: Any) -> bool:
    """Whether nothing is wrong for sure; it goes down one level at a time, with all values of a type at once."""
    level = [value]
    for _ in range(DEEPEST + 1):
        by_type: dict[type, list[Any]] = {
            kind: [one for one in level if type(one) is kind] for kind in set(map(type, level))
        }
        text = "".join(by_type.get(str, ()))
        if not (by_type.keys() <= PLAIN and "\0" not in text and _is_unicode(text)):
            return False
        if not all(map(math.isfinite, by_type.get(float, ()))):
            return False
        mappings, lists = by_type.get(dict, ()), (*by_type.get(list, ()), *by_type.get(tuple, ()))
        level = [*set().union(*mappings), *chain(*map(dict.values, mappings), *lists)]
        if not level:
            return True
    return False


def _complaint(value: Any, depth: int) -> str | None:
    """The first one; each value is looked at by itself."""
    if depth > DEEPEST:
        return f"is nested more than {DEEPEST} deep"
    if isinstance(value, str):
        return "holds a NUL character" if "\0" in value else None if _is_unicode(value) else "is no Unicode text"
    if isinstance(value, float):
        return None if math.isfinite(value) else "is no finite number"
    if isinstance(value, Mapping):
        return _complaint([*value.keys(), *value.values()], depth)
    if isinstance(value, list | tuple):
        return next((complaint for part in value if (complaint := _complaint(part, depth + 1))), None)
    return None


def _is_unicode(text: str) -> bool:
    """Half of a surrogate pair is none, though JSON can spell it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class ProblemDetails(Exception):
    """An answer that is an error, for the client to act on: problem details of RFC 9457."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        errors: Sequence[Mapping[str, str]] = (),
    ) -> None:
        """`errors` are field-level: `field` and `message` each."""
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})
        self.errors = list(errors)

    def response(self) -> JSONResponse:
        """As it goes over the wire."""
        content: dict[str, Any] = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
        }
        if self.errors:
            content["errors"] = self.errors
        return JSONResponse(content, self.status, headers=self.headers, media_type=MEDIA_TYPE)


def install(app: FastAPI, unavailable: Sequence[type[Exception]] = ()) -> None:
    """Answer every error of this application as a problem; `unavailable` are those of a dependency that is down."""

    def down(_request: Request, error: Exception) -> JSONResponse:
        log.warning("a dependency is down", reason=str(error), kind=type(error).__name__)
        return ProblemDetails(503, "a dependency is down: see /ready", headers={"Retry-After": "5"}).response()

    for kind in unavailable:
        app.add_exception_handler(kind, down)

    @app.exception_handler(ProblemDetails)
    def problem(_request: Request, error: ProblemDetails) -> JSONResponse:
        return error.response()

    @app.exception_handler(RequestValidationError)
    def invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        errors = [{"field": _field(detail["loc"]), "message": detail["msg"]} for detail in error.errors()]
        return ProblemDetails(422, "; ".join(f"{e['field']}: {e['message']}" for e in errors), errors=errors).response()

    @app.exception_handler(HTTPException)
    def http(_request: Request, error: HTTPException) -> JSONResponse:
        return ProblemDetails(error.status_code, str(error.detail), headers=error.headers).response()

    @app.exception_handler(ClientDisconnect)
    def gone(_request: Request, _error: ClientDisconnect) -> JSONResponse:
        """Nobody hears it, but it counts as the client's doing."""
        return ProblemDetails(400, "the body ended before its time").response()

    @app.exception_handler(Exception)
    def unexpected(request: Request, error: Exception) -> JSONResponse:
        log.error("request failed", method=request.method, path=request.url.path, exc_info=error)
        return ProblemDetails(500, "something went wrong here; the log has the reason").response()


def _field(location: Sequence[str | int]) -> str:
    """Where, without the part of the request: `hyperparameters.alpha`, or `body` for the whole of it."""
    return ".".join(map(str, location[1:])) or str(location[0])
