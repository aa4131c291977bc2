"""What rules look at, and what they are."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from constructs_lib.footprint import WORKLOADS, pod_spec
from constructs_lib.problem import Problem
from constructs_lib.resolved import Dns, ResolvedPlatform
from constructs_lib.settings import Settings


@dataclass(frozen=True, slots=True)
class Rendered:
    """One object as Argo CD would apply it."""

    tier: str
    manifest: Mapping[str, Any]

    @property
    def kind(self) -> str:
        """Its kind."""
        return str(self.manifest["kind"])

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.manifest["metadata"]["name"])

    @property
    def namespace(self) -> str:
        """Its namespace; empty for what has none."""
        return str(self.manifest["metadata"].get("namespace", ""))

    @property
    def where(self) -> str:
        """How a finding names it."""
        place = f"{self.namespace}/{self.name}" if self.namespace else self.name
        return f"tier {self.tier}: {self.kind} {place}"

    @property
    def template(self) -> Mapping[str, Any]:
        """The pod template of a workload; empty for all else."""
        return self.manifest["spec"]["template"] if pod_spec(self.manifest) is not None else {}

    @property
    def containers(self) -> list[dict[str, Any]]:
        """All containers of a workload, init containers too."""
        spec = pod_spec(self.manifest) or {}
        return [*spec.get("initContainers", []), *spec.get("containers", [])]


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """Everything that rules look at; `argo_cd` are the objects of argocd/<env>."""

    root: Path
    platform: ResolvedPlatform
    settings: Settings
    rendered: tuple[Rendered, ...]
    argo_cd: tuple[Mapping[str, Any], ...] = ()

    @property
    def dns(self) -> Dns:
        """The DNS servers of the environment."""
        return self.settings.dns.over(self.platform.namespaces.dns)

    def of(self, *kinds: str) -> Iterator[Rendered]:
        """The objects of these kinds."""
        return (found for found in self.rendered if found.kind in kinds)

    def workloads(self) -> Iterator[Rendered]:
        """Deployments, StatefulSets and Jobs."""
        return self.of(*WORKLOADS)


Check = Callable[[Inputs], Iterable[Problem]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its id on the command line, why it is there, and what finds its violations."""

    id: str
    reason: str
    check: Check


@dataclass(frozen=True, slots=True)
class Finding:
    """A violation of a rule."""

    rule: str
    problem: Problem
