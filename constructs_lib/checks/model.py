"""What rules look at, and what they are."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from constructs_lib.operated import is_operated
from constructs_lib.pods import KINDS, all_containers, api_group, pod_labels, pod_spec, pod_template
from constructs_lib.problem import Problem
from constructs_lib.resolved import Dns, ResolvedPlatform
from constructs_lib.settings import Settings


@dataclass(frozen=True, slots=True)
class Rendered:
    """One object as Argo CD would apply it, or as an operator makes it of the object of the identity `source`."""

    tier: str
    manifest: Mapping[str, Any]
    source: tuple[str, str, str] | None = None

    @property
    def kind(self) -> str:
        """Its kind."""
        return str(self.manifest["kind"])

    @property
    def group(self) -> str:
        """Its API group; empty for the core group."""
        return api_group(self.manifest)

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.manifest["metadata"]["name"])

    @property
    def namespace(self) -> str:
        """Its namespace; empty for what has none."""
        return str(self.manifest["metadata"].get("namespace") or "")

    @property
    def identity(self) -> tuple[str, str, str]:
        """Kind, namespace and name."""
        return self.kind, self.namespace, self.name

    @property
    def where(self) -> str:
        """How a finding names it; what an operator makes, by what it is made of."""
        kind, namespace, name = self.source or self.identity
        made = f", its {self.kind} {self.name}" if self.source else ""
        return f"tier {self.tier}: {kind} {f'{namespace}/{name}' if namespace else name}{made}"

    @property
    def labels(self) -> Mapping[str, str]:
        """Its own labels."""
        return self.manifest["metadata"].get("labels") or {}

    @property
    def annotations(self) -> Mapping[str, str]:
        """Its own annotations."""
        return self.manifest["metadata"].get("annotations") or {}

    @property
    def spec(self) -> Mapping[str, Any]:
        """Its spec; empty for what has none."""
        return self.manifest.get("spec") or {}

    @property
    def runs_pods(self) -> bool:
        """Whether it holds a pod template, or is a pod."""
        return pod_template(self.manifest) is not None

    @property
    def pod(self) -> Mapping[str, Any]:
        """The pod spec of a workload; empty for every other object."""
        return pod_spec(self.manifest) or {}

    @property
    def pod_labels(self) -> Mapping[str, str]:
        """The labels of a workload's pods."""
        return pod_labels(pod_template(self.manifest) or {})

    @property
    def containers(self) -> list[Mapping[str, Any]]:
        """All containers of a workload, init containers too."""
        return list(all_containers(self.pod))

    @property
    def volumes(self) -> list[Mapping[str, Any]]:
        """The volumes of a workload's pods."""
        return self.pod.get("volumes") or []

    @property
    def claim_templates(self) -> list[Mapping[str, Any]]:
        """The templates of a StatefulSet's claims; its pods have volumes of their names."""
        return self.spec.get("volumeClaimTemplates") or [] if self.kind == "StatefulSet" else []


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Everything that rules look at; `argo_cd` are the objects of argocd/<env>.

    `invalid` are rendered objects that no rule but `schema` looks at: what they would provide counts as provided.
    """

    root: Path
    platform: ResolvedPlatform
    settings: Settings
    rendered: tuple[Rendered, ...]
    argo_cd: tuple[Mapping[str, Any], ...] = ()
    invalid: tuple[Rendered, ...] = ()

    @property
    def dns(self) -> Dns:
        """The DNS servers of the environment."""
        return self.settings.dns.over(self.platform.namespaces.dns)

    def of(self, *kinds: str) -> Iterator[Rendered]:
        """The objects of these kinds."""
        if len(kinds) == 1:
            return iter(self._by_kind.get(kinds[0], ()))
        return (obj for obj in self.rendered if obj.kind in kinds)

    def workloads(self) -> Iterator[Rendered]:
        """Everything that runs pods."""
        return iter(self._workloads)

    @cached_property
    def _by_kind(self) -> Mapping[str, list[Rendered]]:
        by_kind: dict[str, list[Rendered]] = {}
        for obj in self.rendered:
            by_kind.setdefault(obj.kind, []).append(obj)
        return by_kind

    @cached_property
    def _workloads(self) -> tuple[Rendered, ...]:
        return tuple(workload for workload in self.of(*KINDS) if workload.runs_pods)

    def is_invalid(self, kind: str, namespace: str, name: str) -> bool:
        """Whether there is such an object, but an invalid one."""
        return (kind, namespace, name) in {obj.identity for obj in self.invalid}

    def invalid_pods(self, namespace: str) -> bool:
        """Whether the namespace has an invalid workload, whose labels and ports nobody knows."""
        pods = (obj for obj in self.invalid if obj.kind in KINDS or is_operated(obj.manifest))
        return any(obj.namespace == namespace for obj in pods)


Check = Callable[[Inputs], Iterable[Problem]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its id on the command line, why it is there, and what finds its violations.

    `understands` says what it looks at, `ignores` what it leaves to others, both for docs/rules.md.
    """

    id: str
    reason: str
    check: Check
    understands: str
    ignores: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A violation of a rule."""

    rule: str
    problem: Problem
