"""What HTTP takes and shows."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from chatdb_common.messages import Task
from chatdb_common.paging import LIMIT, MOST
from chatdb_common.problems import Body
from training_orchestrator.domain import Status


class JobRequest(Body):
    """What POST /jobs takes."""

    model_name: str = Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9._-]{0,126}[A-Za-z0-9])?$", examples=["churn"])
    dataset_location: str = Field(
        pattern=r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/[^\r\n]+$", max_length=2048, examples=["s3://test/data.csv"]
    )
    target_column: str | None = Field(default=None, min_length=1, max_length=256)
    task: Task | None = None
    cpu_request: float | None = Field(default=None, ge=0.001, le=64)
    hyperparameters: dict[str, Any] = Field(default_factory=dict)


class JobFilter(Body):
    """What GET /jobs can be asked for."""

    status: Status | None = None
    model_name: str | None = Field(default=None, max_length=128)
    cursor: str | None = Field(default=None, max_length=200)
    limit: int = Field(default=LIMIT, ge=1, le=MOST)


class JobView(BaseModel):
    """A job as HTTP shows it."""

    model_config = ConfigDict(from_attributes=True, protected_namespaces=())

    id: UUID
    model_name: str
    dataset_location: str
    target_column: str | None
    task: Task | None
    cpu_request: float | None
    hyperparameters: dict[str, Any]
    status: Status
    attempts: int
    result: dict[str, Any] | None = Field(
        description="The version that was made, metrics beside those of a baseline, warnings, whether the version is"
        " champion, and, of a single job, what was done with each column of the data set"
    )
    error: str | None
    created_at: datetime
    updated_at: datetime
    finished_at: datetime | None


class TransitionView(BaseModel):
    """One change of status."""

    model_config = ConfigDict(from_attributes=True)

    from_status: Status | None
    to_status: Status
    reason: str | None
    at: datetime


class JobHistory(JobView):
    """A job with its timed transitions, oldest first."""

    transitions: list[TransitionView] = Field(default_factory=list)


class JobPage(BaseModel):
    """Jobs, newest first; `next_cursor` is null on the last page."""

    items: list[JobView]
    next_cursor: str | None
