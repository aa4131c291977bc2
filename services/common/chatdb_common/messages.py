"""The messages on Kafka, JSON each; a change must stay readable for the services of the release before."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator, model_validator

from chatdb_common.columns import Column, DataSet
from chatdb_common.ids import new_id

MOST_ERROR = 4000
Task = Literal["classification", "regression"]


class Message(BaseModel):
    """One message; `message_id` is what makes a second delivery count once.

    Fields that this release does not know are ignored: the sender may be newer.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())

    message_id: UUID = Field(default_factory=new_id)

    def key(self) -> str:
        """Kafka's key: messages with the same one keep their order."""
        raise NotImplementedError


class JobMessageType(StrEnum):
    """What `training_jobs` says of a job."""

    REQUESTED = "job_requested"
    CANCELLED = "job_cancelled"


class JobMessage(Message):
    """On `training_jobs`, from training-orchestrator to ml-engine."""

    type: JobMessageType
    job_id: UUID
    attempt: int = Field(ge=1)
    model_name: str
    dataset_location: str
    target_column: str | None = None
    task: Task | None = None
    cpu_request: float | None = None
    hyperparameters: dict[str, Any] = Field(default_factory=dict)
    at: AwareDatetime = Field(default_factory=lambda: datetime.now(UTC))

    def key(self) -> str:
        """The job."""
        return str(self.job_id)


class TrainingEventType(StrEnum):
    """What `training_events` says of a job."""

    STARTED = "started"
    HEARTBEAT = "heartbeat"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class Promotion(BaseModel):
    """Whether the alias champion names a version, and why, or why not."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    champion: bool
    why: str


class TrainingResult(BaseModel):
    """The registered version that a job made, and how honest it is; jobs of before have no more than `task`."""

    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())

    model_name: str
    version: int
    sha256: str
    metrics: dict[str, float]
    task: Task
    warnings: list[str] = Field(default_factory=list)
    promotion: Promotion | None = None
    trained_on: DataSet | None = None
    columns: list[Column] = Field(default_factory=list)
    """Each column of the data set once, in its order."""


class TrainingEvent(Message):
    """On `training_events`, from ml-engine to training-orchestrator; `attempt` is the one of the JobMessage."""

    type: TrainingEventType
    job_id: UUID
    attempt: int = Field(ge=1)
    worker: str = Field(min_length=1, max_length=256)
    at: AwareDatetime = Field(default_factory=lambda: datetime.now(UTC))
    result: TrainingResult | None = None
    error: str | None = None

    @field_validator("error")
    @classmethod
    def _storable(cls, error: str | None) -> str | None:
        """What is said may quote any data; no database holds NUL in text."""
        return None if error is None else error.replace("\0", "\N{REPLACEMENT CHARACTER}")[:MOST_ERROR]

    @model_validator(mode="after")
    def _says_all(self) -> Self:
        if self.type is TrainingEventType.SUCCEEDED and self.result is None:
            raise ValueError("an event that a job succeeded has a result")
        if self.type is TrainingEventType.FAILED and not self.error:
            raise ValueError("an event that a job failed has an error")
        return self

    def key(self) -> str:
        """The job."""
        return str(self.job_id)


class Prediction(Message):
    """On `predictions`, from ml-engine for whoever wants to know; `instances` is their number."""

    model_name: str
    version: int
    alias: str | None = None
    instances: int = Field(ge=1)
    predictions: list[Any]
    at: AwareDatetime = Field(default_factory=lambda: datetime.now(UTC))

    def key(self) -> str:
        """The model."""
        return self.model_name


class Query(Message):
    """On `queries`, for query-parser; `schema` is the one of POST /parse, and null means ChatDB's own."""

    query_id: UUID
    query: str
    schema_: dict[str, Any] | None = Field(default=None, alias="schema")

    def key(self) -> str:
        """The question."""
        return str(self.query_id)


class QueryResult(Message):
    """On `query_results`, from query-parser."""

    query_id: UUID
    sql: str | None = None
    parameters: list[Any] = Field(default_factory=list)
    intent: str | None = None
    tables: list[str] = Field(default_factory=list)
    unresolved: list[str] = Field(default_factory=list)
    suggestions: list[str] = Field(default_factory=list)
    confidence: float = Field(default=0.0, ge=0, le=1)
    error: str | None = None

    def key(self) -> str:
        """The question."""
        return str(self.query_id)
