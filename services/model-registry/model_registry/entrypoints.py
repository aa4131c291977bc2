"""The HTTP door, and how the service is put together."""

import re
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Annotated, Any, TypeVar

from anyio import to_thread
from fastapi import APIRouter, FastAPI, Header, Path, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from prometheus_client import Counter

from chatdb_common import database, object_store
from chatdb_common.health import Check
from chatdb_common.idempotency import Reply, once
from chatdb_common.logs import get_logger
from chatdb_common.paging import decode_cursor, encode_cursor
from chatdb_common.problems import ProblemDetails
from chatdb_common.service import Service
from model_registry.adapters import begin
from model_registry.artifacts import Artifacts
from model_registry.domain import Alias, Artifact, Conflict, Damaged, Model, Stale, Stalled, State, Unknown, Version
from model_registry.settings import Settings
from model_registry.sweeper import Begin, Sweeper
from model_registry.views import (
    AliasView,
    ModelView,
    ModelWithAliases,
    NewAlias,
    NewModel,
    NewVersion,
    PageOf,
    VersionView,
    View,
)

MEBIBYTE = 1024 * 1024
ARTIFACT_BYTES = 512 * MEBIBYTE
ARTIFACT_PATH = re.compile("/models/[^/]+/versions/[0-9]+/artifact")
READY = Counter("model_versions_ready_total", "Versions whose artifact came whole")
log = get_logger(__name__)
ModelName = Annotated[str, Path(pattern=r"^[A-Za-z0-9]([A-Za-z0-9._-]{0,126}[A-Za-z0-9])?$")]
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
AliasName = Annotated[str, Path(pattern=r"^[a-z]([a-z0-9_-]{0,62}[a-z0-9])?$")]
IdempotencyKey = Annotated[str | None, Header(min_length=1, max_length=255)]
Revision = Annotated[str | None, Header(pattern=r'^"[1-9][0-9]{0,8}"$', description="The ETag that was read")]
Digest = Annotated[str | None, Header(pattern=r"^[0-9a-f]{64}$")]
_BINARY: dict[str, Any] = {
    "required": True,
    "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
}
Item = TypeVar("Item", ModelView, VersionView)


def _page(items: list[Item], limit: int, place: Callable[[Item], tuple[str, ...]]) -> dict[str, Any]:
    shown = items[:limit]
    more = len(items) > limit
    return {
        "items": [item.model_dump(mode="json") for item in shown],
        "next_cursor": encode_cursor(*place(shown[-1])) if more else None,
    }


def model_routes(begin_work: Begin, artifacts: Artifacts) -> APIRouter:
    """Models."""
    router = APIRouter(tags=["models"])

    @router.post("/models", status_code=201, response_model=ModelView)
    def create(request: NewModel, idempotency_key: IdempotencyKey = None) -> JSONResponse:
        """A new model; 409 where its name is taken."""
        with begin_work() as work:

            def act() -> Reply:
                model = work.add_model(request.name, request.description)
                return Reply(201, _json(ModelView, model), {"Location": f"models/{model.name}"})

            reply = once(
                work.connection, scope="POST /models", key=idempotency_key, request=request.model_dump(), act=act
            )
        return JSONResponse(reply.body, reply.status, headers=reply.headers)

    @router.get("/models")
    def list_models(wanted: Annotated[PageOf, Query()]) -> dict[str, Any]:
        """The newest models first."""
        before = None if wanted.cursor is None else _model_place(wanted.cursor)
        with begin_work() as work:
            views = [ModelView.model_validate(model) for model in work.models(before, wanted.limit + 1)]
        return _page(views, wanted.limit, lambda model: (model.created_at.isoformat(), model.name))

    @router.get("/models/{name}")
    def show(name: ModelName) -> ModelWithAliases:
        """A model, with its aliases."""
        with begin_work() as work:
            model = ModelView.model_validate(work.model(name))
            aliases = [AliasView.model_validate(alias) for alias in work.aliases(name)]
        return ModelWithAliases(**model.model_dump(), aliases=aliases)

    @router.delete("/models/{name}", status_code=204)
    def delete(name: ModelName) -> None:
        """Forget a model, its versions and its aliases."""
        with begin_work() as work:
            keys = work.delete_model(name)
        try:
            for key in keys:
                artifacts.delete(key)
        except (object_store.ClientError, object_store.BotoCoreError) as error:
            log.warning("artifacts are left to the sweeper", model=name, reason=str(error))

    return router


