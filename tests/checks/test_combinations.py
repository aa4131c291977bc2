"""Every pair of traits, and every choice of tiers, builds, passes the rules, and is what its catalogue gives."""

import itertools
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalogue.components import CATALOGUE
from catalogue.tiers import OPTIONAL_TIERS, Tier
from constructs_lib.checks.render import inputs
from constructs_lib.checks.rules import RULES, run
from constructs_lib.gitops.delta import by_identity
from constructs_lib.gitops.kustomizations import write_kustomization
from constructs_lib.gitops.synth import publication
from constructs_lib.kustomization import DIST, GENERATED
from constructs_lib.kustomize import kustomize
from constructs_lib.render import render
from constructs_lib.rendered import identity
from constructs_lib.resolve import varied
from constructs_lib.settings import Settings, read_environments
from constructs_lib.traits import choices, known_traits, traits
from constructs_lib.yaml_loader import load_all
from tests.repository import PLATFORM, ROOT, copy_inputs, option_values

PATCHES = traits(ROOT / "overlays")
"""Traits that are patches alone -> the tiers that they patch."""
NODES = {"count": 3, "cpu": 8, "memory": "32Gi", "disk": "200G"}
PAIRS = {"+".join(names) or "plain": names for names in choices(ROOT, CATALOGUE)}
LEFT_OUT = itertools.chain.from_iterable(itertools.combinations(sorted(OPTIONAL_TIERS), n) for n in range(1, 3))
TOO_MANY = "4 x 8 of model-registry + 3 x 8 of training-orchestrator are 56 connections, and it has 47 for services"
"""Of one PostgreSQL, where both scale as far as they may: that needs postgres-cloudnative-pg besides."""
WITHOUT = {"+".join(f"no-{tier}" for tier in tiers): tiers for tiers in LEFT_OUT}


@dataclass(frozen=True, slots=True)
class Staged:
    """A repository with an environment for each choice, all of which are generated at once."""

    root: Path
    settings: dict[str, Settings]

    def objects(self, name: str, tier: str) -> list[dict[str, Any]]:
        """What Argo CD would apply."""
        return kustomize(self.root, self.root / "overlays" / self.settings[name].environment / tier)


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Staged:
    """Pairs of traits change the bases, on three nodes; choices of tiers have what minikube has."""
    root = copy_inputs(tmp_path_factory.mktemp("choices"))
    overlays, path = root / "overlays", root / "chatdb.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    minikube = content["environments"]["minikube"]
    names = {name: f"choice-{number}" for number, name in enumerate((*PAIRS, *WITHOUT))}
    for name, environment in names.items():
        own: dict[str, Any] = {"cluster": environment, "revision": "main"}
        if name in PAIRS:
            own |= {"traits": list(PAIRS[name]), "nodes": NODES, **option_values(PAIRS[name])}
            for tier in Tier:
                write_kustomization(overlays / environment / tier, [f"{DIST}/{tier}"], [GENERATED])
        else:
            tiers = [str(tier) for tier in Tier if tier not in WITHOUT[name]]
            own |= {"machine": minikube["machine"], "tiers": tiers}
            shutil.copytree(overlays / "minikube", overlays / environment)
        content["environments"][environment] = own
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    every = read_environments(root, CATALOGUE)
    publication(root, PLATFORM, every, root / ".cdk8s/out")
    by_name = {one.environment: one for one in every}
    return Staged(root, {name: by_name[environment] for name, environment in names.items()})


@pytest.mark.parametrize("name", [*PAIRS, *WITHOUT])
def test_every_rule_holds(staged: Staged, name: str) -> None:
    """The whole overlay builds; what autoscaling needs of the database is all that is found."""
    rendered = inputs(staged.root, PLATFORM, staged.settings[name])
    # For the files of the repository nothing differs between choices.
    findings = [finding.problem for finding in run(rendered, [rule for rule in RULES if rule.id != "files"])]
    alone = "autoscaling" in name and "postgres-cloudnative-pg" not in name
    assert [problem.what for problem in findings] == [TOO_MANY] * alone
    own = [one for one in rendered.rendered if one.source is None]
    assert len(kustomize(staged.root, staged.root / "overlays" / staged.settings[name].environment)) == len(own)


@pytest.mark.parametrize("name", PAIRS)
def test_manifests_are_what_the_varied_catalogue_gives(staged: Staged, name: str) -> None:
    """Kustomize makes of the bases, components and patches the same objects as a catalogue with the traits."""
    settings = staged.settings[name]
    varied_base = render(varied(PLATFORM, settings.traits, settings.options))
    overlay = staged.root / "overlays" / settings.environment
    patched = {tier for trait in settings.traits for tier in PATCHES.get(trait, ())}
    for tier in set(settings.tiers) - patched:
        built = by_identity(staged.objects(name, tier))
        of_environment = {identity(one) for one in _of_environment(overlay / tier)}
        assert of_environment <= built.keys()
        expected = by_identity(varied_base.base(tier))
        assert {key: one for key, one in built.items() if key not in of_environment} == expected


