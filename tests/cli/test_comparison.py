"""What is told of a promotion: commits and objects, of tiers that are pinned to one commit, to several or to none."""

from pathlib import Path

import pytest
import yaml

from chatdb import comparison
from constructs_lib.problem import InvalidInput
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
    """What would change where the files of the folder were pinned."""
    return list(comparison.objects(root, pinned, root, comparison.rendered(root, pinned)))


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
    lines = list(comparison.commits(root, pinned, head))
    assert lines == [
        f"every tier of production: {first[:12]} -> {head[:12]}",
        f"  {git(root, 'rev-parse', '--short', 'HEAD~1')} second",
    ]
    names = ("added ConfigMap chatdb-system/added", "changed ConfigMap chatdb-system/changed")
    assert changes(root, pinned) == [f"core: {name}" for name in (*names, "removed ConfigMap chatdb-system/removed")]


def test_tiers_of_several_commits(root: Path) -> None:
    """A tier that tracks the branch is compared with what the branch has."""
    first, second = git(root, "rev-parse", "HEAD~2", "HEAD~1").split()
    assert list(comparison.commits(root, settings(core=second), second)) == [
        f"core of production: {second[:12]} -> {second[:12]}",
        f"edge of production: main -> {second[:12]}",
    ]
    write(root, "edge", same="2")
    mixed = settings(core=second)
    assert changes(root, mixed) == []
    assert changes(root, settings(core=second, edge=first)) == ["edge: changed ConfigMap chatdb-system/same"]


def test_many_commits(root: Path) -> None:
    """The latest are named, and the others are counted."""
    first = git(root, "rev-parse", "HEAD~2")
    for number in range(comparison.SUBJECTS + 1):
        (root / "file").write_text(str(number))
        commit(root, f"change {number}")
    lines = list(comparison.commits(root, settings(core=first, edge=first), git(root, "rev-parse", "HEAD")))
    assert len(lines) == comparison.SUBJECTS + 2
    assert lines[1].endswith(f" change {comparison.SUBJECTS}")
    assert lines[-1] == "  and 2 more"


def test_tier_that_does_not_build(root: Path) -> None:
    """It is named."""
    first = git(root, "rev-parse", "HEAD~2")
    (root / "overlays/production/edge/kustomization.yaml").unlink()
    with pytest.raises(InvalidInput, match="overlays/production/edge: there is no"):
        changes(root, settings(core=first, edge=first))
