"""Taking the platform away: what was deployed, and, only when it is meant, what holds data."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from catalogue.namespaces import Namespace
from chatdb.deploy.kubectl import Kubectl, KubectlError, Manifest
from chatdb.deploy.snapshot import SELECTOR
from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.settings import Settings

ARGO_CD = "argocd"
ARGO_CDS = "app.kubernetes.io/part-of=argocd"
APPLICATIONS = "applications.argoproj.io"
PROJECTS = "appprojects.argoproj.io"
RUNNING = (
    "deployments.apps,statefulsets.apps,jobs.batch,services,ingresses.networking.k8s.io,poddisruptionbudgets.policy,"
    "configmaps,rolebindings.rbac.authorization.k8s.io,roles.rbac.authorization.k8s.io,serviceaccounts,"
    "networkpolicies.networking.k8s.io,resourcequotas,limitranges"
)
"""All that can be made again from git. Not among it: namespaces, claims, and the Secrets that fit their data."""
OPTIONAL = ("gateways.gateway.networking.k8s.io", "httproutes.gateway.networking.k8s.io")
"""Kinds that most clusters do not know."""
POLL = 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Cleanup:
    """What is to be taken away of an environment, within so many seconds for each command.

    `children` are the Applications that there may be besides the root: of all tiers and operators of the catalogue, as
    one may have been left out since. An operator's is deleted alone: the operator and its definitions stay.
    """

    settings: Settings
    children: tuple[str, ...]
    keep_data: bool
    argocd: bool
    seconds: int

    def lines(self) -> Iterator[tuple[str, ...]]:
        """Kubectl's arguments, in their order: first who would make it all again, then the rest."""
        own, place = self.settings, f"--namespace={ARGO_CD}"
        # By name: another environment's have the same labels.
        yield self._delete(APPLICATIONS, own.applications, place)
        yield self._delete(APPLICATIONS, *self.children, place)
        yield self._delete(PROJECTS, own.root_project, own.platform_project, own.operators_project, place)
        if self.keep_data:
            for namespace in Namespace:
                for kinds in (RUNNING, *OPTIONAL):
                    yield self._delete(kinds, SELECTOR, f"--namespace={namespace}", "--cascade=foreground")
        else:
            yield self._delete("namespaces", *Namespace)
        if self.argocd:
            yield self._delete("namespaces", ARGO_CD)
            kinds = "customresourcedefinitions.apiextensions.k8s.io,clusterroles,clusterrolebindings"
            yield self._delete(kinds, f"--selector={ARGO_CDS}")

    def refuse_others(self, kubectl: Kubectl) -> None:
        """InvalidInput where Argo CD is to go that deploys other environments, whose objects would go with it."""
        own = {self.settings.applications, *self.children}
        others = [name for name in applications(kubectl, SELECTOR) if name not in own] if self.argocd else []
        if others:
            message = f"Argo CD has Applications of other environments: {', '.join(others)}"
            raise InvalidInput([Problem("--argocd", message, "run `chatdb cleanup -e` for those, or leave it out")])

    def _delete(self, *arguments: str) -> tuple[str, ...]:
        return "delete", *arguments, "--ignore-not-found", f"--timeout={self.seconds}s"

    def run(self, kubectl: Kubectl, tell: Callable[[str], None]) -> None:
        """Do it; `tell` hears each line of kubectl's. A kind that the cluster does not know has nothing to delete."""
        for line in self.lines():
            try:
                said = kubectl.run(*line, seconds=self.seconds + POLL)
            except KubectlError as error:
                if "the server doesn't have a resource type" not in error.words:
                    raise
            else:
                for text in said.splitlines():
                    tell(text)
        if not self.keep_data:
            self._wait_volumes(kubectl)

    def _wait_volumes(self, kubectl: Kubectl) -> None:
        """A volume goes after its claim; InvalidInput names those that their class keeps."""
        deadline = time.monotonic() + self.seconds
        while (remaining := volumes(kubectl)) and not all(map(_kept, remaining)) and time.monotonic() < deadline:
            time.sleep(POLL)
        if remaining:
            names = ", ".join(one["metadata"]["name"] for one in remaining)
            fix = f"`kubectl delete pv {names.replace(',', '')}`, once you have what you want of them"
            raise InvalidInput([Problem("volumes", f"{names} are still there", fix)])


def applications(kubectl: Kubectl, *arguments: str) -> dict[str, Manifest]:
    """The Applications by name; none where the cluster has no Argo CD."""
    try:
        existing = kubectl.items("get", APPLICATIONS, *arguments, f"--namespace={ARGO_CD}")
    except KubectlError as error:
        if "the server doesn't have a resource type" not in error.words:
            raise
        return {}
    return {one["metadata"]["name"]: one for one in existing}


def claims(kubectl: Kubectl) -> list[Manifest]:
    """The claims of the platform: what data there is."""
    existing = kubectl.items("get", "persistentvolumeclaims", "--all-namespaces")
    return [one for one in existing if one["metadata"]["namespace"] in list(Namespace)]


def volumes(kubectl: Kubectl) -> list[Manifest]:
    """The volumes that belong, or belonged, to such claims."""
    existing = kubectl.items("get", "persistentvolumes")
    return [one for one in existing if one["spec"].get("claimRef", {}).get("namespace") in list(Namespace)]


def _kept(volume: Manifest) -> bool:
    return bool(volume["spec"].get("persistentVolumeReclaimPolicy") == "Retain")
