"""Faults of a running platform, each a context: the fault is there inside, and afterwards nobody has to fix more.

Pods are made at once by kwok, so a component is held back by the scheduler: its new pods ask for a label that no node
has, until the fault ends. No Argo CD sees that as a change of what it applied.
"""

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count

from chatdb.local.processes import wait_for
from tests.e2e.api import NOT_FOUND, ApiError, Manifest
from tests.e2e.cluster import STARTING
from tests.e2e.deployment import Deployment
from tests.e2e.webhook import SECONDS, answering

GROUPS = {
    "ConfigMap": "",
    "Service": "",
    "ServiceAccount": "",
    "NetworkPolicy": "networking.k8s.io",
    "Deployment": "apps",
}
REAL = "!(has(request.dryRun) && request.dryRun)"
_numbers = count(1)


@contextmanager
def never_ready(platform: Deployment, component: str) -> Iterator[None]:
    """New pods of the component stay Pending; the ones that run already run on."""
    label = f"chatdb.io/fault-{next(_numbers)}"
    try:
        with new_pods(platform, component, "/spec/nodeSelector", {label: "ended"}):
            yield
    finally:
        for node in platform.cluster.nodes:
            platform.api.patch(f"/api/v1/nodes/{node}", {"metadata": {"labels": {label: "ended"}}})


@contextmanager
def failing(platform: Deployment, component: str, how: str) -> Iterator[None]:
    """All pods of the component fail as failing.yaml has it, new ones and those that run; then all are made anew."""
    fails = {"test.invalid/fails": how}
    with new_pods(platform, component, "/metadata/annotations", fails):
        for path in _pods(platform, component):
            platform.api.patch(path, {"metadata": {"annotations": fails}})
        yield
    for path in _pods(platform, component):
        platform.api.delete(path)


@contextmanager
def refused(platform: Deployment, kind: str, namespace: str, name: str, unless: str = "false") -> Iterator[None]:
    """The API server neither makes nor changes that object, which has to be there before; `unless` is CEL."""
    api_version = f"{GROUPS[kind]}/v1".lstrip("/")
    path = platform.api.path(api_version, kind, namespace, name)
    rule = {
        "apiGroups": [GROUPS[kind]],
        "apiVersions": ["v1"],
        "operations": ["CREATE", "UPDATE"],
        "resources": [path.split("/")[-2]],
    }
    # Argo CD compares by dry runs; one that fails would hide what is asked for here, an object that is missing.
    meant = [f"object.metadata.name == '{name}' && object.metadata.namespace == '{namespace}'", REAL, f"!({unless})"]
    answer = {"allowed": False, "status": {"message": "refused by the test"}}

    def effective() -> bool:
        try:
            platform.api.patch(path, {})
        except ApiError as error:
            return error.code != NOT_FOUND
        return False

    with _applied(platform, "Validating", rule, meant, answer, effective):
        yield


@contextmanager
def no_git(platform: Deployment) -> Iterator[None]:
    """The repository is not where it was."""
    away = platform.origin.bare.with_suffix(".away")
    platform.origin.bare.rename(away)
    try:
        yield
    finally:
        away.rename(platform.origin.bare)


@contextmanager
def crashed(platform: Deployment, server: str) -> Iterator[None]:
    """The server is killed, and started again at the end."""
    process = platform.cluster.servers[server]
    process.kill()
    try:
        yield
    finally:
        process.start()
        wait_for("the API server is ready", STARTING, platform.api.ready)


def _pods(platform: Deployment, component: str) -> list[str]:
    """The paths of its pods."""
    pods = platform.api.list("v1", "Pod")
    return [platform.api.of(pod) for pod in pods if pod["metadata"].get("labels", {}).get("app") == component]


@contextmanager
def new_pods(platform: Deployment, component: str, path: str, value: Mapping[str, object]) -> Iterator[None]:
    """New pods of the component have that value at that path (of JSONPatch)."""
    patch = [{"op": "add", "path": path, "value": value}]
    answer = {"allowed": True, "patchType": "JSONPatch", "patch": base64.b64encode(json.dumps(patch).encode()).decode()}
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
    meant = [
        "has(object.metadata.labels) && 'app' in object.metadata.labels",
        f"object.metadata.labels['app'] == '{component}'",
    ]

    def effective() -> bool:
        made = platform.api.request("POST", "/api/v1/namespaces/default/pods?dryRun=All", _pod(component))
        for part in path.removeprefix("/").split("/"):
            made = made.get(part, {})
        return bool(value.items() <= made.items())

    with _applied(platform, "Mutating", rule, meant, answer, effective):
        yield


@contextmanager
def _applied(
    platform: Deployment,
    kind: str,
    rule: Manifest,
    meant: list[str],
    answer: Manifest,
    effective: Callable[[], bool],
) -> Iterator[None]:
    """A webhook for what all conditions (CEL) hold of, from when it is asked on, which comes some moments after."""
    with answering(platform.cluster.certificates, answer) as client:
        hook = {
            "name": "fault.test.invalid",
            "clientConfig": client,
            "rules": [rule],
            "matchConditions": [{"name": f"meant-{number}", "expression": text} for number, text in enumerate(meant)],
            "failurePolicy": "Fail",
            "timeoutSeconds": SECONDS,
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
        }
        configuration = {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": f"{kind}WebhookConfiguration",
            "metadata": {"name": f"fault-{next(_numbers)}"},
            "webhooks": [hook],
        }
        try:
            platform.api.apply(configuration)
            wait_for("the fault is effective", STARTING, effective)
            yield
        finally:
            platform.api.delete(platform.api.of(configuration))
            wait_for("the fault is gone", STARTING, lambda: not effective())


def _pod(component: str) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "asked", "labels": {"app": component}},
        "spec": {"containers": [{"name": "asked", "image": "asked"}]},
    }
