"""Faults of a running platform, each a context: the fault is there inside, and afterwards nobody has to mend more.

Pods are made at once by kwok, so a component is held back by the scheduler: its new pods ask for a label that no node
has, until the fault ends. No Argo CD sees that as a change of what it applied.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

from api import NOT_FOUND, Api, ApiError, Manifest
from cluster import NODE, STARTING
from deployment import Deployment

from constructs_lib.local.processes import wait_for

ADMISSION = "admissionregistration.k8s.io/v1"
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
    patch = f"[JSONPatch{{op: 'add', path: '/spec/nodeSelector', value: {{'{label}': 'ended'}}}}]"
    policy = _policy(
        "MutatingAdmissionPolicy",
        rule={"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]},
        condition=f"object.metadata.?labels['app'].orValue('') == '{component}'",
        mutations=[{"patchType": "JSONPatch", "jsonPatch": {"expression": patch}}],
        reinvocationPolicy="Never",
    )

    def effective() -> bool:
        made = platform.api.request("POST", "/api/v1/namespaces/default/pods?dryRun=All", _pod(component))
        return label in made["spec"].get("nodeSelector", {})

    try:
        with _applied(platform.api, policy, effective):
            yield
    finally:
        platform.api.patch(f"/api/v1/nodes/{NODE}", {"metadata": {"labels": {label: "ended"}}})


@contextmanager
def refused(platform: Deployment, kind: str, namespace: str, name: str, unless: str = "false") -> Iterator[None]:
    """The API server neither makes nor changes that object, which has to be there before; `unless` is CEL."""
    api_version = f"{GROUPS[kind]}/v1".lstrip("/")
    path = platform.api.path(api_version, kind, namespace, name)
    policy = _policy(
        "ValidatingAdmissionPolicy",
        rule={
            "apiGroups": [GROUPS[kind]],
            "apiVersions": ["v1"],
            "operations": ["CREATE", "UPDATE"],
            "resources": [path.split("/")[-2]],
        },
        # Argo CD compares by dry runs; one that fails would hide what is asked for here, an object that is missing.
        condition=f"object.metadata.name == '{name}' && object.metadata.namespace == '{namespace}' && {REAL}",
        validations=[{"expression": unless, "message": "refused by the test"}],
    )

    def effective() -> bool:
        try:
            platform.api.patch(path, {})
        except ApiError as error:
            return error.code != NOT_FOUND
        return False

    with _applied(platform.api, policy, effective):
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
    found = platform.cluster.servers[server]
    found.kill()
    try:
        yield
    finally:
        found.start()
        wait_for("the API server is ready", STARTING, platform.api.ready)


def _policy(kind: str, *, rule: Manifest, condition: str, **spec: object) -> Manifest:
    return {
        "apiVersion": ADMISSION,
        "kind": kind,
        "metadata": {"name": f"fault-{next(_numbers)}"},
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {"resourceRules": [rule]},
            "matchConditions": [{"name": "meant", "expression": condition}],
            **spec,
        },
    }


@contextmanager
def _applied(api: Api, policy: Manifest, effective: Callable[[], bool]) -> Iterator[None]:
    """The policy and its binding, from when it is effective on, which comes some moments after it is there."""
    name = policy["metadata"]["name"]
    binding: Manifest = {
        "apiVersion": ADMISSION,
        "kind": f"{policy['kind']}Binding",
        "metadata": {"name": name},
        "spec": {"policyName": name},
    }
    if policy["kind"].startswith("Validating"):
        binding["spec"]["validationActions"] = ["Deny"]
    try:
        api.apply(policy)
        api.apply(binding)
        wait_for("the fault is effective", STARTING, effective)
        yield
    finally:
        for manifest in (binding, policy):
            api.delete(api.of(manifest))
        wait_for("the fault is gone", STARTING, lambda: not effective())


def _pod(component: str) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "asked", "labels": {"app": component}},
        "spec": {"containers": [{"name": "asked", "image": "asked"}]},
    }
