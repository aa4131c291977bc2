"""What Kustomize says is passed on in words that help."""

from pathlib import Path

import pytest

from constructs_lib.kustomize import kustomize
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
