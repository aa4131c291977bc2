"""A way of being stuck: how it is made on a real API server, what `chatdb status` has to say of it, and the fix."""

import re
import shlex
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import yaml

from tests.e2e.api import ApiError, Manifest
from tests.e2e.deployment import Deployment
from tests.e2e.stack import search_path

Cause = Mapping[str, Any]
"""A cause as `chatdb status --json` prints it."""
Made = Callable[[Deployment], AbstractContextManager[None]]
Fix = Callable[[Deployment, Cause], None]
COMMAND = re.compile(r"`(kubectl [^`]+)`")
CHANGES = ("kubectl annotate", "kubectl apply", "kubectl delete", "kubectl patch", "kubectl uncordon")
APPLYING = 30
RESTRICTED = {
    "runAsNonRoot": True,
    "runAsUser": 1000,
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}
SMALL = {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"cpu": "20m", "memory": "32Mi"}}
CONTAINER = {"name": "one", "image": "none.invalid/one:1", "securityContext": RESTRICTED, "resources": SMALL}
POD: Manifest = {"restartPolicy": "Never", "containers": [CONTAINER]}
"""The spec of a pod that every namespace of the platform takes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """What is made, and what has to be the first cause: its kind, and words of what holds, of why, and of the fix.

    Leaving `made` takes away what is wrong outside the platform, such as a webhook; `fix` is applied before that, and
    `after` after it.
    """

    made: Made
    kind: str
    held_by: str
    message: str
    advice: str
    fix: Fix | None = None
    after: Fix | None = None


def as_printed(platform: Deployment, cause: Cause) -> None:
    """Run the commands of the fix that change something, as they are printed."""
    commands = [one for one in COMMAND.findall(cause["fix"]) if one.startswith(CHANGES)]
    assert commands, cause
    for command in commands:
        done = kubectl(platform, command)
        assert done.returncode == 0, (command, done.stderr)


def kubectl(platform: Deployment, command: str) -> "subprocess.CompletedProcess[str]":
    """Run it in the clone, as an administrator."""
    environment = {
        "KUBECONFIG": str(platform.cluster.kubeconfig),
        "PATH": search_path(),
        "HOME": str(platform.cluster.folder),
    }
    return subprocess.run(
        shlex.split(command),
        cwd=platform.origin.work,
        env=environment,
        capture_output=True,
        text=True,
        timeout=APPLYING,
        check=False,
    )


def remake(platform: Deployment, component: str) -> None:
    """Delete its pods, so that new ones are made."""
    for pod in platform.api.list("v1", "Pod"):
        if pod["metadata"].get("labels", {}).get("app") == component:
            platform.api.delete(platform.api.of(pod))


@contextmanager
def applied(platform: Deployment, *manifests: Manifest) -> Iterator[None]:
    """These objects are in the cluster, beside what git names."""
    for manifest in manifests:
        platform.api.apply(manifest)
    try:
        yield
    finally:
        for manifest in manifests:
            platform.api.delete(platform.api.of(manifest))


def path(platform: Deployment, version: str, kind: str, namespace: str, name: str) -> str:
    """The path of an object."""
    return platform.api.path(version, kind, namespace, name)


def delete(platform: Deployment, version: str, kind: str, namespace: str, name: str) -> None:
    """Delete an object by hand: Argo CD wants it back."""
    platform.delete_by_hand(version, kind, namespace, name)


def job_of(platform: Deployment, component: str) -> Manifest:
    """The Job of a component, whose name ends in a hash."""
    jobs = platform.api.list("batch/v1", "Job")
    return next(job for job in jobs if job["metadata"].get("labels", {}).get("app") == component)


def until(condition: Callable[[], object], seconds: float = APPLYING) -> None:
    """Wait for a condition of the API server, whose errors do not count."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if condition():
                return
        except ApiError:
            pass
        time.sleep(0.2)
    raise TimeoutError(f"not within {seconds} s: {condition}")


def refuses_pods(platform: Deployment, namespace: str, component: str) -> bool:
    """Whether a pod of the component is refused there: what refuses it is effective some moments after it is made."""
    head = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "asked", "labels": {"app": component}}}
    try:
        platform.api.request("POST", f"/api/v1/namespaces/{namespace}/pods?dryRun=All", head | {"spec": POD})
    except ApiError:
        return True
    return False


def grant(platform: Deployment) -> None:
    """Apply the read-only account that is shipped, as an administrator does."""
    text = (platform.origin.work / "argocd/minikube/status-access.yaml").read_text()
    for manifest in yaml.safe_load_all(text):
        platform.api.apply(manifest)
