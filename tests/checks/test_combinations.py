"""Every pair of optional traits, and every choice of tiers, builds and passes the rules."""

import itertools
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalogue.components import CATALOGUE
from catalogue.tiers import OPTIONAL_TIERS, Tier
from constructs_lib.checks.render import inputs
from constructs_lib.checks.rules import RULES, run
from constructs_lib.gitops.synth import synthesize
from constructs_lib.kustomize import kustomize
from constructs_lib.settings import read_settings
from constructs_lib.traits import choices, traits
from tests.repository import PLATFORM, ROOT, attach, copy_inputs

TRAITS = traits(ROOT / "overlays")
LEFT_OUT = itertools.chain.from_iterable(itertools.combinations(sorted(OPTIONAL_TIERS), n) for n in range(1, 3))
CHOICES = [*((names, ()) for names in choices(ROOT, CATALOGUE, 2)), *(((), tiers) for tiers in LEFT_OUT)]
GONE = {
    # Each trait takes its own component's objects away, and these rules say so.
    "external-credentials": {"components", "accounts"},
}


def leave_out(path: Path, tiers: tuple[Tier, ...]) -> None:
    """Have the environment of the settings file without these tiers."""
    settings = yaml.safe_load(path.read_text())
    settings["environments"]["minikube"]["tiers"] = [str(tier) for tier in Tier if tier not in tiers]
    path.write_text(yaml.safe_dump(settings))


@pytest.mark.parametrize(
    ("traits", "left_out"), CHOICES, ids=["+".join([*t, *(f"no-{o}" for o in left)]) or "plain" for t, left in CHOICES]
)
def test_combination(tmp_path: Path, traits: tuple[str, ...], left_out: tuple[Tier, ...]) -> None:
    """The whole overlay builds, and every rule holds but those that a trait is exempt from."""
    repository = copy_inputs(tmp_path)
    overlay = repository / "overlays/minikube"
    attach(repository, "minikube", traits)
    leave_out(repository / "chatdb.yaml", left_out)
    synthesize(repository, CATALOGUE, tmp_path / ".cdk8s/out")
    rendered = inputs(repository, PLATFORM, read_settings(repository, CATALOGUE))
    exempt = set().union(*(GONE.get(trait, set()) for trait in traits))
    # For the files nothing differs between combinations.
    rules = [rule for rule in RULES if rule.id not in exempt | {"files"}]
    assert [str(finding) for finding in run(rendered, rules)] == []
    assert len(kustomize(repository, overlay)) == len(rendered.rendered)


@pytest.mark.parametrize(
    ("trait", "gone", "there"),
    [
        ("gateway-api", ("Ingress", ""), ("HTTPRoute", "query-parser")),
        ("external-credentials", ("Job", "credentials"), ("Namespace", "chatdb-system")),
        ("object-store-versitygw", ("ConfigMap", "minio-config"), ("Deployment", "minio")),
    ],
)
def test_trait_does_something(tmp_path: Path, trait: str, gone: tuple[str, str], there: tuple[str, str]) -> None:
    """A patch whose target is not there passes silently: look at what the trait is for."""
    repository = copy_inputs(tmp_path)
    (tier,) = TRAITS[trait]
    folder = repository / "overlays/minikube" / tier
    attach(repository, "minikube", [trait])
    synthesize(repository, CATALOGUE, tmp_path / ".cdk8s/out")
    objects = {(m["kind"], m["metadata"]["name"]) for m in kustomize(repository, folder)}
    assert not [name for kind, name in objects if kind == gone[0] and name.startswith(gone[1])]
    assert there in objects
    if trait == "object-store-versitygw":
        (minio,) = [m for m in kustomize(repository, folder) if (m["kind"], m["metadata"]["name"]) == there]
        (container,) = minio["spec"]["template"]["spec"]["containers"]
        assert container["image"].startswith("versity/versitygw:")
        assert [port["containerPort"] for port in container["ports"]] == [9000]


def test_choices_are_those_that_an_environment_may_have() -> None:
    """No pair that excludes itself, and no trait without those that it needs."""
    pairs = set(choices(ROOT, CATALOGUE, 2))
    assert ("postgres-import",) not in pairs
    assert ("postgres-cloudnative-pg", "postgres-import") in pairs
    assert not [names for names in pairs if "postgres-import" in names and "postgres-cloudnative-pg" not in names]
    assert ("object-store-external", "object-store-versitygw") not in pairs


def test_what_one_trait_takes_away_another_brings(tmp_path: Path) -> None:
    """The server that a Cluster replaces is there again, beside it."""
    repository = copy_inputs(tmp_path)
    attach(repository, "minikube", ["postgres-cloudnative-pg", "postgres-import"])
    synthesize(repository, CATALOGUE, tmp_path / ".cdk8s/out")
    folder = repository / "overlays/minikube/foundation"
    kinds = {m["kind"] for m in kustomize(repository, folder) if m["metadata"]["name"] == "postgres"}
    assert {"Cluster", "StatefulSet"} <= kinds


def test_every_trait_is_known(root: Path) -> None:
    """A component that is in no combination would never be tested."""
    assert {path.name for path in (root / "overlays/components").iterdir()} == set(TRAITS)
    assert {tier for tiers in TRAITS.values() for tier in tiers} <= set(Tier)


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
