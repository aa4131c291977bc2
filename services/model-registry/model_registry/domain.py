"""Models, versions and aliases, and what the registry refuses."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from chatdb_common.messages import Task


class State(StrEnum):
    """A version is READY once its artifact is whole, and stays so."""

    PENDING = "PENDING"
    READY = "READY"


@dataclass(frozen=True)
class Model:
    """A name that versions belong to."""

    name: str
    description: str
    last_version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class Version:
    """One trained artifact and what is known of it."""

    model_name: str
    version: int
    state: State
    job_id: UUID | None
    task: Task | None
    format: str
    metrics: Mapping[str, float]
    signature: Mapping[str, Any]
    sha256: str | None
    size_bytes: int | None
    object_key: str | None
    created_at: datetime
    ready_at: datetime | None


@dataclass(frozen=True)
class Alias:
    """A name for a READY version; `revision` counts its changes."""

    model_name: str
    alias: str
    version: int
    previous: int | None
    revision: int
    updated_at: datetime


@dataclass(frozen=True)
class Artifact:
    """Bytes that are in the store as a whole."""

    object_key: str
    sha256: str
    size_bytes: int


class Unknown(LookupError):
    """There is no such model, version or alias."""


class Conflict(Exception):
    """It is there already, and it is another."""


class Stale(Exception):
    """An alias is not at the revision that the change was made for."""


class Damaged(Exception):
    """The bytes that came are not those that were announced."""


class Stalled(Exception):
    """The bytes stopped coming."""
