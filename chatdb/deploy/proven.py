"""What an environment has proven: the commit that all of its Applications run, Synced and Healthy."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from chatdb.deploy.argo_cd import state
from chatdb.deploy.cleanup import applications
from chatdb.deploy.kubectl import Kubectl, Manifest
from chatdb.deploy.reasons.applications import NAMESPACE, is_fine
from constructs_lib.command import COMMAND
from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.settings import COMMIT, Settings, pins_path


def proven(kubectl: Kubectl, settings: Settings) -> str:
    """The commit that the environment's ConfigMap names, in the cluster that Argo CD runs in.

    InvalidInput where the ConfigMap is missing or names no one commit, with each Application that does not run it, and
    with kubectl's words where there is no answer.
    """
    commit = one_commit(settings, f"ConfigMap {settings.released}", _released(kubectl, settings))
    if problems := tuple(_not_there(settings, applications(kubectl), commit)):
        raise InvalidInput(problems)
    return commit


def pinned(settings: Settings) -> str:
    """The commit that the environment's pins name; InvalidInput where that is none, or not one."""
    where = pins_path(Path(), settings.environment).as_posix()
    return one_commit(settings, where, {tier: settings.target(tier) for tier in settings.tiers})


def one_commit(settings: Settings, where: str, targets: Mapping[str, str]) -> str:
    """The commit that every tier has; InvalidInput where one has none, or two differ.

    What was checked, and what ran together, is one commit for all tiers; a mixture of two is neither.
    """
    fix = f"run `{COMMAND} release -e {settings.environment}`, push it, and wait until it is Healthy"
    if {*targets} != {*settings.tiers}:
        message = f"has the tiers {', '.join(sorted(targets)) or 'none'}, not {', '.join(sorted(settings.tiers))}"
        raise InvalidInput([Problem(where, message, fix)])
    if unpinned := [tier for tier in settings.tiers if not COMMIT.fullmatch(targets[tier])]:
        message = f"{', '.join(unpinned)} of {settings.environment} is pinned to no commit: it was never released"
        raise InvalidInput([Problem(where, message, fix)])
    if len({*targets.values()}) > 1:
        each = ", ".join(f"{tier} {targets[tier][:12]}" for tier in settings.tiers)
        raise InvalidInput([Problem(where, f"the tiers are pinned to different commits: {each}", fix)])
    return targets[settings.tiers[0]]


def _released(kubectl: Kubectl, settings: Settings) -> dict[str, str]:
    existing = kubectl.items("get", "configmap", settings.released, f"--namespace={NAMESPACE}", "--ignore-not-found")
    if not existing:
        message = f"is not in namespace {NAMESPACE} of context {kubectl.context}"
        fix = "name the cluster that Argo CD runs in with --context, or wait until the first rollout has ended"
        raise InvalidInput([Problem(f"ConfigMap {settings.released}", message, fix)])
    return dict(existing[0].get("data") or {})


def _not_there(settings: Settings, existing: Mapping[str, Manifest], commit: str) -> Iterator[Problem]:
    """Each Application that is not Synced and Healthy on the commit.

    The root tracks a branch; where it is Synced, the ConfigMap is what the branch says.
    """
    fix = f"wait until it is Healthy on {commit[:12]}; see `kubectl describe application -n {NAMESPACE}"
    for name in (settings.applications, *map(settings.application, settings.tiers)):
        application = existing.get(name)
        if problem := _problem(application, settings, None if name == settings.applications else commit):
            yield Problem(f"Application {name}", problem, f"{fix} {name}`")


def _problem(application: Manifest | None, settings: Settings, commit: str | None) -> str | None:
    """Why the Application does not prove the commit; None where it does."""
    if application is None:
        return "there is no such Application"
    repository = application.get("spec", {}).get("source", {}).get("repoURL")
    if repository != settings.repository:
        return f"it is deployed from {repository}, not from {settings.repository}"
    if not is_fine(application):
        return state(application)
    revision = application["status"]["sync"].get("revision", "")
    return f"Synced and Healthy at {revision[:12]}, not at {commit[:12]}" if commit and revision != commit else None
