"""Argo CD's objects: a root Application, its project, the platform's project, an Application for each tier."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from constructs_lib.gitops.drift_access import drift_access
from constructs_lib.gitops.kustomizations import write_objects
from constructs_lib.gitops.status_access import ARGO_CD, status_access
from constructs_lib.model import Operator
from constructs_lib.resolve.variation import operators
from constructs_lib.resolved import ResolvedPlatform
from constructs_lib.settings import COMMIT, IN_CLUSTER, Settings
from constructs_lib.yaml_files import read_mapping

BEFORE_TIERS = "-1"
"""The wave of operators."""
WAVE = "argocd.argoproj.io/sync-wave"
FINALIZER = "resources-finalizer.argocd.argoproj.io"
HOME = {"server": IN_CLUSTER, "namespace": ARGO_CD}
"""Where Applications are, whatever the cluster is that they deploy to."""


def write_argo_cd(
    folder: Path, platform: ResolvedPlatform, settings: Settings, kinds: Iterable[tuple[str, str]], prefix: str
) -> None:
    """Write <folder>/{projects,root,status-access,drift-access,drift-apply-access}.yaml and the root's <folder>/apps.

    `kinds` are (API group, kind) of dist/; `prefix` is where the repository is inside its git repository.
    """
    needed = operators(platform, settings.traits)
    projects = [root_project(platform, settings), platform_project(platform, settings, kinds)]
    projects += [operators_project(platform, settings, needed)] if needed else []
    for operator in needed:
        name = f"apps/{operator.application}.yaml"
        write_objects(folder / name, [operator_application(platform, settings, operator)])
    write_objects(folder / "projects.yaml", projects)
    write_objects(folder / "root.yaml", [root(platform, settings, prefix)])
    for tier in settings.tiers:
        write_objects(folder / "apps" / f"{tier}.yaml", [application(platform, settings, tier, prefix)])
    write_objects(folder / "apps/released.yaml", [released(platform, settings)])
    write_objects(folder / "status-access.yaml", status_access(platform, settings))
    own = namespaced_kinds(settings, kinds)
    for name, patch in (("drift", False), ("drift-apply", True)):
        write_objects(folder / f"{name}-access.yaml", drift_access(platform, settings, own, name, patch=patch))


def kind_name(group: str, kind: str) -> str:
    """How settings and findings write a kind: <API group>/<kind>, or the kind alone for the core group."""
    return f"{group}/{kind}" if group else kind


def root_project(platform: ResolvedPlatform, settings: Settings) -> dict[str, Any]:
    """Who may write Applications is an administrator: the root has a project for its own few kinds alone."""
    title = platform.catalogue.title
    text = f"The root Application of {title}: may make Applications and what says that they are released"
    return _project(
        platform.name,
        settings.root_project,
        f"{text}, and nothing else",
        settings,
        [HOME],
        namespaced=[("", "ConfigMap"), ("argoproj.io", "Application")],
        cluster=[],
    )


def namespaced_kinds(settings: Settings, kinds: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """(API group, kind) of what the platform's namespaces may have: what is in use and what is allowed."""
    # Each environment has quotas, which are in no base.
    return sorted({*kinds, *settings.kinds, ("", "ResourceQuota")} - {("", "Namespace")})


def platform_project(
    platform: ResolvedPlatform, settings: Settings, kinds: Iterable[tuple[str, str]]
) -> dict[str, Any]:
    """The platform's namespaces, the kinds that they may have, and of cluster scope the namespaces."""
    return _project(
        platform.name,
        settings.platform_project,
        f"{platform.catalogue.title}'s tiers",
        settings,
        [_destination(settings, namespace) for namespace in platform.namespaces.names],
        namespaced=namespaced_kinds(settings, kinds),
        cluster=[("", "Namespace")],
    )


def operators_project(platform: ResolvedPlatform, settings: Settings, needed: Sequence[Operator]) -> dict[str, Any]:
    """What operators are installed with, in their own namespaces, and of cluster scope: nothing else may be."""
    return _project(
        platform.name,
        settings.operators_project,
        f"The operators of {platform.catalogue.title}: {', '.join(one.node.name for one in needed)}",
        settings,
        [_destination(settings, namespace) for namespace in dict.fromkeys(str(one.node.namespace) for one in needed)],
        repositories=sorted({one.repository for one in needed}),
        namespaced=sorted({kind for one in needed for kind in one.kinds}),
        cluster=sorted({kind for one in needed for kind in one.cluster_kinds}),
    )


def operator_application(platform: ResolvedPlatform, settings: Settings, operator: Operator) -> dict[str, Any]:
    """The Application of an operator, from its upstream repository.

    It deletes nothing, and neither does its own deletion: with a definition all objects of its kind would go.
    """
    head = _head(platform.name, "Application", settings.application(operator.application))
    head["metadata"] |= {"annotations": {WAVE: BEFORE_TIERS}}
    source = {"repoURL": operator.repository, "targetRevision": operator.revision, **operator.source}
    policy = _sync_policy()
    policy["syncOptions"] += ["CreateNamespace=true"] if operator.needs_namespace else []
    policy["automated"] = {"prune": False, "selfHeal": True}
    return {
        **head,
        "spec": {
            "project": settings.operators_project,
            "source": source,
            "destination": _destination(settings, str(operator.node.namespace)),
            "syncPolicy": policy,
        },
    }


def root_path(settings: Settings, prefix: str) -> str:
    """The folder that the root Application applies, from the top of the git repository."""
    return f"{prefix}argocd/{settings.environment}/apps"


def tier_path(settings: Settings, tier: str, prefix: str) -> str:
    """The folder that a tier's Application applies, from the top of the git repository."""
    return f"{prefix}overlays/{settings.environment}/{tier}"