def version_routes(begin_work: Begin) -> APIRouter:
    """Versions."""
    router = APIRouter(tags=["versions"])

    @router.post("/models/{name}/versions", status_code=201, response_model=VersionView)
    def create(name: ModelName, request: NewVersion, idempotency_key: IdempotencyKey = None) -> JSONResponse:
        """The next version; nobody else sees it before its artifact is there."""
        with begin_work() as work:

            def act() -> Reply:
                version = work.add_version(name, **request.model_dump())
                location = {"Location": f"versions/{version.version}"}
                return Reply(201, _json(VersionView, version), location)

            reply = once(
                work.connection,
                scope=f"POST /models/{name}/versions",
                key=idempotency_key,
                request=request.model_dump(mode="json"),
                act=act,
            )
        return JSONResponse(reply.body, reply.status, headers=reply.headers)

    @router.get("/models/{name}/versions")
    def list_versions(name: ModelName, wanted: Annotated[PageOf, Query()]) -> dict[str, Any]:
        """The newest READY versions first."""
        before = None if wanted.cursor is None else _number(decode_cursor(wanted.cursor)[0])
        with begin_work() as work:
            views = [VersionView.model_validate(v) for v in work.versions(name, before, wanted.limit + 1)]
        return _page(views, wanted.limit, lambda version: (str(version.version),))

    @router.get("/models/{name}/versions/{version}")
    def show(name: ModelName, version: Number) -> VersionView:
        """One READY version."""
        return _shown(begin_work, name, version)

    return router


def artifact_routes(begin_work: Begin, artifacts: Artifacts) -> APIRouter:
    """Artifacts of versions."""
    router = APIRouter(tags=["versions"])

    @router.put("/models/{name}/versions/{version}/artifact", openapi_extra={"requestBody": _BINARY})
    async def upload(
        name: ModelName, version: Number, request: Request, x_content_sha256: Digest = None
    ) -> VersionView:
        """Stream the artifact; with its whole the version is READY. The same bytes again are no error."""
        pending = await to_thread.run_sync(partial(_to_fill, begin_work, name, version, x_content_sha256))
        if pending.state == State.PENDING:
            artifact = await artifacts.store(f"{name}/{version}", request.stream(), x_content_sha256)
            ready = await to_thread.run_sync(partial(_finish, begin_work, name, version, artifact))
            if ready is not None:
                return ready
            # Somebody else was quicker, or the version is gone.
            await to_thread.run_sync(artifacts.delete, artifact.object_key)
            await to_thread.run_sync(partial(_to_fill, begin_work, name, version, artifact.sha256))
        return await to_thread.run_sync(_shown, begin_work, name, version)

    @router.get(
        "/models/{name}/versions/{version}/artifact",
        response_class=StreamingResponse,
        responses={200: {"description": "The artifact", "content": _BINARY["content"]}},
    )
    def download(name: ModelName, version: Number) -> StreamingResponse:
        """The bytes, whose sha256 is the ETag."""
        with begin_work() as work:
            stored = work.version(name, version)
        headers = {"ETag": f'"{stored.sha256}"', "Content-Length": str(stored.size_bytes)}
        body = artifacts.read(stored.object_key or "")
        return StreamingResponse(body, media_type="application/octet-stream", headers=headers)

    return router


def _shown(begin_work: Begin, name: str, number: int) -> VersionView:
    """One READY version."""
    with begin_work() as work:
        return VersionView.model_validate(work.version(name, number))


def _to_fill(begin_work: Begin, name: str, number: int, sha256: str | None) -> Version:
    """The version that an artifact is for; Conflict where it has another one."""
    with begin_work() as work:
        version = work.version(name, number, ready=False)
    if version.state == State.READY and version.sha256 != sha256:
        raise Conflict(f"version {number} of {name} is READY and stays as it is")
    return version


