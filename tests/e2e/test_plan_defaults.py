"""The table of defaults of `chatdb plan` is what a real API server fills in, and nothing of it is superfluous."""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

from chatdb.local.processes import wait_for
from chatdb.plan import defaults, normal
from chatdb.plan.defaults import KINDS, POD
from constructs_lib.kustomize import kustomize
from tests.e2e.api import Manifest
from tests.e2e.plan_examples import EXAMPLES
from tests.e2e.planned import define_applications
from tests.e2e.target import SCRATCH, Target, target
from tests.repository import ROOT

ENVIRONMENTS = ("minikube", "production")
EVERYWHERE = (
    "metadata.creationTimestamp", "metadata.finalizers", "metadata.generation", "metadata.managedFields",
    "metadata.resourceVersion", "metadata.uid", "status",
)  # fmt: skip
OF_JOBS = ("batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name", "controller-uid", "job-name")
SERVERS_OWN: Mapping[str, tuple[str, ...]] = {
    "DaemonSet": ("metadata.annotations",),
    "Job": ("spec.selector", *(f"spec.template.metadata.labels.{label.replace('.', '~')}" for label in OF_JOBS)),
    "Namespace": ("metadata.labels.kubernetes~io/metadata~name", "spec"),
    "PersistentVolumeClaim": ("spec.storageClassName",),
    "Service": ("spec.clusterIP", "spec.clusterIPs", "spec.ipFamilies"),
}
"""What the server alone knows, where the manifest does not name it; `~` is a dot of a key."""
MANY = 200
Pairs = list[tuple[Manifest, Manifest]]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A control plane with a namespace, to which nothing is written."""
    with target(tmp_path_factory.mktemp("defaults") / "cluster") as made:
        made.api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SCRATCH}})
        define_applications(made.api)
        account = ("v1", "ServiceAccount", SCRATCH, "default")
        wait_for("there is a service account", 30, lambda: made.api.get(*account))
        yield made


@pytest.fixture(scope="module")
def pairs(cluster: Target) -> Pairs:
    """Every rendered object and every example, with what the server makes of it."""
    rendered = [
        manifest
        for environment in ENVIRONMENTS
        for manifest in (*kustomize(ROOT, ROOT / "overlays" / environment), *_argo_cd(environment))
    ]
    return [(moved, cluster.api.apply(moved, dry_run=True)) for moved in map(_moved, (*rendered, *EXAMPLES))]


def _argo_cd(environment: str) -> Iterator[Manifest]:
    for path in sorted((ROOT / "argocd" / environment).rglob("*.yaml")):
        yield from yaml.safe_load_all(path.read_text(encoding="utf-8"))


def _moved(manifest: Manifest) -> Manifest:
    """The same where nothing is: in a namespace of its own, or under another name."""
    metadata = dict(manifest["metadata"])
    if "namespace" in metadata:
        metadata["namespace"] = SCRATCH
    else:
        metadata["name"] += "-new"
    return {**manifest, "metadata": metadata}


def test_completed_as_the_server_does(pairs: Pairs) -> None:
    """What a plan compares is the server's object, less what only the server knows."""
    assert len(pairs) > MANY
    wrong = [
        f"{one['kind']} {one['metadata']['name']}: {difference}"
        for one, live in pairs
        for difference in _differences(normal.normal(one), _own(one, live))
    ]
    assert wrong == []


def _differences(ours: Any, theirs: Any, path: str = "") -> Iterator[str]:
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name in sorted({*ours, *theirs}):
            yield from _differences(ours.get(name), theirs.get(name), f"{path}/{name}")
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for number, pair in enumerate(zip(ours, theirs, strict=True)):
            yield from _differences(*pair, f"{path}/{number}")
    elif type(ours) is not type(theirs) or ours != theirs:
        yield f"{path}: {ours!r}, and {theirs!r} on the server"


def _own(manifest: Manifest, live: Manifest) -> Manifest:
    """The live object, without what the server alone knows."""
    own = copy.deepcopy(live)
    for path in (*EVERYWHERE, *SERVERS_OWN.get(manifest["kind"], ())):
        *steps, last = (step.replace("~", ".") for step in path.split("."))
        node, named = own, manifest
        for step in steps:
            node, named = node.get(step) or {}, named.get(step) or {}
        if not named.get(last):
            node.pop(last, None)
    for claim in own.get("spec", {}).get("volumeClaimTemplates", ()):
        claim.pop("status", None)
    return own


def test_every_entry_is_needed(pairs: Pairs, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it, some object would not be as the server's."""
    whole = [normal.normal(one) for one, _ in pairs]
    superfluous: list[tuple[object, str, str]] = []
    for kind, table in {**KINDS, ("", "pod"): POD}.items():
        for path, values in table.items():
            for name in values:
                less = {**table, path: {key: value for key, value in values.items() if key != name}}
                with monkeypatch.context() as patch:
                    if table is POD:
                        patch.setattr(normal, "POD", less)
                    else:
                        patch.setattr(normal, "KINDS", {**KINDS, kind: less})
                    if _unchanged(pairs, whole):
                        superfluous.append((kind, path, name))
    assert superfluous == []


@pytest.mark.parametrize("name", ["AMOUNTS", "SIZES", "MAPS", "PLAIN"])
def test_every_name_is_needed(pairs: Pairs, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The same of fields with quantities, and of those that are left out where they are empty."""
    whole = [normal.normal(one) for one, _ in pairs]
    names: frozenset[str] = getattr(defaults, name)
    superfluous = []
    for one in sorted(names):
        monkeypatch.setattr(normal, name, names - {one})
        if _unchanged(pairs, whole):
            superfluous.append(one)
    assert superfluous == []


def _unchanged(pairs: Pairs, whole: list[Manifest]) -> bool:
    return all(normal.normal(one) == made for (one, _), made in zip(pairs, whole, strict=True))
