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
