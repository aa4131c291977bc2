"""What `chatdb status` reports: tiers with their components and commits, and the causes of what is not ready."""

from dataclasses import dataclass
from enum import StrEnum

from chatdb.deploy.rollout import State


class Engine(StrEnum):
    """Who deploys the environment in the cluster."""

    ARGO_CD = "argo-cd"
    PLAIN = "plain"
    NONE = "none"


@dataclass(frozen=True, kw_only=True, slots=True)
class Cause:
    """What is wrong, and what follows from it.

    `held_by` is the object that it comes from; `places` are the tiers, <tier>/<component>, or Applications that it
    holds directly, `consequences` what is not ready because of those. `since` is empty where the cluster does not say.
    """

    kind: str
    held_by: str
    since: str
    message: str
    fix: str
    places: tuple[str, ...]
    consequences: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Revision:
    """Which commit something runs and should run; empty where it is not known.

    `target` is the pin, or the branch that is tracked. `committed` and `pushed` are the times of the commit that should
    run, as this clone knows it.
    """

    runs: str = ""
    target: str = ""
    should_run: str = ""
    committed: str = ""
    pushed: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ComponentStatus:
    """A component: `detail` says how far it is, or what it waits for."""

    name: str
    state: State
    detail: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TierStatus:
    """A tier; `application` is empty where no Argo CD deploys it."""

    wave: int
    name: str
    state: State
    application: str
    detail: str
    revision: Revision
    components: tuple[ComponentStatus, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Status:
    """All of an environment; the first cause is what to look at first."""

    environment: str
    context: str
    engine: Engine
    causes: tuple[Cause, ...]
    tiers: tuple[TierStatus, ...]

    @property
    def ok(self) -> bool:
        """Whether everything is as it should be."""
        return not self.causes and all(tier.state is State.READY for tier in self.tiers)
