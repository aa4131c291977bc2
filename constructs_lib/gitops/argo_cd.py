"""Argo CD's objects: a root Application, its project, the platform's project, an Application for each tier."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from constructs_lib.catalogue.model import Namespace, Tier
from constructs_lib.gitops.kustomizations import dump
from constructs_lib.settings import Settings

ARGO_CD = "argocd"
SERVER = "https://kubernetes.default.svc"
ROOT_PROJECT = "chatdb-root"
PLATFORM_PROJECT = "chatdb-platform"
WAVE = "argocd.argoproj.io/sync-wave"
FINALIZER = "resources-finalizer.argocd.argoproj.io"


def write_argo_cd(folder: Path, settings: Settings, kinds: Iterable[tuple[str, str]]) -> None:
    """Write <folder>/{projects,root}.yaml and the root's <folder>/apps; `kinds` are (API group, kind) of dist/."""
    apps = folder / "apps"
    apps.mkdir(parents=True)
    (folder / "projects.yaml").write_text(
        dump(root_project(settings), platform_project(settings, kinds)), encoding="utf-8"
    )
    (folder / "root.yaml").write_text(dump(root(settings)), encoding="utf-8")
    for tier in settings.tiers:
        (apps / f"{tier}.yaml").write_text(dump(application(settings, tier)), encoding="utf-8")
    (apps / "released.yaml").write_text(dump(released(settings)), encoding="utf-8")


def root_project(settings: Settings) -> dict[str, Any]:
    """Who may write Applications is an administrator: the root has a project for its own few kinds alone."""
    return _project(
        ROOT_PROJECT,
        "The root Application of ChatDB: may make Applications and what says that they are released, and nothing else",
        settings,
        [ARGO_CD],
        namespaced=[("", "ConfigMap"), ("argoproj.io", "Application")],
        cluster=[],
    )


def platform_project(settings: Settings, kinds: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Four namespaces, the kinds in use, and of cluster scope the namespaces themselves."""
    namespaced = sorted(set(kinds) - {("", "Namespace")})
    return _project(
        PLATFORM_PROJECT,
        "ChatDB's tiers",
        settings,
        list(Namespace),
        namespaced=namespaced,
        cluster=[("", "Namespace")],
    )


def root(settings: Settings) -> dict[str, Any]:
    """The app of apps; it lists the children's folder only, since a root that contains itself waits for itself."""
    return {
        **_head("Application", "chatdb"),
        "spec": {
            "project": ROOT_PROJECT,
            "source": _source(settings, f"argocd/{settings.environment}/apps", settings.revision),
            "destination": {"server": SERVER, "namespace": ARGO_CD},
            "syncPolicy": _sync_policy(),
        },
    }


def application(settings: Settings, tier: Tier) -> dict[str, Any]:
    """The Application of one tier; its wave is the tier's place in the order."""
    paths = (f"overlays/{settings.environment}/{tier}", f"dist/{tier}", "overlays/components", "dist/gateway-api")
    annotations = {
        "argocd.argoproj.io/manifest-generate-paths": ";".join(f"/{path}" for path in paths),
        WAVE: str(tier.wave),
    }
    head = _head("Application", f"chatdb-{tier}")
    head["metadata"] |= {"annotations": annotations, "finalizers": [FINALIZER]}
    return {
        **head,
        "spec": {
            "project": PLATFORM_PROJECT,
            "source": _source(settings, paths[0], settings.target(tier)),
            # Every object names its namespace; the project refuses an Application that names none of its own.
            "destination": {"server": SERVER, "namespace": str(Namespace.SYSTEM)},
            "syncPolicy": _sync_policy(),
        },
    }


def released(settings: Settings) -> dict[str, Any]:
    """What every tier runs, written when all of them are ready: a wave of its own, after the last tier's.

    Argo CD waits for every wave but the last: without it the next release would begin while the last tier still moves.
    """
    head = _head("ConfigMap", "chatdb-released", "v1")
    head["metadata"]["annotations"] = {WAVE: str(max(tier.wave for tier in Tier) + 1)}
    return {**head, "data": {str(tier): settings.target(tier) for tier in settings.tiers}}


def _head(kind: str, name: str, version: str = "argoproj.io/v1alpha1") -> dict[str, Any]:
    labels = {"app.kubernetes.io/part-of": "chatdb"}
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": {"name": name, "namespace": ARGO_CD, "labels": labels},
    }


def _source(settings: Settings, path: str, revision: str) -> dict[str, Any]:
    return {"repoURL": settings.repository, "path": path, "targetRevision": revision}


def _sync_policy() -> dict[str, Any]:
    """Without `retry` the same commit is not tried again; with `refresh` a fix is picked up between two tries."""
    return {
        "automated": {"prune": True, "selfHeal": True},
        "retry": {"limit": -1, "refresh": True, "backoff": {"duration": "5s", "factor": 2, "maxDuration": "30s"}},
        "syncOptions": ["ServerSideApply=true"],
    }


def _project(
    name: str,
    description: str,
    settings: Settings,
    namespaces: Iterable[str],
    *,
    namespaced: Iterable[tuple[str, str]],
    cluster: Iterable[tuple[str, str]],
) -> dict[str, Any]:
    return {
        **_head("AppProject", name),
        "spec": {
            "description": description,
            "sourceRepos": [settings.repository],
            "destinations": [{"server": SERVER, "namespace": str(namespace)} for namespace in namespaces],
            "clusterResourceWhitelist": [{"group": group, "kind": kind} for group, kind in cluster],
            "namespaceResourceWhitelist": [{"group": group, "kind": kind} for group, kind in namespaced],
        },
    }
