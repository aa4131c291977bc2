"""What is wrong with the workloads of some namespaces, in the words of the cluster itself."""

import time
from collections.abc import Iterable

from tests.e2e.api import Api, Manifest
from tests.e2e.order import ready

WORKLOADS = (("apps/v1", "Deployment"), ("apps/v1", "StatefulSet"), ("batch/v1", "Job"))
REFUSED, UNPLACED = "FailedCreate", "FailedScheduling"
CONFLICT = "Operation cannot be fulfilled on resourcequotas"
"""Two pods were counted at once, and Kubernetes tries the second again: no pod is missing for it."""
POLL = 0.25


def complaints(api: Api, namespaces: Iterable[str]) -> list[str]:
    """One line for each workload that is not ready, each pod that is not placed or ready, and each refused pod."""
    return [line for namespace in namespaces for line in _namespace(api, namespace)]


def settled(api: Api, namespaces: Iterable[str], seconds: float) -> list[str]:
    """What there is still to complain of after that time; nothing as soon as there is nothing."""
    deadline = time.monotonic() + seconds
    while (remaining := complaints(api, namespaces)) and time.monotonic() < deadline:
        time.sleep(POLL)
    return remaining


def _namespace(api: Api, namespace: str) -> list[str]:
    workloads = [manifest for kind in WORKLOADS for manifest in api.list(*kind, namespace)]
    pods = api.list("v1", "Pod", namespace)
    events = api.list("v1", "Event", namespace)
    return [
        *(f"{_name(workload)} is not ready" for workload in workloads if not ready(workload)),
        *(
            f"{_name(workload)} has no pod"
            for workload in workloads
            if not any(_selects(workload, pod) for pod in pods)
        ),
        *(f"{_name(pod)}: {_why(pod, events)}" for pod in pods if not _fine(pod)),
        *(f"{_about(event)}: {event['message']}" for event in events if _refusal(event)),
    ]


def _name(manifest: Manifest) -> str:
    metadata = manifest["metadata"]
    return f"{manifest['kind']} {metadata['namespace']}/{metadata['name']}"


def _about(event: Manifest) -> str:
    about = event["involvedObject"]
    return f"{about['kind']} {about['namespace']}/{about['name']}"


def _refusal(event: Manifest) -> bool:
    return event["reason"] == REFUSED and CONFLICT not in event["message"]


def _selects(workload: Manifest, pod: Manifest) -> bool:
    labels = pod["metadata"].get("labels", {})
    return bool(workload["spec"]["selector"]["matchLabels"].items() <= labels.items())


def _fine(pod: Manifest) -> bool:
    status = pod.get("status", {})
    conditions = {condition["type"]: condition["status"] for condition in status.get("conditions", [])}
    return "nodeName" in pod["spec"] and (status.get("phase") == "Succeeded" or conditions.get("Ready") == "True")


def _why(pod: Manifest, events: list[Manifest]) -> str:
    """The scheduler's words, where it is the scheduler that it waits for."""
    if "nodeName" in pod["spec"]:
        return f"is {pod.get('status', {}).get('phase')}, not ready"
    words = [event["message"] for event in events if (event["reason"], _about(event)) == (UNPLACED, _name(pod))]
    return words[-1] if words else "is not placed yet"
