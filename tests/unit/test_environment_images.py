"""How an environment names the images that are built here: Kustomize and plain data agree."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from catalogue.components import CATALOGUE
from constructs_lib.checks.render import inputs
from constructs_lib.checks.rules import RULES, run
from constructs_lib.gitops.environment_images import (
    EnvironmentImage,
    environment_images,
    kustomize_images,
    with_images,
)
from constructs_lib.gitops.kustomizations import write_objects
from constructs_lib.gitops.synth import synthesize
from constructs_lib.kustomize import kustomize
from constructs_lib.manifest_yaml import dump
from constructs_lib.model import Image
from constructs_lib.resolve.image_tags import BuiltImages, tagged, write
from constructs_lib.settings import Settings, read_settings
from tests.repository import PLATFORM, ROOT, copy_inputs, set_values

REGISTRY = "registry.example:5000/team/chatdb"
TAG, OLD = "content-0123456789ab", "content-ba9876543210"
DIGEST = f"sha256:{'0f' * 32}"
OURS = sorted(name for name, image in CATALOGUE.images.items() if image.source)


@pytest.fixture
def settings() -> Settings:
    """Of an environment with a registry."""
    return replace(read_settings(ROOT, CATALOGUE, "minikube"), registry=REGISTRY)


def images(root: Path, settings: Settings, **pushed: tuple[str, str]) -> dict[str, EnvironmentImage]:
    """By name, where all were built with one tag, and some pushed to the registry and others elsewhere."""
    names = {name.replace("_", "-"): pair for name, pair in pushed.items()}
    elsewhere = dict.fromkeys(OURS, (TAG, DIGEST))
    write(root, BuiltImages(dict.fromkeys(OURS, TAG), {REGISTRY: names, "registry.example": elsewhere}))
    return {image.name: image for image in environment_images(root, tagged(root, CATALOGUE), settings)}


def pod(*references: str) -> dict[str, Any]:
    """A Deployment whose containers run these."""
    containers = [{"name": f"c{number}", "image": reference} for number, reference in enumerate(references)]
    spec = {"initContainers": containers[:1], "containers": containers[1:]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "some"},
        "spec": {"template": {"spec": spec}},
    }


def by_kustomize(folder: Path, manifest: dict[str, Any], some: list[EnvironmentImage]) -> list[dict[str, Any]]:
    """What the real Kustomize makes of it."""
    write_objects(folder / "some.yaml", [manifest])
    head = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": ["some.yaml"]}
    (folder / "kustomization.yaml").write_text(dump([{**head, "images": kustomize_images(some)}]))
    return kustomize(folder, folder, ROOT)


def test_defaults(tmp_path: Path, settings: Settings) -> None:
    """Without a registry nothing changes; with one that has nothing of ours, each image is named by its tag there."""
    assert environment_images(tmp_path, CATALOGUE, replace(settings, registry=None)) == ()
    some = images(tmp_path, settings)
    assert sorted(some) == OURS
    assert {name: image.reference for name, image in some.items()} == {n: f"{REGISTRY}/{n}:{TAG}" for n in OURS}
    assert [entry for entry in kustomize_images(some.values()) if "digest" in entry] == []


def test_custom(tmp_path: Path, settings: Settings) -> None:
    """A digest of the present tag in this registry is named beside the tag; one of an older build is not."""
    some = images(tmp_path, settings, ml_engine=(TAG, DIGEST), query_parser=(OLD, DIGEST))
    assert some["ml-engine"].reference == f"{REGISTRY}/ml-engine:{TAG}@{DIGEST}"
    assert some["query-parser"].reference == f"{REGISTRY}/query-parser:{TAG}"
    assert some["test-service"].digest is None
    assert kustomize_images([some["ml-engine"]]) == [
        {"name": "chatdb/ml-engine", "newName": f"{REGISTRY}/ml-engine", "newTag": TAG, "digest": DIGEST}
    ]


def test_kustomize_and_plain_data_agree(tmp_path: Path, settings: Settings) -> None:
    """In containers and init containers, with digest and without; images of others and like names stay."""
    some = list(images(tmp_path, settings, ml_engine=(TAG, DIGEST)).values())
    others = ("postgres:17.7", f"other.example/chatdb/ml-engine:{TAG}", f"chatdb/ml-engine-next:{TAG}")
    manifest = pod(f"chatdb/ml-engine:{TAG}", f"chatdb/query-parser:{TAG}", *others, f"chatdb/ml-engine:{TAG}")
    with_digest = f"{REGISTRY}/ml-engine:{TAG}@{DIGEST}"
    expected = pod(with_digest, f"{REGISTRY}/query-parser:{TAG}", *others, with_digest)
    before = str(manifest)
    assert with_images(manifest, some) == expected
    assert by_kustomize(tmp_path, manifest, some) == [expected]
    assert str(manifest) == before


def test_name_is_no_expression(tmp_path: Path, settings: Settings) -> None:
    """A dot in the name of an image fits a dot alone."""
    dotted = replace(CATALOGUE, images={"dotted": Image(repository="chatdb/a.b", tag=TAG, source="services/a")})
    some = list(environment_images(tmp_path, dotted, settings))
    manifest = pod(f"chatdb/a.b:{TAG}", f"chatdb/a-b:{TAG}")
    expected = pod(f"{REGISTRY}/a.b:{TAG}", f"chatdb/a-b:{TAG}")
    assert with_images(manifest, some) == expected
    assert by_kustomize(tmp_path, manifest, some) == [expected]


def test_what_runs_no_pods_stays(tmp_path: Path, settings: Settings) -> None:
    """The text of an image in any other object is nobody's reference."""
    config = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "a"},
        "data": {"image": f"chatdb/ml-engine:{TAG}"},
    }
    assert with_images(config, images(tmp_path, settings).values()) == config


def test_environment_is_rendered_with_its_images(tmp_path: Path) -> None:
    """Every container of ours has its registry's name, also the tests', whose digest follows; others keep theirs."""
    root = copy_inputs(tmp_path)
    set_values(root, "minikube", registry=REGISTRY)
    synthesize(root, CATALOGUE, root / ".cdk8s/out")
    rendered = inputs(root, PLATFORM, read_settings(root, CATALOGUE, "minikube"))
    before = inputs(ROOT, PLATFORM, read_settings(ROOT, CATALOGUE, "minikube"))
    every = {container["image"] for one in before.rendered for container in one.containers}
    built = {image for image in every if image.startswith("chatdb/")}
    after = {container["image"] for one in rendered.rendered for container in one.containers}
    assert after == (every - built) | {f"{REGISTRY}/{image.removeprefix('chatdb/')}" for image in built}
    assert len(built) == len(OURS)
    assert [str(finding) for finding in run(rendered, [rule for rule in RULES if rule.id != "files"])] == []
