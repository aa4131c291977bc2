"""What Kustomize says is passed on in words that help."""

import shutil
from pathlib import Path

import pytest

from constructs_lib.cache import FOLDER
from constructs_lib.kustomize import kustomize, tool
from constructs_lib.problem import InvalidInput
from tests.repository import ROOT

OBJECT = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, annotations: {"": a}}\n'


def test_crash(tmp_path: Path) -> None:
    """A panic of Kustomize is one line, without the calls that led there."""
    (tmp_path / "a.yaml").write_text(OBJECT)
    (tmp_path / "kustomization.yaml").write_text("resources: [a.yaml]\nlabels: [{pairs: {a: b}}]\n")
    with pytest.raises(InvalidInput) as error:
        kustomize(tmp_path, tmp_path, ROOT)
    (problem,) = error.value.problems
    says = "Kustomize itself crashes: wrong node kind: expected ScalarNode but got MappingNode: node contents: {};"
    assert says in str(problem)


def test_folder_outside_of_the_repository(tmp_path: Path) -> None:
    """The install that somebody hands to `chatdb deploy` may lie anywhere, and list what lies around it."""
    for name, listed in (("install", "../base"), ("base", "a.yaml")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "kustomization.yaml").write_text(f"resources: [{listed}]\n")
    (tmp_path / "base/a.yaml").write_text("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}")
    assert [made["kind"] for made in kustomize(ROOT, tmp_path / "install")] == ["ConfigMap"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """With an overlay, and a Kustomize that counts how often it is run."""
    (tmp_path / "overlay").mkdir()
    (tmp_path / "overlay/a.yaml").write_text("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}")
    (tmp_path / "overlay/kustomization.yaml").write_text("resources: [a.yaml]\n")
    program = tmp_path / ".tools/bin/kustomize"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\necho run >> {tmp_path}/runs\nexec {tool(ROOT, "kustomize")} "$@"\n')
    program.chmod(0o755)
    return tmp_path


def runs(project: Path) -> int:
    """How often Kustomize was run."""
    return len((project / "runs").read_text().splitlines())


def test_same_files_are_built_once(project: Path) -> None:
    """In another tree, too; other files, and another Kustomize, are built anew."""
    first = kustomize(project, project / "overlay")
    other = project / "other"
    shutil.copytree(project / "overlay", other / "overlay")
    assert kustomize(other, other / "overlay", project) == first
    assert runs(project) == 1
    (other / "overlay/a.yaml").write_text("{apiVersion: v1, kind: Secret, metadata: {name: a}}")
    assert [made["kind"] for made in kustomize(other, other / "overlay", project)] == ["Secret"]
    assert runs(project) == 2
    program = project / ".tools/bin/kustomize"
    program.write_text(program.read_text() + "\n")
    assert kustomize(project, project / "overlay") == first
    assert runs(project) == 3


def test_what_fails_is_not_kept(project: Path) -> None:
    """It says the same each time."""
    (project / "overlay/kustomization.yaml").write_text("resources: [a.yaml]\nlabels: [{pairs: {a: b}, fields: 1}]\n")
    for _ in range(2):
        with pytest.raises(InvalidInput):
            kustomize(project, project / "overlay")
    assert runs(project) == 2


def test_damaged_cache(project: Path) -> None:
    """It is built again."""
    first = kustomize(project, project / "overlay")
    (kept,) = (project / FOLDER).iterdir()
    kept.write_bytes(kept.read_bytes().replace(b"ConfigMap", b"ConfigMop"))
    assert kustomize(project, project / "overlay") == first
    assert runs(project) == 2


def test_file_that_changes_while_it_is_built(project: Path) -> None:
    """What comes of it is not taken for what the old file gives."""
    path, program, flag = project / "overlay/a.yaml", project / ".tools/bin/kustomize", project / "changes"
    before = path.read_text()
    changes = f"[ ! -e {flag} ] || sed -i s/ConfigMap/Secret/ {path}\nexec"
    program.write_text(program.read_text().replace("exec", changes))
    flag.touch()
    assert [made["kind"] for made in kustomize(project, project / "overlay")] == ["Secret"]
    flag.unlink()
    path.write_text(before)
    assert [made["kind"] for made in kustomize(project, project / "overlay")] == ["ConfigMap"]