def root(platform: ResolvedPlatform, settings: Settings, prefix: str) -> dict[str, Any]:
    """The app of apps; it lists the children's folder only, since a root that contains itself waits for itself."""
    return {
        **_head(platform.name, "Application", settings.applications),
        "spec": {
            "project": settings.root_project,
            "source": _source(settings, root_path(settings, prefix), settings.revision),
            "destination": HOME,
            "syncPolicy": _sync_policy(),
        },
    }


def application(platform: ResolvedPlatform, settings: Settings, tier: str, prefix: str) -> dict[str, Any]:
    """The Application of one tier; its wave is the tier's place in the order."""
    own = tier_path(settings, tier, prefix)
    paths = (own, *(f"{prefix}{path}" for path in (f"dist/{tier}", "overlays/components", "dist/traits")))
    annotations = {
        "argocd.argoproj.io/manifest-generate-paths": ";".join(f"/{path}" for path in paths),
        WAVE: str(platform.catalogue.wave(tier)),
    }
    head = _head(platform.name, "Application", settings.application(tier))
    head["metadata"] |= {"annotations": annotations, "finalizers": [FINALIZER]}
    ignored = _replicas(autoscaled(platform, settings, tier))
    return {
        **head,
        "spec": {
            "project": settings.platform_project,
            "source": _source(settings, own, settings.target(tier)),
            # Every object names its namespace; the project refuses an Application that names none of its own.
            "destination": _destination(settings, platform.namespaces.names[0]),
            **({"ignoreDifferences": ignored} if ignored else {}),
            "syncPolicy": _sync_policy(*(["RespectIgnoreDifferences=true"] if ignored else [])),
        },
    }


def autoscaled(platform: ResolvedPlatform, settings: Settings, tier: str) -> list[str]:
    """The Deployments whose replicas the tier's Application leaves alone, as <namespace>/<name>, sorted.

    A pinned tier is at a commit that autoscaled others, perhaps: without these, Argo CD would set them to one replica.
    """
    own = {f"{one.namespace}/{one.name}" for one in platform.components if one.tier == tier and one.autoscale}
    return sorted({*own, *dict(settings.autoscaled).get(tier, ())})


def unsafe_hand_overs(before: Path, after: Path, settings: Settings) -> Iterator[str]:
    """The tiers whose Application leaves other replicas alone than before, while nothing orders that and the manifests.

    The folders hold what write_argo_cd has written. A tier that is not pinned may be synced with its new manifests
    before its Application is changed.
    """
    for tier in settings.tiers:
        old, new = (folder / "apps" / f"{tier}.yaml" for folder in (before, after))
        if not COMMIT.fullmatch(settings.target(tier)) and old.is_file() and _ignored(old) != _ignored(new):
            yield tier


def _ignored(path: Path) -> Any:
    """What the Application in the file ignores; nothing where a person has broken the file."""
    spec = read_mapping(path, path.name, "")[0].get("spec")
    return spec.get("ignoreDifferences") if isinstance(spec, dict) else None


def _replicas(deployments: list[str]) -> list[dict[str, Any]]:
    """What an autoscaler sets is no difference from git."""
    named = (deployment.split("/") for deployment in deployments)
    head = {"group": "apps", "kind": "Deployment"}
    return [
        {**head, "namespace": namespace, "name": name, "jsonPointers": ["/spec/replicas"]} for namespace, name in named
    ]


def released(platform: ResolvedPlatform, settings: Settings) -> dict[str, Any]:
    """What every tier runs, written when all of them are ready: a wave of its own, after the last tier's.

    Argo CD waits for every wave but the last: without it the next release would begin while the last tier still moves.
    """
    head = _head(platform.name, "ConfigMap", settings.released, "v1")
    head["metadata"]["annotations"] = {WAVE: str(len(platform.waves))}
    return {**head, "data": {tier: settings.target(tier) for tier in settings.tiers}}


def _head(platform: str, kind: str, name: str, version: str = "argoproj.io/v1alpha1") -> dict[str, Any]:
    labels = {"app.kubernetes.io/part-of": platform}
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": {"name": name, "namespace": ARGO_CD, "labels": labels},
    }


def _destination(settings: Settings, namespace: str) -> dict[str, str]:
    """A namespace of the environment's cluster, by the cluster's URL or its name in Argo CD."""
    return {"server" if "://" in settings.cluster else "name": settings.cluster, "namespace": str(namespace)}


def _source(settings: Settings, path: str, revision: str) -> dict[str, Any]:
    return {"repoURL": settings.repository, "path": path, "targetRevision": revision}


def _sync_policy(*options: str) -> dict[str, Any]:
    """Without `retry` the same commit is not tried again; with `refresh` a fix is picked up between two tries."""
    return {
        "automated": {"prune": True, "selfHeal": True},
        "retry": {"limit": -1, "refresh": True, "backoff": {"duration": "5s", "factor": 2, "maxDuration": "30s"}},
        "syncOptions": ["ServerSideApply=true", *options],
    }


def _project(
    platform: str,
    name: str,
    description: str,
    settings: Settings,
    destinations: list[dict[str, str]],
    *,
    namespaced: Iterable[tuple[str, str]],
    cluster: Iterable[tuple[str, str]],
    repositories: Iterable[str] = (),
) -> dict[str, Any]:
    return {
        **_head(platform, "AppProject", name),
        "spec": {
            "description": description,
            "sourceRepos": list(repositories) or [settings.repository],
            "destinations": destinations,
            "clusterResourceWhitelist": [{"group": group, "kind": kind} for group, kind in cluster],
            "namespaceResourceWhitelist": [{"group": group, "kind": kind} for group, kind in namespaced],
        },
    }
