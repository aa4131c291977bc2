"""Accounts for commands that look at a cluster, and what they may do there; an administrator applies them by hand."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from constructs_lib.resolved import ResolvedPlatform
from constructs_lib.settings import Settings

GROUP = "rbac.authorization.k8s.io"
READ = ("get", "list")
ACCESS = "*-access.yaml"
"""The files of accounts, in the folder of an environment's Applications."""
Resources = Mapping[str, Sequence[str]]
"""API group -> plural names."""
Rule = dict[str, Any]


def rules(*parts: Resources, verbs: Sequence[str] = READ, names: Sequence[str] = ()) -> list[Rule]:
    """One rule for each group of each part; with `names`, for the objects of these names only."""
    named = {"resourceNames": [*names]} if names else {}
    return [
        {"apiGroups": [group], "resources": [*resources], "verbs": [*verbs], **named}
        for part in parts
        for group, resources in part.items()
    ]


@dataclass(frozen=True, slots=True)
class Account:
    """A ServiceAccount of a platform; it and its roles have the same name."""

    platform: ResolvedPlatform
    name: str

    @classmethod
    def of(cls, platform: ResolvedPlatform, settings: Settings, purpose: str) -> "Account":
        """That of one environment."""
        return cls(platform, f"{settings.applications}-{purpose}")

    @property
    def namespace(self) -> str:
        """Where the account itself is."""
        return self.platform.namespaces.names[0]

    def itself(self) -> dict[str, Any]:
        """The ServiceAccount."""
        return self._head("v1", "ServiceAccount", self.name, self.namespace)

    def granted(self, allowed: list[Rule], namespace: str = "") -> Iterator[dict[str, Any]]:
        """A Role and its binding in a namespace, or in the whole cluster."""
        kind, name = ("Role", self.name) if namespace else ("ClusterRole", f"{self.name}-cluster")
        subject = {"kind": "ServiceAccount", "name": self.name, "namespace": self.namespace}
        reference = {"apiGroup": GROUP, "kind": kind, "name": name}
        yield self._head(f"{GROUP}/v1", kind, name, namespace) | {"rules": allowed}
        binding = self._head(f"{GROUP}/v1", f"{kind}Binding", name, namespace)
        yield binding | {"roleRef": reference, "subjects": [subject]}

    def _head(self, version: str, kind: str, name: str, namespace: str) -> dict[str, Any]:
        metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
        labels = {"app.kubernetes.io/part-of": self.platform.name}
        return {"apiVersion": version, "kind": kind, "metadata": metadata | {"labels": labels}}
