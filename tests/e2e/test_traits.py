"""A real API server takes every object of every pair of traits, and three nodes have room for it."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest

from catalogue.components import CATALOGUE
from catalogue.namespaces import Namespace
from chatdb.local.processes import wait_for
from constructs_lib.gitops.kustomizations import write_kustomization
from constructs_lib.gitops.synth import stage
from constructs_lib.kustomization import DIST, GENERATED
from constructs_lib.kustomize import kustomize
from constructs_lib.options import Backups, ObjectStore, Options
from constructs_lib.parts.labels import KEEP
from constructs_lib.quantity import millicores
from constructs_lib.rendered import identity
from constructs_lib.settings import read_settings
from constructs_lib.traits import choices
from tests.e2e.accepted import assert_unwritten, assert_well
from tests.e2e.api import ApiError, Manifest
from tests.e2e.operator import instances
from tests.e2e.target import Target, apply_all, target
from tests.repository import PLATFORM, ROOT, copy_inputs

SETTLING = 60
UNKNOWN = r'unknown field "(spec\.)?replcas"|replcas: field not declared in schema'
LARGE = read_settings(ROOT, CATALOGUE, "production")
OPTIONS = Options(
    object_store=ObjectStore(endpoint="https://s3.example", host="s3.example", port=443),
    backups=Backups(bucket="backups", schedule="0 0 3 * * *", retention="30d"),
)
PAIRS = {".".join(traits) or "bases": traits for traits in choices(ROOT, CATALOGUE)}
QUOTA = "ResourceQuota"
Platform = dict[str, list[Manifest]]


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Platform:
    """The objects of an environment without a patch for every pair of traits, and what operators make of them."""
    root, out = copy_inputs(tmp_path_factory.mktemp("inputs")), tmp_path_factory.mktemp("render")
    plain = replace(read_settings(ROOT, CATALOGUE, "minikube"), nodes=LARGE.nodes, options=OPTIONS)
    pairs = [replace(plain, environment=name, traits=traits) for name, traits in PAIRS.items()]
    for one in pairs:
        for tier in one.tiers:
            write_kustomization(root / "overlays" / one.environment / tier, [f"{DIST}/{tier}"], [GENERATED])
    stage(root, PLATFORM, pairs, out)
    built = {name: kustomize(out, out / "overlays" / name, root) for name in PAIRS}
    built[LARGE.environment] = kustomize(ROOT, ROOT / "overlays" / LARGE.environment)
    return {name: [*manifests, *instances(manifests)] for name, manifests in built.items()}


@dataclass(slots=True)
class Deployed:
    """What a cluster has been asked for, by identity."""

    target: Target
    manifests: dict[tuple[str, str, str], Manifest] = field(default_factory=dict)

    def change(self, manifests: list[Manifest]) -> None:
        """Delete what is not among these, and apply those that differ: the server has seen the others as they are.

        As Argo CD does, it keeps what holds data.
        Quotas come last, and hold what runs: one that shrinks refuses pods that are replaced while others go.
        """
        wanted, api = {identity(manifest): manifest for manifest in manifests}, self.target.api
        for key, manifest in self.manifests.items():
            if (key not in wanted and not _kept(manifest)) or manifest["kind"] == QUOTA:
                api.delete(api.of(manifest))
        wait_for("pods that are deleted are gone", SETTLING, lambda: not self._going())
        different = [manifest for key, manifest in wanted.items() if self.manifests.get(key) != manifest]
        apply_all(api, [one for one in different if one["kind"] != QUOTA])
        assert_well(self.target, SETTLING)
        quotas = [manifest for manifest in manifests if manifest["kind"] == QUOTA]
        assert len(apply_all(api, quotas)) == len(quotas) == len(Namespace)
        assert [line for quota in quotas for line in _exceeded(api.request("GET", api.of(quota)))] == []
        self.manifests = wanted

    def _going(self) -> list[Manifest]:
        pods = [pod for namespace in Namespace for pod in self.target.api.list("v1", "Pod", namespace)]
        return [pod for pod in pods if "deletionTimestamp" in pod["metadata"]]


def _kept(manifest: Manifest) -> bool:
    return KEEP.items() <= (manifest["metadata"].get("annotations") or {}).items()


def _exceeded(quota: Manifest) -> list[str]:
    """What is used of the quota's namespace beyond it; all quantities compare as thousandths."""
    used, hard = quota["status"]["used"], quota["spec"]["hard"]
    namespace = quota["metadata"]["namespace"]
    return [
        f"{namespace}: {name} {used[name]} of {hard[name]}"
        for name in hard
        if millicores(used[name]) > millicores(hard[name])
    ]


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory, platform: Platform) -> Iterator[Deployed]:
    """A control plane without Argo CD, with nothing of the platform but its namespaces."""
    with target(tmp_path_factory.mktemp("traits") / "cluster", LARGE.nodes) as made:
        apply_all(made.api, [manifest for manifest in platform["bases"] if manifest["kind"] == "Namespace"])
        yield Deployed(made)


@pytest.mark.parametrize("name", [*PAIRS, LARGE.environment])
def test_accepted(deployed: Deployed, platform: Platform, name: str) -> None:
    """Strict validation takes every object; every pod passes `restricted`, quota and limits, and finds its place.

    Traits are turned on and off on one cluster: each pair is also an update of the one before.
    """
    assert len(platform[name]) > 100
    deployed.change(platform[name])


def test_second_apply_changes_nothing(deployed: Deployed, platform: Platform) -> None:
    """What is applied again is not written, also of the kinds that traits bring."""
    deployed.change(platform[LARGE.environment])
    assert_unwritten(deployed.target.api, platform[LARGE.environment])


def test_unknown_field_is_refused(deployed: Deployed, platform: Platform) -> None:
    """Of every kind, the server refuses what it takes otherwise when one field is misspelt."""
    kinds = {one["kind"]: one for manifests in platform.values() for one in manifests}
    assert len(kinds) > 15
    for manifest in kinds.values():
        deployed.target.api.apply(manifest, dry_run=True)
        misspelt = copy.deepcopy(manifest)
        misspelt.get("spec", misspelt)["replcas"] = 2
        with pytest.raises(ApiError, match=UNKNOWN):
            deployed.target.api.apply(misspelt, dry_run=True)
