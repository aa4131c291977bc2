"""What keeps Argo CD from working: the repository is away, a webhook refuses, or somebody has told it not to."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.e2e.argo_cd import API_VERSION, NAMESPACE
from tests.e2e.deployment import Deployment
from tests.e2e.faults import no_git, refused
from tests.e2e.stuck.case import Case, Cause, as_printed, delete, path

SERVICES = "chatdb-services"
CONFIG = ("v1", "ConfigMap", SERVICES, "model-registry-config")
PLATFORM, ROOT_APP = "chatdb-platform", "chatdb"


@contextmanager
def unreachable(platform: Deployment) -> Iterator[None]:
    """The repository is not where it was."""
    with no_git(platform):
        # A commit that Argo CD knows already would be read from its cache.
        for name in (ROOT_APP, *map(platform.child, platform.tiers)):
            platform.argo_cd.look(name)
        yield


@contextmanager
def refusing_webhook(platform: Deployment) -> Iterator[None]:
    """A webhook refuses an object that somebody has deleted."""
    with refused(platform, "ConfigMap", SERVICES, CONFIG[3]):
        delete(platform, *CONFIG)
        yield


def _project(platform: Deployment) -> str:
    return path(platform, API_VERSION, "AppProject", NAMESPACE, PLATFORM)


@contextmanager
def window(platform: Deployment) -> Iterator[None]:
    """Nobody may deploy now, and something is deleted."""
    deny = {"kind": "deny", "schedule": "* * * * *", "duration": "1h", "applications": ["*"]}
    platform.api.patch(_project(platform), {"spec": {"syncWindows": [deny]}})
    delete(platform, *CONFIG)
    yield


def open_window(platform: Deployment, _cause: Cause) -> None:
    """Take it out of the project."""
    platform.api.patch(_project(platform), {"spec": {"syncWindows": None}})


@contextmanager
def manual_root(platform: Deployment) -> Iterator[None]:
    """Somebody has turned the root's automated sync off, and something of it is deleted."""
    root = path(platform, API_VERSION, "Application", NAMESPACE, ROOT_APP)
    platform.api.patch(root, {"spec": {"syncPolicy": {"automated": None}}})
    delete(platform, "v1", "ConfigMap", NAMESPACE, "chatdb-released")
    yield


@contextmanager
def skipped(platform: Deployment) -> Iterator[None]:
    """Somebody has told Argo CD to leave an Application alone."""
    annotation = {"argocd.argoproj.io/skip-reconcile": "true"}
    child = path(platform, API_VERSION, "Application", NAMESPACE, platform.child("core"))
    platform.api.patch(child, {"metadata": {"annotations": annotation}})
    yield


@contextmanager
def no_root(platform: Deployment) -> Iterator[None]:
    """Somebody has deleted the root Application."""
    delete(platform, API_VERSION, "Application", NAMESPACE, ROOT_APP)
    yield


ARGO_CD: dict[str, Case] = {
    "repository": Case(
        made=unreachable,
        kind="repository",
        held_by="repository file://",
        message="Argo CD can't read",
        advice="docs/argo-cd.md",
    ),
    "webhook": Case(
        made=refusing_webhook,
        kind="webhook",
        held_by="webhook fault.test.invalid",
        message="refused by the test",
        advice="kubectl get validatingwebhookconfigurations",
    ),
    "window": Case(
        made=window,
        kind="window",
        held_by=f"AppProject argocd/{PLATFORM}",
        message="sync window (deny",
        advice="kubectl edit appproject",
        fix=open_window,
    ),
    "manual": Case(
        made=manual_root,
        kind="manual",
        held_by="Application argocd/chatdb",
        message="its automated sync is off",
        advice="kubectl apply",
        fix=as_printed,
    ),
    "skipped": Case(
        made=skipped,
        kind="skipped",
        held_by="Application argocd/chatdb-core",
        message="Argo CD leaves chatdb-core alone",
        advice="kubectl annotate",
        fix=as_printed,
    ),
    "no-root": Case(
        made=no_root,
        kind="no-root",
        held_by="Application argocd/chatdb",
        message="the root Application is missing",
        advice="kubectl apply",
        fix=as_printed,
    ),
}
