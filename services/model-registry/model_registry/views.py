"""What HTTP takes and shows."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from chatdb_common.messages import Task
from chatdb_common.paging import LIMIT, MOST
from chatdb_common.problems import Body
from model_registry.domain import State


class NewModel(Body):
    """What POST /models takes."""

    name: str = Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9._-]{0,126}[A-Za-z0-9])?$", examples=["churn"])
    description: str = Field(default="", max_length=4096)


class NewVersion(Body):
    """What POST /models/{name}/versions takes; a job that has a version gets that again."""

    job_id: UUID | None = None
    task: Task | None = None
    format: Literal["onnx", "skops"]
    metrics: dict[Annotated[str, Field(max_length=64)], float] = Field(default_factory=dict, max_length=100)
    signature: dict[str, Any] = Field(default_factory=dict)


class NewAlias(Body):
    """What PUT .../aliases/{alias} takes."""

    version: int = Field(ge=1, le=2**31 - 1)


class PageOf(Body):
    """Which part of a list."""

    cursor: str | None = Field(default=None, max_length=400)
    limit: int = Field(default=LIMIT, ge=1, le=MOST)


class View(BaseModel):
    """Something as HTTP shows it."""

    model_config = ConfigDict(from_attributes=True, protected_namespaces=())


class ModelView(View):
    """A model."""

    name: str
    description: str
    last_version: int
    created_at: datetime
    updated_at: datetime


class AliasView(View):
    """An alias; `previous` is what it named before."""

    alias: str
    version: int
    previous: int | None
    revision: int
    updated_at: datetime


class ModelWithAliases(ModelView):
    """A model and its aliases."""

    aliases: list[AliasView]


class VersionView(View):
    """A version; where its artifact lies is nobody else's business."""

    model_name: str
    version: int
    state: State
    job_id: UUID | None
    task: Task | None
    format: str
    metrics: dict[str, float]
    signature: dict[str, Any]
    sha256: str | None
    size_bytes: int | None
    created_at: datetime
    ready_at: datetime | None
