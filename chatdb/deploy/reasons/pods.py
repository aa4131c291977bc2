"""Why a pod is not ready: no node or volume, no image, no Secret, a crash, a probe that fails."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from chatdb.deploy.objects import Manifest, condition, title
from chatdb.deploy.reasons.reason import Grace, Reason, describe, entry, logs, named, since
from chatdb.deploy.snapshot import Snapshot

CRASHES = 2
"""A container that has ended badly so often, and does not run well, is not only slow."""
IMAGE = {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "RegistryUnavailable"}
NOT_MADE = ("CreateContainerConfigError", "CreateContainerError", "RunContainerError")
MISSING = re.compile(r'(secret|configmap) "([^"]+)" not found', re.IGNORECASE)
NO_KEY = re.compile(r"couldn't find key (\S+) in (Secret|ConfigMap) (\S+)")
SCARCE = (("Insufficient cpu", "too little CPU is free"), ("Insufficient memory", "too little memory is free"))
MISSING_FIX = {
    "Secret": "the Job credentials makes Secrets: `kubectl logs -n chatdb-system -l app=credentials`; to run it again:"
    " `kubectl delete job -n chatdb-system -l app=credentials`, and Argo CD, or `chatdb deploy`, makes it anew; with"
    " the trait external-credentials Secrets are yours to make",
    "ConfigMap": "run `chatdb synth`, and deploy again",
}
OURS = "chatdb/"


def reasons_of_pod(pod: Manifest, seen: Snapshot) -> Iterator[Reason]:
    """Nothing of a pod that is ready or has ended."""
    status = pod.get("status", {})
    if condition(pod, "Ready") or status.get("phase") in ("Succeeded", "Failed"):
        return
    if "nodeName" not in pod["spec"]:
        yield from _unplaced(pod, seen)
        return
    if node := seen.get("Node", "", pod["spec"]["nodeName"]):
        yield from reasons_of_node(node)
    states = [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]
    for container in states:
        yield from _container(pod, container)
    if mount := seen.warned(pod, "FailedMount"):
        yield from _missing(pod, mount)
    probe = seen.warned(pod, "Unhealthy")
    if probe and any("running" in container.get("state", {}) for container in states):
        message, fix = f"its probe fails: {probe}", f"{logs(pod)} says what it waits for"
        yield Reason("probe", title(pod), message, fix, Grace.LONG, since(pod, "ContainersReady", "Ready"))


def reasons_of_node(node: Manifest) -> Iterator[Reason]:
    """That it is not ready, in the words of its kubelet or of Kubernetes."""
    ready = entry(node, "Ready")
    if ready.get("status") != "True":
        name, words = node["metadata"]["name"], ready.get("message") or ready.get("reason") or "it has not reported"
        fix = f"`kubectl describe node {name}`; on minikube: `chatdb cluster up`"
        yield Reason("node", title(node), f"node {name} is not Ready: {words}", fix, Grace.SHORT, since(node, "Ready"))


def _unplaced(pod: Manifest, seen: Snapshot) -> Iterator[Reason]:
    scheduled = entry(pod, "PodScheduled")
    if scheduled.get("reason") != "Unschedulable":
        return
    words, began = scheduled.get("message", ""), since(pod, "PodScheduled")
    scarce = [plain for said, plain in SCARCE if said in words]
    if scarce:
        fix = "`chatdb capacity` shows what is taken: free some, leave out tiers in chatdb.yaml, or take more machine"
        message = f"no node has room for it, {' and '.join(scarce)} ({words})"
        yield Reason("room", title(pod), message, fix, Grace.SHORT, began)
    elif "persistentvolume" in words.lower():
        yield _volume(pod, words, seen, began)
    elif "unschedulable" in words:
        nodes = sorted(node["metadata"]["name"] for node in seen.of_kind("Node") if node["spec"].get("unschedulable"))
        held_by = named("Node", "", nodes[0]) if nodes else title(pod)
        fix = f"`kubectl uncordon {' '.join(nodes) or 'NODE'}`"
        yield Reason("cordoned", held_by, f"its node takes no new pods ({words})", fix, Grace.SHORT, began)
    else:
        yield Reason("room", title(pod), f"no node takes it ({words})", describe(pod), Grace.SHORT, began)


def _volume(pod: Manifest, words: str, seen: Snapshot, began: str) -> Reason:
    """The claim that has no volume, where the cluster has it."""
    fix = "on minikube: `minikube addons enable storage-provisioner default-storageclass`; `kubectl get pvc -A`"
    sources = (volume.get("persistentVolumeClaim") for volume in pod["spec"].get("volumes", ()))
    names = [source["claimName"] for source in sources if source]
    for name in names:
        claim = seen.get("PersistentVolumeClaim", pod["metadata"]["namespace"], name)
        if claim and claim.get("status", {}).get("phase") != "Bound":
            kind = claim["spec"].get("storageClassName", "")
            said = seen.warned(claim, "ProvisioningFailed") or f"no volume of class {kind!r} is bound to it"
            message = f"it has no volume yet: claim {name}: {said} ({words})"
            return Reason("volume", title(claim), message, fix, Grace.SHORT, since(claim))
    return Reason("volume", title(pod), f"it has no volume yet ({words})", fix, Grace.SHORT, began)


def _container(pod: Manifest, container: Mapping[str, Any]) -> Iterator[Reason]:
    waiting = container.get("state", {}).get("waiting", {})
    reason, words = waiting.get("reason", ""), waiting.get("message", "")
    if reason in IMAGE:
        yield _image(pod, container["image"], f"{reason}: {words}" if words else reason)
    elif reason in NOT_MADE:
        message = f"its container cannot be made: {words}"
        unknown = Reason("container", title(pod), message, describe(pod), Grace.SHORT, _began(pod))
        yield from list(_missing(pod, words)) or [unknown]
    elif reason == "CrashLoopBackOff" or (not container.get("ready") and container.get("restartCount", 0) >= CRASHES):
        yield _crash(pod, container)


def _image(pod: Manifest, image: str, said: str) -> Reason:
    own = image.removeprefix("docker.io/").startswith(OURS)
    fix = "build it and load it: `chatdb images --build`" if own else "look at its tag, and at the node's network"
    return Reason("image", title(pod), f"image {image} can't be pulled ({said})", fix, Grace.SHORT, _began(pod))


def _crash(pod: Manifest, container: Mapping[str, Any]) -> Reason:
    ended = {**container.get("state", {}), **container.get("lastState", {})}.get("terminated", {})
    times = f"{container.get('restartCount', 0)} restarts"
    if ended.get("reason") == "OOMKilled":
        message, fix = f"it needs more memory than its limit ({times})", "raise the limit in the overlay"
        return Reason("memory", title(pod), message, fix, Grace.SHORT, _began(pod))
    code = f", the last with exit code {ended['exitCode']}" if "exitCode" in ended else ""
    message, fix = f"it crashes again and again: {times}{code}", f"{logs(pod, '--previous ')} says why"
    return Reason("crash", title(pod), message, fix, Grace.SHORT, _began(pod))


def _missing(pod: Manifest, words: str) -> Iterator[Reason]:
    """The Secret or ConfigMap that is missing, or its key."""
    namespace = pod["metadata"]["namespace"]
    if match := MISSING.search(words):
        kind, name = {"secret": "Secret", "configmap": "ConfigMap"}[match[1].lower()], match[2]
        message = f"{kind} {name} is missing"
    elif match := NO_KEY.search(words):
        kind, name = match[2], match[3].partition("/")[2] or match[3]
        message = f"{kind} {name} has no key {match[1]}"
    else:
        return
    yield Reason(kind.lower(), named(kind, namespace, name), message, MISSING_FIX[kind], Grace.SHORT, _began(pod))


def _began(pod: Manifest) -> str:
    return since(pod, "ContainersReady", "Ready")
