"""Where the tests of admission and access run: a cluster of their own, or the one that a kubeconfig names.

CHATDB_KUBECONFIG=<path> names one. It has to be on this machine (loopback, or a context of minikube's) unless
CHATDB_ANY_CLUSTER=yes, and it must not hold the platform already: the tests apply it, and delete its namespaces.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from catalogue.namespaces import Namespace
from chatdb.deploy.target import current
from chatdb.local.processes import wait_for
from constructs_lib.machine import Nodes
from tests.e2e.api import Api, ApiError, Manifest
from tests.e2e.cluster import INSTALLED, MACHINE, MIB, Cluster
from tests.repository import ROOT

VARIABLE, LOOSE = "CHATDB_KUBECONFIG", "CHATDB_ANY_CLUSTER"
SCRATCH = "chatdb-scratch"
"""A namespace for what is wrong on purpose."""
ANYWHERE = ("test_admission", "test_rbac", "test_traits")
"""The tests that need no cluster of their own."""
NAMESPACES = (*Namespace, SCRATCH)
DEFINITIONS = ROOT / ".tools/definitions"
DELETING = 120


@dataclass(frozen=True, slots=True)
class Target:
    """An API server, and whether everything behind it is ours."""

    api: Api
    own: bool


def named() -> Path | None:
    """The kubeconfig that the user names."""
    path = os.environ.get(VARIABLE)
    return Path(path).expanduser() if path else None


def refusal(path: Path) -> str | None:
    """Why the tests do not run on what the kubeconfig's current context names."""
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not loose() and (remote := current(config).elsewhere):
        return f"{VARIABLE}: {remote}; {LOOSE}=yes runs the tests there nevertheless"
    api = Api(path)
    if not api.ready():
        return f"{VARIABLE}: the server of context {config['current-context']} does not answer; is it started?"
    existing = [name for name in NAMESPACES if api.get("v1", "Namespace", None, name)]
    if existing:
        return f"{VARIABLE}: namespace {', '.join(existing)} is there already, and the tests would delete it"
    return None


def loose() -> bool:
    """Whether the user means any cluster."""
    return os.environ.get(LOOSE) == "yes"


@contextmanager
def target(folder: Path, nodes: Nodes | None = None) -> Iterator[Target]:
    """An empty cluster of these nodes; one that the user names is left without our objects again."""
    path = named()
    if path is None:
        yield from _own(folder, nodes)
    else:
        yield from _named(path)


def _own(folder: Path, nodes: Nodes | None) -> Iterator[Target]:
    cluster = Cluster(folder, nodes=nodes)
    try:
        cluster.start()
        # Argo CD is not there, but the room that it takes on minikube has to be.
        cluster.api.apply(_argo_cds_share())
        define_kinds(cluster.api)
        yield Target(cluster.api, own=True)
    finally:
        cluster.stop()


def _named(path: Path) -> Iterator[Target]:
    api = Api(path)
    definitions = define_kinds(api)
    try:
        yield Target(api, own=False)
    finally:
        for made in (*definitions, *(api.path("v1", "Namespace", None, name) for name in NAMESPACES)):
            api.delete(made)
        wait_for("what the tests made is gone", DELETING, lambda: refusal(path) is None)


def _argo_cds_share() -> dict[str, Any]:
    (share,) = [share for share in MACHINE.system if share.name in INSTALLED]
    requests = {"cpu": f"{share.cpu}m", "memory": f"{share.memory // MIB}Mi"}
    container = {"name": "share", "image": "none.invalid/share:1", "resources": {"requests": requests}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "argo-cd", "namespace": "kube-system"},
        "spec": {"containers": [container]},
    }


def define_kinds(api: Api, definitions: Path = DEFINITIONS, group: str = "") -> list[str]:
    """Apply the definitions of the kinds that traits bring where there are none, of all groups or of one.

    Returns the paths of those that were made.
    """
    made = []
    for path in sorted(definitions.glob(f"{group}*.yaml")):
        definition = yaml.safe_load(path.read_text(encoding="utf-8"))
        if not api.get("apiextensions.k8s.io/v1", "CustomResourceDefinition", None, definition["metadata"]["name"]):
            api.apply(definition)
            made.append(api.of(definition))
        kind, group = definition["spec"]["names"]["kind"], definition["spec"]["group"]
        (version,) = (one["name"] for one in definition["spec"]["versions"] if one["storage"])
        wait_for(f"the server knows {kind}", 30, partial(_known, api, f"{group}/{version}", kind))
    return made


def _known(api: Api, api_version: str, kind: str) -> bool:
    try:
        api.list(api_version, kind)
    except (ApiError, KeyError):
        return False
    return True


def apply_all(api: Api, manifests: list[Manifest]) -> dict[str, Manifest]:
    """Apply in Kustomize's order, as `kubectl apply -k` does; what the server made of each object, by its path."""
    # A quota that is not counted yet refuses every pod: the controller would try again, and note a failure first.
    early = [manifest for manifest in manifests if manifest["kind"] in ("Namespace", "ResourceQuota", "LimitRange")]
    made = {api.of(manifest): api.apply(manifest) for manifest in early}
    wait_for("the quotas are counted", 30, lambda: all(_counted(api, manifest) for manifest in early))
    return made | {api.of(manifest): api.apply(manifest) for manifest in manifests if manifest not in early}


def _counted(api: Api, manifest: Manifest) -> bool:
    if manifest["kind"] != "ResourceQuota":
        return True
    counted: Manifest = api.request("GET", api.of(manifest))
    return bool(counted.get("status", {}).get("hard", {}) == counted["spec"]["hard"])
