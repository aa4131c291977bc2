"""Images of a promotion, by what both environments render to: pushed, and the same, or each is named with the fix."""

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from chatdb.committed import builds
from chatdb.promoted_images import image_problems
from constructs_lib.settings import Settings

THERE, HERE = "staging.example/chatdb", "registry.example:5000"
FIRST, SECOND = f"sha256:{'0f' * 32}", f"sha256:{'f0' * 32}"
PUSH = "`chatdb images --push -e production`"
RELEASE = f"run {PUSH}, commit, run `chatdb release -e staging`, and promote that"
SETTINGS = Settings(
    repository="https://git.example/chatdb.git",
    revision="main",
    environment="staging",
    applications="chatdb-staging",
    tiers=("core",),
    host="chatdb.example",
)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """What a commit says of the registries."""
    environments = {"staging": {"registry": THERE}, "production": {"registry": HERE}}
    (tmp_path / "chatdb.yaml").write_text(yaml.safe_dump({"environments": environments}))
    return tmp_path


def deploy(tree: Path, environment: str, *images: str) -> None:
    """A Job with these images, the first in an init container, in the tier core of the environment."""
    folder = tree / "overlays" / environment / "core"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "kustomization.yaml").write_text("resources: [job.yaml]\n")
    containers = [{"name": f"c{number}", "image": image} for number, image in enumerate(images)]
    spec = {"initContainers": containers[:1], "containers": containers[1:]}
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "job"}, "spec": {"template": {"spec": spec}}}
    (folder / "job.yaml").write_text(yaml.safe_dump(job))


def problems(tree: Path) -> list[str]:
    """What is said of a promotion from staging to production."""
    target = replace(SETTINGS, environment="production")
    return [str(one) for one in image_problems(tree, SETTINGS, target, builds(tree, target.environment, target.tiers))]


def test_same_digests(tree: Path) -> None:
    """Those of both registries are the same; images of others, and tags that staging does not have, do not matter."""
    deploy(tree, "staging", f"{THERE}/a:1@{FIRST}", f"{THERE}/b:1@{SECOND}", f"{THERE}/c:1")
    others = ("postgres:17", f"{HERE}0/a:1", f"other.example/{HERE}/a:1")
    deploy(tree, "production", f"{HERE}/a:1@{FIRST}", f"{HERE}/b:2@{FIRST}", f"{HERE}/c:1@{FIRST}", *others)
    assert problems(tree) == []


def test_not_pushed(tree: Path) -> None:
    """Each image of the registry without a digest, once, whether staging has a registry or not."""
    deploy(tree, "staging", "a:1", "b:1")
    deploy(tree, "production", f"{HERE}/b:1", f"{HERE}/a:1", f"{HERE}/a:1")
    expected = [
        f"image {HERE}/{name}:1: has no digest: it was not pushed there before the commit; {RELEASE}" for name in "ab"
    ]
    assert problems(tree) == expected
    content = yaml.safe_load((tree / "chatdb.yaml").read_text())
    del content["environments"]["staging"]["registry"]
    (tree / "chatdb.yaml").write_text(yaml.safe_dump(content))
    assert problems(tree) == expected


def test_built_again(tree: Path) -> None:
    """The same name and tag with another digest is another image."""
    deploy(tree, "staging", f"{THERE}/a:1@{FIRST}", f"{THERE}/b:1@{FIRST}")
    deploy(tree, "production", f"{HERE}/a:1@{SECOND}", f"{HERE}/b:1@{FIRST}")
    (problem,) = problems(tree)
    assert problem.startswith(
        f"image {HERE}/a:1: is {SECOND}, and staging runs {FIRST}: it was built again; push with {PUSH}"
    )


def test_no_registry(tree: Path) -> None:
    """Nodes have the images under their own names: nothing can be said of them."""
    content = yaml.safe_load((tree / "chatdb.yaml").read_text())
    del content["environments"]["production"]["registry"]
    (tree / "chatdb.yaml").write_text(yaml.safe_dump(content))
    deploy(tree, "production", "chatdb/a:1", f"{HERE}/a:1")
    assert problems(tree) == []