def _finish(begin_work: Begin, name: str, number: int, artifact: Artifact) -> VersionView | None:
    """The READY version; None where it was PENDING no more."""
    with begin_work() as work:
        if not work.finish(name, number, artifact):
            return None
        ready = VersionView.model_validate(work.version(name, number))
    READY.inc()
    return ready


def alias_routes(begin_work: Begin) -> APIRouter:
    """Aliases."""
    router = APIRouter(tags=["aliases"])

    @router.get("/models/{name}/aliases/{alias}")
    def show(name: ModelName, alias: AliasName, response: Response) -> AliasView:
        """An alias; its revision is the ETag."""
        with begin_work() as work:
            return _tagged(work.alias(name, alias), response)

    @router.get("/models/{name}/aliases/{alias}/version")
    def version(name: ModelName, alias: AliasName) -> VersionView:
        """The version that it names."""
        with begin_work() as work:
            return VersionView.model_validate(work.aliased(name, alias))

    @router.put("/models/{name}/aliases/{alias}")
    def put(
        name: ModelName, alias: AliasName, request: NewAlias, response: Response, if_match: Revision = None
    ) -> AliasView:
        """Let it name a version: without If-Match only a new one; 412 where somebody else changed it meanwhile."""
        revision = None if if_match is None else int(if_match.strip('"'))
        with begin_work() as work:
            return _tagged(work.set_alias(name, alias, request.version, revision), response)

    @router.delete("/models/{name}/aliases/{alias}", status_code=204)
    def delete(name: ModelName, alias: AliasName, if_match: Revision = None) -> None:
        """Forget it."""
        if if_match is None:
            raise ProblemDetails(428, "say with If-Match which revision is meant")
        with begin_work() as work:
            work.delete_alias(name, alias, int(if_match.strip('"')))

    return router


def _tagged(alias: Alias, response: Response) -> AliasView:
    response.headers["ETag"] = f'"{alias.revision}"'
    return AliasView.model_validate(alias)


def _json(view: type[View], item: Model | Version) -> dict[str, Any]:
    return view.model_validate(item).model_dump(mode="json")


def _model_place(cursor: str) -> tuple[datetime, str]:
    created, name = decode_cursor(cursor, parts=2)
    try:
        return datetime.fromisoformat(created), name
    except ValueError:
        raise ProblemDetails(422, "cursor: take it from the page before") from None


def _number(text: str) -> int:
    if not text.isdecimal():
        raise ProblemDetails(422, "cursor: take it from the page before")
    return int(text)


def build(settings: Settings) -> FastAPI:
    """The whole service."""
    pool = database.open_pool(settings)
    client, transfers = object_store.connect_for_requests(settings), object_store.connect(settings)
    artifacts = Artifacts(client, transfers, settings.s3_bucket)
    begin_work = partial(begin, pool)
    service = Service(
        settings=settings,
        checks=(
            Check("postgres", lambda: database.check(pool, "models", "versions", "aliases", "idempotency_keys")),
            # All but artifacts is in the database.
            Check("object store", artifacts.check, hard=False),
        ),
        workers=(Sweeper(begin_work, artifacts),),
        closers=(pool.close,),
        unavailable=(*database.TRANSIENT, *object_store.TRANSIENT),
        body_limit=256 * 1024,
        uploads={ARTIFACT_PATH: ARTIFACT_BYTES},
    )
    app = service.app()
    add_routes(app, begin_work, artifacts)
    return app


def add_routes(app: FastAPI, begin_work: Begin, artifacts: Artifacts) -> None:
    """All routes, and what the domain refuses in HTTP's words."""
    app.include_router(model_routes(begin_work, artifacts))
    app.include_router(version_routes(begin_work))
    app.include_router(artifact_routes(begin_work, artifacts))
    app.include_router(alias_routes(begin_work))
    for kind, status in ((Unknown, 404), (Conflict, 409), (Stale, 412), (Damaged, 422), (Stalled, 408)):
        app.add_exception_handler(kind, partial(_refusal, status))


def _refusal(status: int, _request: Request, error: Exception) -> JSONResponse:
    return ProblemDetails(status, str(error)).response()
