"""Everything that `chatdb status` requests from the cluster, which a read-only account may."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from chatdb.deploy.cleanup import ARGO_CD, PROJECTS, applications
from chatdb.deploy.kubectl import Kubectl, KubectlError, granted_by
from chatdb.deploy.objects import Manifest
from chatdb.deploy.plan import Plan
from chatdb.deploy.snapshot import OPTIONAL, Snapshot, kinds_of, look
from constructs_lib.settings import Settings

OF_KUBERNETES = ("v1", "apps/v1", "batch/v1", "policy/v1", "autoscaling/v2")
"""API versions without a definition of their own, besides those of groups below k8s.io."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """The cluster at one moment: objects, Applications and projects by name, and the kinds that it does not know."""

    seen: Snapshot
    applications: Mapping[str, Manifest]
    projects: Mapping[str, Manifest]
    unknown_kinds: frozenset[tuple[str, str]]
    now: datetime


def read(kubectl: Kubectl, settings: Settings, planned: Plan, namespaces: Sequence[str]) -> Reading:
    """Request it; InvalidInput with the fix where the account may not read something.

    `unknown_kinds` are (API version, kind) of what is planned, and has no definition.
    """
    with granted_by(kubectl, f"argocd/{settings.environment}/status-access.yaml"):
        return _read(kubectl, settings, planned, namespaces)


def _read(kubectl: Kubectl, settings: Settings, planned: Plan, namespaces: Sequence[str]) -> Reading:
    own = {name: one for name, one in applications(kubectl).items() if _of(settings, name)}
    manifests = [manifest for wave in planned for step in wave for manifest in step.manifests]
    unknown = _unknown_kinds(kubectl, manifests)
    waited = [one for one in manifests if one["kind"] in OPTIONAL and (one["apiVersion"], one["kind"]) not in unknown]
    places = [*namespaces, ARGO_CD] if own else list(namespaces)
    return Reading(
        seen=look(kubectl, kinds_of(waited), places),
        applications=own,
        projects=_projects(kubectl) if own else {},
        unknown_kinds=frozenset(unknown),
        now=datetime.now(UTC),
    )


def _of(settings: Settings, name: str) -> bool:
    return name == settings.applications or name.startswith(f"{settings.applications}-")


def _projects(kubectl: Kubectl) -> dict[str, Manifest]:
    existing = kubectl.items("get", PROJECTS, f"--namespace={ARGO_CD}")
    return {one["metadata"]["name"]: one for one in existing}


def _unknown_kinds(kubectl: Kubectl, manifests: Iterable[Manifest]) -> set[tuple[str, str]]:
    wanted = {(one["apiVersion"], one["kind"]) for one in manifests}
    versions = {version for version, _ in wanted if not _of_kubernetes(version)}
    served = {version: _served(kubectl, version) for version in sorted(versions)}
    return {(version, kind) for version, kind in wanted if version in served and kind not in served[version]}


def _of_kubernetes(version: str) -> bool:
    group = version.partition("/")[0]
    return version in OF_KUBERNETES or (group.endswith(".k8s.io") and not group.startswith("gateway."))


def _served(kubectl: Kubectl, version: str) -> set[str]:
    try:
        answer = json.loads(kubectl.run("get", f"--raw=/apis/{version}"))
    except KubectlError as error:
        if "could not find the requested resource" not in error.words:
            raise
        return set()
    return {resource["kind"] for resource in answer["resources"]}
