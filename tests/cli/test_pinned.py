"""What pinning changes: commits and objects, of tiers that are pinned to one commit, to several or to none."""

from pathlib import Path

import pytest
import yaml

from chatdb.committed import builds
from chatdb.plan.pinned import SUBJECTS, commits, steps
from constructs_lib.settings import Settings
from tests.cli.release_project import commit, git

pytestmark = pytest.mark.usefixtures("own_git")


def write(root: Path, tier: str, **objects: str) -> None:
    """A tier of ConfigMaps with these values."""
    folder = root / "overlays/production" / tier
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "kustomization.yaml").write_text(yaml.safe_dump({"resources": ["all.yaml"]}))
    metadata = {"namespace": "chatdb-system"}
    maps = [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **metadata}, "data": {"value": value}}
        for name, value in objects.items()
    ]
    (folder / "all.yaml").write_text(yaml.safe_dump_all(maps))


def settings(**pins: str) -> Settings:
    """Of an environment with two tiers."""
    return Settings(
        repository="https://git.example/chatdb.git",
        revision="main",
        environment="production",
        applications="chatdb-production",
        tiers=("core", "edge"),
        host="chatdb.example",
        pins=tuple(pins.items()),
    )


def changes(root: Path, pinned: Settings) -> list[str]:
    """What would change where the files of the folder were pinned: the lines of tiers and objects."""
    head = git(root, "rev-parse", "HEAD")
    lines = steps(root, pinned, head, root, builds(root, pinned.environment, pinned.tiers))
    return [line.strip() for line in lines if line.startswith(("wave", "  +", "  ~", "  -", "no plan", "production: "))]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two tiers in a folder of a repository, and commits of others."""
    root = tmp_path / "project"
    write(root, "core", same="1", changed="1", removed="1")
    write(root, "edge", same="1")
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    commit(tmp_path, "first")
    write(root, "core", added="1", same="1", changed="2")
    commit(tmp_path, "second")
    (tmp_path / "elsewhere").touch()
    commit(tmp_path, "of another project")
    return root


def test_tiers_of_one_commit(root: Path) -> None:
    """The commits of the project between, and each object that would be another."""
    first, head = git(root, "rev-parse", "HEAD~2", "HEAD").split()
    pinned = settings(core=first, edge=first)
    lines = list(commits(root, pinned, head))
    assert lines == [
        f"every tier of production: {first[:12]} -> {head[:12]}",
        f"  {git(root, 'rev-parse', '--short', 'HEAD~1')} second",
    ]
    assert changes(root, pinned) == [
        "production: 1 created, 1 changed, 1 deleted",
        "wave 0: core",
        "+ ConfigMap chatdb-system/added",
        "~ ConfigMap chatdb-system/changed",
        "- ConfigMap chatdb-system/removed",
    ]


def test_tiers_of_several_commits(root: Path) -> None:
    """A tier that tracks the branch is compared with what the branch has."""
    first, second = git(root, "rev-parse", "HEAD~2", "HEAD~1").split()
    assert list(commits(root, settings(core=second), second)) == [
        f"core of production: {second[:12]} -> {second[:12]}",
        f"edge of production: main -> {second[:12]}",
    ]
    write(root, "edge", same="2")
    mixed = settings(core=second)
    assert changes(root, mixed) == ["production: nothing changes"]
    assert changes(root, settings(core=second, edge=first)) == [
        "production: 1 changed",
        "wave 0: edge",
        "~ ConfigMap chatdb-system/same",
    ]


def test_many_commits(root: Path) -> None:
    """The latest are named, and the others are counted."""
    first = git(root, "rev-parse", "HEAD~2")
    for number in range(SUBJECTS + 1):
        (root / "file").write_text(str(number))
        commit(root, f"change {number}")
    lines = list(commits(root, settings(core=first, edge=first), git(root, "rev-parse", "HEAD")))
    assert len(lines) == SUBJECTS + 2
    assert lines[1].endswith(f" change {SUBJECTS}")
    assert lines[-1] == "  and 2 more"


@pytest.mark.parametrize("there", [True, False])
def test_pin_that_cannot_be_built(root: Path, *, there: bool) -> None:
    """A commit that the clone does not have, or a tier that does not build there, leaves out the plan alone."""
    (root / "overlays/production/edge/kustomization.yaml").unlink()
    commit(root, "broken")
    git(root, "revert", "--no-edit", "HEAD")
    broken = git(root, "rev-parse", "HEAD~1") if there else "f" * 40
    (line,) = (line for line in changes(root, settings(core=broken, edge=broken)) if "no plan" in line)
    assert ("overlays/production/edge: there is no" if there else "read-tree ffffffffffff") in line
