"""The peers render exactly the objects that we render, and the comparison sees where they do not."""

from pathlib import Path

import pytest
import rivals
from fleet import catalogue
from measure import Command, run
from objects import objects
from rivals import BARE, HELM_NAME, OURS

from constructs_lib.resolve.problems import problems

COUNT = 5
OBJECTS = 43


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Command]:
    """Everybody who is installed, in a copy of the project; each has run once."""
    folder = tmp_path_factory.mktemp("bench")
    project = rivals.copy_project(folder / "project")
    installed = {command.name: command for command in rivals.platform(project, folder / "services", COUNT)}
    for command in installed.values():
        run(command)
    return installed


@pytest.mark.parametrize("peer", [BARE, HELM_NAME])
def test_same_objects(commands: dict[str, Command], peer: str) -> None:
    """Every object, field for field."""
    if peer not in commands:
        pytest.skip(f"{peer} is not installed: make bench")
    assert len(objects(commands[peer].made[0])) == OBJECTS
    assert rivals.unequal([commands[OURS], commands[peer]]) == {}


def test_difference_is_seen(commands: dict[str, Command], tmp_path: Path) -> None:
    """A field that differs, an object that is missing and one that is too much are each named."""
    for source in commands[BARE].made[0].glob("*.yaml"):
        (tmp_path / source.name).write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
    changed = tmp_path / "service-0001.k8s.yaml"
    text = changed.read_text(encoding="utf-8").replace("targetPort: 8001", "targetPort: 9999")
    changed.write_text(text.replace("name: service-0001-config\n  namespace", "name: other\n  namespace"))
    peer = Command(name="peer", argv=[], folder=tmp_path, env={}, made=(tmp_path,))
    assert rivals.unequal([commands[OURS], peer]) == {
        "peer": (
            "v1 ConfigMap chatdb-services other: only the peer makes it",
            "v1 ConfigMap chatdb-services service-0001-config: the peer does not make it",
            "v1 Service chatdb-services service-0001: not the same at .spec.ports[0].targetPort",
        )
    }


def test_twice(tmp_path: Path) -> None:
    """An object that is there twice is no set."""
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text("apiVersion: v1\nkind: Pod\nmetadata: {name: x}\n")
    with pytest.raises(ValueError, match="v1 Pod  x is there twice"):
        objects(tmp_path)


@pytest.mark.parametrize("count", [1, 2, 3, 100])
def test_catalogue_is_valid(count: int) -> None:
    """There is nothing wrong with the catalogue, whatever its size."""
    assert problems(catalogue(count)) == ()


def test_original_is_left_alone(commands: dict[str, Command]) -> None:
    """Commands work in copies, with a home of their own."""
    for command in commands.values():
        assert rivals.ROOT not in (command.folder, *command.folder.parents)
        assert rivals.ROOT not in Path(command.env["HOME"]).parents
