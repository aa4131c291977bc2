"""Why an Application is not Synced and Healthy, apart from workloads that are not ready."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from chatdb.deploy.objects import Manifest
from chatdb.deploy.reasons.reason import Grace, Reason, named, one_line
from chatdb.deploy.reasons.refusals import refusal
from chatdb.deploy.reasons.sync_windows import blocking

NAMESPACE = "argocd"
FAILED, UNDER_WAY = ("Failed", "Error"), ("Running", "Terminating")
"""Phases of an operation."""
SKIP = "argocd.argoproj.io/skip-reconcile"
DOCS = "docs/argo-cd.md"
PLACEHOLDER = "<environment>"
OF_ENVIRONMENT = re.compile(r"(?:^|/)(?:argocd|overlays)/([^/]+)/")
"""The folder of an environment in the path that an Application applies."""
LOOK_AGAIN = f"`kubectl annotate applications --all -n {NAMESPACE} argocd.argoproj.io/refresh=normal --overwrite`"
UNKNOWN_REVISION = re.compile(
    r"unable to resolve '([^']+)' to a commit SHA|not our ref ([0-9a-f]{40})|couldn't find remote ref (\S+)"
    r"|reference is not a tree: (\S+)|bad object (\S+)"
)
UNREACHABLE = re.compile(
    r"repository not found|failed to list refs|authentication required|authorization failed|dial tcp|no such host"
    r"|connection refused|i/o timeout|unable to access|does not appear to be a git repository"
    r"|Could not read from remote repository|error testing repository connectivity",
    re.IGNORECASE,
)
NO_PATH = re.compile(r"(\S+): app path does not exist")
RPC = re.compile(r"^.*?rpc error: code = \w+ desc = ")
OF_OBJECT = re.compile(r"for resource (\w+)/([^\s:]+):")
"""How a comparison by a dry run begins its words about one object."""


def reasons_of_application(application: Manifest, project: Manifest | None, now: datetime) -> Iterator[Reason]:
    """Everything that Argo CD says of it, the most certain first."""
    path = str(application["spec"].get("source", {}).get("path", ""))
    environment = match[1] if (match := OF_ENVIRONMENT.search(path)) else PLACEHOLDER
    for reason in _reasons(application, project, now):
        yield replace(reason, fix=reason.fix.replace(PLACEHOLDER, environment))


def _reasons(application: Manifest, project: Manifest | None, now: datetime) -> Iterator[Reason]:
    yield from _not_reconciled(application)
    yield from _conditions(application)
    yield from _operation(application)
    if _out_of_sync(application):
        yield from _not_synced(application, project, now)


def is_fine(application: Mapping[str, Any]) -> bool:
    """Whether all that the Application stands for exists, with nothing under way."""
    status = application.get("status", {})
    sync_and_health = (status.get("sync", {}).get("status"), status.get("health", {}).get("status"))
    phase = status.get("operationState", {}).get("phase")
    return sync_and_health == ("Synced", "Healthy") and phase == "Succeeded" and "operation" not in application


def _title(application: Manifest) -> str:
    return named("Application", NAMESPACE, application["metadata"]["name"])


def _name(application: Manifest) -> str:
    return str(application["metadata"]["name"])


def _not_reconciled(application: Manifest) -> Iterator[Reason]:
    metadata = application["metadata"]
    if deleted := metadata.get("deletionTimestamp"):
        message = f"{_name(application)} is being deleted, with all that it has deployed"
        fix = f"let it end, then apply the root again: `kubectl apply -f argocd/<environment>/root.yaml`; {DOCS}"
        yield Reason("deleted", _title(application), message, fix, Grace.LONG, deleted)
    if metadata.get("annotations", {}).get(SKIP) == "true":
        message = f"Argo CD leaves {_name(application)} alone: annotation {SKIP}"
        fix = f"`kubectl annotate application -n {NAMESPACE} {_name(application)} {SKIP}-`"
        yield Reason("skipped", _title(application), message, fix, Grace.NONE)
    elif not application.get("status", {}).get("sync", {}).get("status") and not _errors(application):
        message = f"{_name(application)} is not compared with the repository yet"
        fix = f"does Argo CD's controller run? `kubectl get pods -n {NAMESPACE}`"
        began = str(metadata.get("creationTimestamp", ""))
        yield Reason("not-compared", _title(application), message, fix, Grace.LONG, began)


def _errors(application: Manifest) -> list[Mapping[str, Any]]:
    conditions = application.get("status", {}).get("conditions") or ()
    return [one for one in conditions if one["type"].endswith("Error")]


def _conditions(application: Manifest) -> Iterator[Reason]:
    for condition in _errors(application):
        # What the operation says is more exact.
        if condition["type"] != "SyncError" or not _operation_failed(application):
            yield _error(application, condition["type"], condition.get("message", ""), _time(condition))


def _time(condition: Mapping[str, Any]) -> str:
    return str(condition.get("lastTransitionTime", ""))


def _error(application: Manifest, type_: str, words: str, since: str) -> Reason:
    """An error of comparing, by what is behind it."""
    source = application["spec"].get("source", {})
    repository, title = source.get("repoURL", ""), _title(application)
    if match := UNKNOWN_REVISION.search(words):
        revision = next(filter(None, match.groups()))
        message = f"{repository} has no revision {revision}"
        fix = "push that commit, or pin one that is pushed: `chatdb release`, `chatdb rollback`"
        return Reason("revision", f"repository {repository}", message, fix, Grace.LONG, since)
    if match := NO_PATH.search(words):
        message = f"{source.get('path')} does not exist in {repository} at {source.get('targetRevision')}"
        fix = "run `chatdb synth`, commit and push; or pin a commit that has it"
        return Reason("path", f"repository {repository}", message, fix, Grace.LONG, since)
    if UNREACHABLE.search(words):
        message = f"Argo CD can't read {repository}: {_plain(words)}"
        fix = f"check the address (`repository` in chatdb.yaml), the network and the credentials: {DOCS}"
        return Reason("repository", f"repository {repository}", message, fix, Grace.LONG, since)
    if known := refusal(_target(application, words), words, since):
        return known
    fixes = {
        "ComparisonError": "build it here: `chatdb check`; correct it, commit and push",
        "InvalidSpecError": "apply argocd/<environment>/projects.yaml and root.yaml again",
    }
    fix = fixes.get(type_, f"`kubectl describe application -n {NAMESPACE} {_name(application)}`")
    return Reason(type_, title, f"{type_}: {_plain(words)}", fix, Grace.LONG, since)


def _plain(words: str) -> str:
    return one_line(RPC.sub("", " ".join(words.split())))


def _target(application: Manifest, words: str) -> dict[str, Any]:
    """The object that an error of a dry run is about; the Application where it names none that it has."""
    if match := OF_OBJECT.search(words):
        entries = application.get("status", {}).get("resources") or ()
        places = (one.get("namespace") for one in entries if (one["kind"], one["name"]) == match.groups())
        namespace = next(places, None) or application["spec"].get("destination", {}).get("namespace", "")
        return {"kind": match[1], "metadata": {"namespace": namespace, "name": match[2]}}
    return {"kind": "Application", "metadata": {"namespace": NAMESPACE, "name": _name(application)}}


def _operation_failed(application: Manifest) -> bool:
    operation = application.get("status", {}).get("operationState", {})
    retried = operation.get("phase") in UNDER_WAY and operation.get("retryCount")
    return bool(operation.get("phase") in FAILED or retried)


def _operation(application: Manifest) -> Iterator[Reason]:
    """What the last sync could not apply; one that is tried again says so."""
    if not _operation_failed(application):
        return
    operation = application["status"]["operationState"]
    # A later revision that is in place has overtaken the failure.
    if is_fine({**application, "status": {**application["status"], "operationState": {"phase": "Succeeded"}}}):
        return
    since = str(operation.get("finishedAt") or operation.get("startedAt") or "")
    tries = f", tried {retries + 1} times" if (retries := operation.get("retryCount", 0)) else ""
    for reason in _failed(application, operation, since):
        yield replace(reason, message=reason.message + tries)


def _failed(application: Manifest, operation: Mapping[str, Any], since: str) -> Iterator[Reason]:
    results = operation.get("syncResult", {}).get("resources") or ()
    refused = [one for one in results if one.get("status") == "SyncFailed"]
    hooks = [one for one in results if one.get("hookType") and one.get("hookPhase") in FAILED]
    yield from (_refused(one, since) for one in refused)
    yield from (_hook(one, since) for one in hooks)
    if not refused and not hooks and not _waits(operation.get("message", "")):
        words = operation.get("message", "")
        yield _error(application, "sync", words, since)


def _waits(words: str) -> bool:
    """Whether it only says that something is not healthy yet, for which there are better reasons."""
    return "waiting for healthy state" in words or "one or more synchronization tasks completed unsuccessfully" in words


def _refused(result: Mapping[str, Any], since: str) -> Reason:
    target = {
        "kind": result["kind"],
        "metadata": {"namespace": result.get("namespace", ""), "name": result["name"]},
    }
    words = str(result.get("message", ""))
    title = named(result["kind"], result.get("namespace", ""), result["name"])
    message = f"{title} can't be applied: {one_line(words)}"
    unknown = Reason("sync", title, message, "correct what it says, commit and push", Grace.LONG, since)
    return refusal(target, words, since) or unknown


def _hook(result: Mapping[str, Any], since: str) -> Reason:
    namespace, name = result.get("namespace", ""), result["name"]
    title = named(result["kind"], namespace, name)
    message = f"hook {title} ({result['hookType']}) has failed: {one_line(str(result.get('message', '')))}"
    fix = f"`kubectl logs -n {namespace} {result['kind'].lower()}/{name}` says why; correct it, commit and push"
    return Reason("hook", title, message, fix, Grace.LONG, since)


def _out_of_sync(application: Manifest) -> bool:
    return bool(application.get("status", {}).get("sync", {}).get("status") == "OutOfSync")


def _not_synced(application: Manifest, project: Manifest | None, now: datetime) -> Iterator[Reason]:
    """Why Argo CD does not sync what differs."""
    name, title = _name(application), _title(application)
    automated = application["spec"].get("syncPolicy", {}).get("automated")
    if automated is None or automated.get("enabled") is False:
        message = f"{name} differs from git, and its automated sync is off"
        fix = f"apply it as git has it: `kubectl apply -f argocd/<environment>/root.yaml`; {LOOK_AGAIN}"
        yield Reason("manual", title, message, fix, Grace.NONE)
    window = blocking(application, project, now) if project else None
    if window:
        owner = application["spec"]["project"]
        when = f"{window['schedule']}, for {window['duration']}"
        message = f"{name} differs from git, and a sync window ({window['kind']}: {when}) forbids to sync it now"
        fix = f"wait for the window, or change it: `kubectl edit appproject -n {NAMESPACE} {owner}`"
        yield Reason("window", named("AppProject", NAMESPACE, owner), message, fix, Grace.LONG)
