"""Why a workload is not ready, in plain words, and what to do about it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from chatdb.deploy.objects import Manifest, condition, replicas
from chatdb.deploy.snapshot import Snapshot

CRASHES = 2
"""A container that has ended badly so often, and does not run well, is not only slow."""
IMAGE = {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "RegistryUnavailable"}
NAMED = re.compile(r'(secret|configmap) "([^"]+)" not found', re.IGNORECASE)
SCARCE = (("Insufficient cpu", "too little CPU is free"), ("Insufficient memory", "too little memory is free"))
MISSING = {
    "secret": "the Job credentials makes Secrets: `kubectl logs -n chatdb-system -l app=credentials`; with the trait"
    " external-credentials they are yours to make",
    "configmap": "run `chatdb synth`, and deploy again",
}
OURS = "chatdb/"


class Hope(IntEnum):
    """For how long it may heal by itself."""

    NONE = 0
    SOME = 1
    LONG = 2


@dataclass(frozen=True, slots=True)
class Trouble:
    """What holds a workload up, and the fix; `kind` is the same for as long as it is the same trouble."""

    kind: str
    what: str
    fix: str
    hope: Hope = Hope.SOME


def troubles(workload: Manifest, seen: Snapshot) -> Iterator[Trouble]:
    """Everything that is known to hold it up, the most certain first."""
    if workload["kind"] == "Ingress":
        fix = "is there a controller? on minikube: `minikube addons enable ingress`"
        yield Trouble("address", "no ingress controller has given it an address", fix, Hope.LONG)
    elif workload["kind"] == "Cluster":
        known = [trouble for pod in seen.pods_of(workload) for trouble in _pod(pod, seen)]
        yield from sorted(known, key=lambda trouble: trouble.hope)
    elif workload["kind"] == "Gateway":
        fix = "is a controller of the Gateway API installed? `kubectl describe gateway -n chatdb-services`"
        yield Trouble("address", "no controller has programmed it", fix, Hope.LONG)
    else:
        known = [*_job(workload), *_refused(workload, seen)]
        for pod in seen.pods_of(workload):
            known += _pod(pod, seen)
        yield from sorted(known, key=lambda trouble: trouble.hope)


def _job(workload: Manifest) -> Iterator[Trouble]:
    failed = condition(workload, "Failed") if workload["kind"] == "Job" else None
    if failed:
        message = f"the Job has failed: {failed.get('message') or failed.get('reason')}"
        fix = f"{_logs(workload, 'job/')} says why; run again, and a Job that has failed is made anew"
        yield Trouble("job", message, fix, Hope.NONE)


def _refused(workload: Manifest, seen: Snapshot) -> Iterator[Trouble]:
    """The API server takes none of its pods; old warnings of a workload that has them do not count."""
    words = _failure(workload, seen) if workload["kind"] == "Deployment" else None
    if workload["kind"] != "Deployment" and _lacks_pods(workload):
        words = seen.warned(workload, "FailedCreate")
    if words is None:
        return
    namespace = workload["metadata"]["namespace"]
    if "exceeded quota" in words:
        message = f"the quota of namespace {namespace} is used up: {_after(words, 'exceeded quota: ')}"
        fix = "quotas come from the overlay: run `chatdb synth` after a change, or free what else runs there"
        yield Trouble("quota", message, fix)
    elif "violates PodSecurity" in words:
        message = f"the namespace's Pod Security level refuses its pods: {_after(words, 'violates PodSecurity ')}"
        yield Trouble("security", message, "`chatdb check` says which field it is")
    else:
        yield Trouble("refused", f"its pods are refused: {words}", _describe(workload))


def _failure(deployment: Manifest, seen: Snapshot) -> str | None:
    """What its newest ReplicaSet says: a Deployment keeps the words of an older one when both have failed alike."""
    failure = condition(seen.newest(deployment) or {}, "ReplicaFailure")
    return str(failure["message"]) if failure else None


def _lacks_pods(workload: Manifest) -> bool:
    status = workload.get("status", {})
    if workload["kind"] == "Job":
        return not status.get("active") and not condition(workload, "Complete")
    return bool(status.get("replicas", 0) < replicas(workload))


def _pod(pod: Manifest, seen: Snapshot) -> Iterator[Trouble]:
    status = pod.get("status", {})
    if condition(pod, "Ready") or status.get("phase") in ("Succeeded", "Failed"):
        return
    if "nodeName" not in pod["spec"]:
        yield from _unplaced(pod)
        return
    states = [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]
    for container in states:
        yield from _container(pod, container)
    if mount := seen.warned(pod, "FailedMount"):
        yield from _named(mount)
    probe = seen.warned(pod, "Unhealthy")
    if probe and any("running" in container.get("state", {}) for container in states):
        yield Trouble("probe", f"its probe fails: {probe}", f"{_logs(pod)} says what it waits for", Hope.LONG)


def _unplaced(pod: Manifest) -> Iterator[Trouble]:
    conditions = pod.get("status", {}).get("conditions", [])
    words = next((c.get("message", "") for c in conditions if c.get("reason") == "Unschedulable"), None)
    if words is None:
        return
    scarce = [plain for said, plain in SCARCE if said in words]
    if scarce:
        fix = "`chatdb capacity` shows what is taken: free some, leave out tiers in chatdb.yaml, or take more machine"
        yield Trouble("room", f"no node has room for it, {' and '.join(scarce)} ({words})", fix)
    elif "ersistentvolume" in words.lower():
        fix = "on minikube: `minikube addons enable storage-provisioner default-storageclass`; `kubectl get pvc -A`"
        yield Trouble("volume", f"it has no volume yet ({words})", fix)
    else:
        yield Trouble("room", f"no node takes it ({words})", _describe(pod))


def _container(pod: Manifest, container: Mapping[str, Any]) -> Iterator[Trouble]:
    waiting = container.get("state", {}).get("waiting", {})
    reason, words = waiting.get("reason", ""), waiting.get("message", "")
    if reason in IMAGE:
        yield _image(container["image"], reason, words)
    elif reason in ("CreateContainerConfigError", "CreateContainerError", "RunContainerError"):
        named = list(_named(words))
        yield from named or [Trouble("container", f"its container cannot be made: {words}", _describe(pod))]
    elif reason == "CrashLoopBackOff" or (not container.get("ready") and container.get("restartCount", 0) >= CRASHES):
        yield _crash(pod, container)


def _image(image: str, reason: str, words: str) -> Trouble:
    said = f"{reason}: {words}" if words else reason
    own = image.removeprefix("docker.io/").startswith(OURS)
    fix = "build it and load it: `chatdb images --build`" if own else "look at its tag, and at the node's network"
    return Trouble("image", f"image {image} can't be pulled ({said})", fix)


def _crash(pod: Manifest, container: Mapping[str, Any]) -> Trouble:
    ended = {**container.get("state", {}), **container.get("lastState", {})}.get("terminated", {})
    times = f"{container.get('restartCount', 0)} restarts"
    if ended.get("reason") == "OOMKilled":
        return Trouble("crash", f"it needs more memory than its limit ({times})", "raise the limit in the overlay")
    code = f", the last with exit code {ended['exitCode']}" if "exitCode" in ended else ""
    return Trouble("crash", f"it crashes again and again: {times}{code}", f"{_logs(pod, '--previous ')} says why")


def _named(words: str) -> Iterator[Trouble]:
    """The Secret or ConfigMap that is missing."""
    if match := NAMED.search(words):
        kind = {"secret": "Secret", "configmap": "ConfigMap"}[match[1].lower()]
        yield Trouble(match[1].lower(), f"{kind} {match[2]} is missing", MISSING[match[1].lower()])


def _after(words: str, mark: str) -> str:
    return words.partition(mark)[2] or words


def _logs(manifest: Manifest, prefix: str = "") -> str:
    metadata = manifest["metadata"]
    return f"`kubectl logs -n {metadata['namespace']} {prefix}{metadata['name']}`"


def _describe(manifest: Manifest) -> str:
    metadata = manifest["metadata"]
    return f"`kubectl describe {manifest['kind'].lower()} -n {metadata['namespace']} {metadata['name']}` says more"
