"""Runs and their steps, and what is known of a service; nothing here changes once it is made."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


class Status(StrEnum):
    """Where a step or a run is."""

    WAITING = "waiting"
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Seen:
    """What a step that has passed has seen."""

    detail: str
    metrics: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Step:
    """One part of the journey; `detail` says what was seen."""

    name: str
    status: Status = Status.WAITING
    detail: str = ""
    metrics: Mapping[str, Any] = field(default_factory=dict)
    """Of the model that was trained, by their names."""
    seconds: float | None = None


@dataclass(frozen=True, kw_only=True)
class Run:
    """One journey."""

    id: UUID
    started_at: datetime
    steps: tuple[Step, ...]
    finished_at: datetime | None = None

    @property
    def status(self) -> Status:
        """That of the whole."""
        if self.finished_at is None:
            return Status.RUNNING
        return Status.PASSED if all(step.status is Status.PASSED for step in self.steps) else Status.FAILED

    def with_step(self, number: int, step: Step) -> "Run":
        """The run, with one step as it is now."""
        return replace(self, steps=(*self.steps[:number], step, *self.steps[number + 1 :]))

    def finished(self, at: datetime) -> "Run":
        """The run at its end: what has not begun is skipped."""
        steps = tuple(replace(s, status=Status.SKIPPED) if s.status is Status.WAITING else s for s in self.steps)
        return replace(self, steps=steps, finished_at=at)


@dataclass(frozen=True, kw_only=True)
class Dependency:
    """What a service says of something it needs."""

    ok: bool
    detail: str


@dataclass(frozen=True, kw_only=True)
class ServiceState:
    """What was last seen of a service; `ok` means that it is ready."""

    name: str
    ok: bool
    detail: str
    dependencies: Mapping[str, Dependency]
    seen_at: datetime