def _of_environment(overlay: Path) -> Iterator[dict[str, Any]]:
    """What is generated for any environment, whatever its traits are: DNS, quotas, tests."""
    for path in (overlay / GENERATED).glob("*.yaml"):
        if path.name != "kustomization.yaml":
            yield from load_all(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("trait", "tier", "gone", "there"),
    [
        ("autoscaling", "core", (), ("HorizontalPodAutoscaler", "model-registry")),
        ("gateway-api", "edge", ("Ingress", ""), ("HTTPRoute", "query-parser")),
        ("external-credentials", "platform", ("Job", "credentials"), ("Namespace", "chatdb-system")),
        ("kafka-three-brokers", "foundation", (), ("PodDisruptionBudget", "kafka")),
        ("object-store-external", "foundation", ("Deployment", "minio"), ("StatefulSet", "kafka")),
        ("object-store-versitygw", "foundation", (), ("Deployment", "minio")),
        ("postgres-cloudnative-pg", "foundation", ("StatefulSet", "postgres"), ("Cluster", "postgres")),
    ],
)
def test_trait_does_something(
    staged: Staged, trait: str, tier: str, gone: tuple[str, str] | tuple[()], there: tuple[str, str]
) -> None:
    """A patch whose target is not there passes silently: look at what the trait is for."""
    built, plain = (
        {(one["kind"], one["metadata"]["name"]) for one in staged.objects(name, tier)} for name in (trait, "plain")
    )
    before = {name for name in plain if gone and name[0] == gone[0] and name[1].startswith(gone[1])}
    assert bool(before) == bool(gone)
    assert not built & before
    assert there in built


def test_versity_gateway_runs_in_place_of_minio(staged: Staged) -> None:
    """Under the name and the port that consumers know."""
    objects = staged.objects("object-store-versitygw", "foundation")
    (store,) = [one for one in objects if (one["kind"], one["metadata"]["name"]) == ("Deployment", "minio")]
    (container,) = store["spec"]["template"]["spec"]["containers"]
    assert container["image"].startswith("versity/versitygw:")
    assert [port["containerPort"] for port in container["ports"]] == [9000]


def test_choices_are_those_that_an_environment_may_have() -> None:
    """No pair that excludes itself, and no trait without those that it needs."""
    pairs = set(choices(ROOT, CATALOGUE))
    assert ("postgres-import",) not in pairs
    assert ("postgres-cloudnative-pg", "postgres-import") in pairs
    assert not [names for names in pairs if "postgres-import" in names and "postgres-cloudnative-pg" not in names]
    assert ("object-store-external", "object-store-versitygw") not in pairs


def test_what_one_trait_takes_away_another_brings(staged: Staged) -> None:
    """The server that a Cluster replaces is there again, beside it."""
    objects = staged.objects("postgres-cloudnative-pg+postgres-import", "foundation")
    assert {"Cluster", "StatefulSet"} <= {one["kind"] for one in objects if one["metadata"]["name"] == "postgres"}


def test_every_trait_is_known(root: Path) -> None:
    """A component that is in no combination would never be tested."""
    assert {path.name for path in (root / "overlays/components").iterdir()} == set(PATCHES)
    assert {tier for tiers in PATCHES.values() for tier in tiers} <= set(Tier)
    assert {name for names in PAIRS.values() for name in names} == set(known_traits(root, CATALOGUE))


def test_every_patch_of_the_overlay_changes_something(rendered: Any, root: Path) -> None:
    """Kustomize says nothing about a patch that changes nothing."""
    for tier in Tier:
        folder = root / "overlays/minikube" / tier
        listed = {
            patch["path"]
            for patch in yaml.safe_load((folder / "kustomization.yaml").read_text()).get("patches", [])
            if "path" in patch
        }
        files = {path.name for path in folder.glob("*.yaml")} - {"kustomization.yaml", "prometheus-pvc.yaml"}
        assert files == listed
        base = {(m["kind"], m["metadata"]["name"]): m for m in kustomize(root, root / "dist" / tier)}
        for name in sorted(listed):
            patch = yaml.safe_load((folder / name).read_text())
            key = patch["kind"], patch["metadata"]["name"]
            patched = next(r.manifest for r in rendered.rendered if (r.kind, r.name) == key)
            assert patched != base[key], name
            assert len((folder / name).read_text().splitlines()) <= 20
