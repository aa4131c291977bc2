"""Why a workload is not ready: it has failed, its pods are refused, or they are not ready."""

from collections.abc import Iterator

from chatdb.deploy.objects import Manifest, condition, replicas, title
from chatdb.deploy.reasons.pods import reasons_of_pod
from chatdb.deploy.reasons.reason import Grace, Reason, describe, entry, logs, named, one_line, since
from chatdb.deploy.reasons.refusals import refusal
from chatdb.deploy.snapshot import Snapshot

ADDRESS = {
    "Ingress": (
        "no ingress controller has given it an address",
        "is there a controller? on minikube: `minikube addons enable ingress`",
    ),
    "Gateway": (
        "no controller has programmed it",
        "is a controller of the Gateway API installed? `kubectl describe gateway -n {namespace}`",
    ),
}
"""Kinds that wait for a controller's answer: what is missing, and the fix."""


def reasons(workload: Manifest, seen: Snapshot) -> Iterator[Reason]:
    """Everything that is known to hold it, the most certain first."""
    known = [*_deleted(workload), *_namespace(workload, seen), *_kind(workload, seen)]
    yield from sorted(known, key=lambda reason: reason.grace)


def _kind(workload: Manifest, seen: Snapshot) -> Iterator[Reason]:
    if workload["kind"] in ADDRESS:
        message, fix = ADDRESS[workload["kind"]]
        fix = fix.format(namespace=workload["metadata"]["namespace"])
        yield Reason("address", title(workload), message, fix, Grace.LONG, since(workload))
        return
    if workload["kind"] != "Cluster":
        yield from _job(workload)
        yield from _refused(workload, seen)
    for pod in seen.pods_of(workload):
        yield from reasons_of_pod(pod, seen)


def _deleted(workload: Manifest) -> Iterator[Reason]:
    """Somebody has deleted it, and a finalizer keeps it."""
    metadata = workload["metadata"]
    finalizers = [one for one in metadata.get("finalizers") or () if one != "foregroundDeletion"]
    if metadata.get("deletionTimestamp") and finalizers:
        message = f"{title(workload)} is deleted, and finalizer {', '.join(finalizers)} holds it"
        clear = f"kubectl patch {workload['kind'].lower()} -n {metadata.get('namespace', '')} {metadata['name']}"
        fix = (
            "let the controller of the finalizer finish; where there is none any more:"
            f""" `{clear} --type=merge -p '{{"metadata":{{"finalizers":null}}}}'`"""
        )
        yield Reason("finalizer", title(workload), message, fix, Grace.SHORT, metadata["deletionTimestamp"])


def _namespace(workload: Manifest, seen: Snapshot) -> Iterator[Reason]:
    if namespace := seen.get("Namespace", "", workload["metadata"].get("namespace", "")):
        yield from reasons_of_namespace(namespace)


def reasons_of_namespace(namespace: Manifest) -> Iterator[Reason]:
    """It is being deleted: what holds that, in Kubernetes' own words."""
    metadata = namespace["metadata"]
    if not metadata.get("deletionTimestamp"):
        return
    types = ("NamespaceFinalizersRemaining", "NamespaceContentRemaining", "NamespaceDeletionContentFailure")
    held = [entry(namespace, type_) for type_ in types]
    words = next((str(one["message"]) for one in held if one.get("status") == "True"), "")
    message = f"namespace {metadata['name']} is being deleted{f': {words}' if words else ''}"
    fix = (
        f"look for what is left: `kubectl api-resources --verbs=list --namespaced -o name | xargs -n1 kubectl get -n"
        f" {metadata['name']} --ignore-not-found -o name`, and take its finalizers away; then, where it is not made"
        f" anew, `kubectl create namespace {metadata['name']}`"
    )
    yield Reason(
        "namespace", named("Namespace", "", metadata["name"]), message, fix, since=metadata["deletionTimestamp"]
    )


def _job(workload: Manifest) -> Iterator[Reason]:
    failed = condition(workload, "Failed") if workload["kind"] == "Job" else None
    if failed:
        namespace, name = workload["metadata"]["namespace"], workload["metadata"]["name"]
        message = f"the Job has failed: {failed.get('message') or failed.get('reason')}"
        fix = (
            f"{logs(workload, 'job/')} says why; correct that, and `kubectl delete job -n {namespace} {name}`: Argo CD,"
            " or `chatdb deploy`, makes it anew"
        )
        yield Reason("job", title(workload), message, fix, Grace.NONE, since(workload, "Failed"))


def _refused(workload: Manifest, seen: Snapshot) -> Iterator[Reason]:
    """The API server takes none of its pods; old warnings of a workload that has them do not count."""
    failure = condition(seen.newest(workload) or {}, "ReplicaFailure") if workload["kind"] == "Deployment" else None
    words, began = (str(failure["message"]), failure.get("lastTransitionTime", "")) if failure else ("", "")
    if workload["kind"] != "Deployment" and _lacks_pods(workload):
        words, began = seen.warned(workload, "FailedCreate") or "", since(workload)
    if words:
        unknown = Reason("refused", title(workload), one_line(f"its pods are refused: {words}"), describe(workload))
        yield refusal(workload, words, began) or unknown


def _lacks_pods(workload: Manifest) -> bool:
    status = workload.get("status", {})
    if workload["kind"] == "Job":
        return not status.get("active") and not condition(workload, "Complete")
    return bool(status.get("replicas", 0) < replicas(workload))


def reasons_of_autoscaler(autoscaler: Manifest) -> Iterator[Reason]:
    """It can't scale: most often nothing answers for metrics."""
    for type_ in ("AbleToScale", "ScalingActive"):
        state = entry(autoscaler, type_)
        if state.get("status") == "False" and state.get("reason") != "ScalingDisabled":
            metadata = autoscaler["metadata"]
            message = f"autoscaler {metadata['name']} does not scale: {one_line(str(state.get('message', '')))}"
            fix = "install metrics-server; on minikube: `minikube addons enable metrics-server`"
            if "etric" not in str(state.get("reason")):
                fix = describe(autoscaler)
            yield Reason("metrics", title(autoscaler), message, fix, Grace.LONG, since(autoscaler, type_))
            return
