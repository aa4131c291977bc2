"""Older lines of Kubernetes and Argo CD: each name says what is pinned, and a wrong one is answered with all."""

import re
from pathlib import Path

import pytest

from tests.e2e import stack
from tests.repository import ROOT


def module(name: str) -> str:
    """The text of its go.mod."""
    return (ROOT / f"tools/go/{name}/go.mod").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", stack.lines())
def test_name_is_the_line(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is laid over the newest is of the line that the folder's name says, and older."""
    project, line = name.rsplit("-", 1)
    newest = stack.pinned(project)
    monkeypatch.setattr(stack, "OLDER", (name,))
    assert stack.pinned(project).startswith(f"v{line}.")
    assert not newest.startswith(f"v{line}.")


def test_parts_of_kubernetes_are_of_one_release() -> None:
    """Its parts are modules of their own, and nothing else holds them at the same patch."""
    parts = re.findall(r"^\tk8s\.io/\S+ => k8s\.io/\S+ v0\.(\S+)$", module("kubernetes-1.28"), re.MULTILINE)
    assert len(parts) > 25
    assert {f"v1.{part}" for part in parts} == {re.findall(r"k8s\.io/kubernetes (v\S+)", module("kubernetes-1.28"))[0]}


def test_make_builds_all_lines() -> None:
    """`make setup-e2e-long` builds every line that there is."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = re.findall(r"^OLDER_SERVERS := (.*)$", text, re.MULTILINE)
    assert sorted(named[0].split()) == stack.lines()


def test_unknown_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that is none is answered with those that are."""
    monkeypatch.setattr(stack, "OLDER", ("kubernetes-1.2",))
    problem, fix = stack.missing() or ("", "")
    assert "kubernetes-1.2" in problem
    assert "kubernetes-1.28" in fix
    assert "argo-cd-3.2" in fix


def test_not_built(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Servers that are not built are asked for, the newest first."""
    monkeypatch.setattr(stack, "STAMPS", tmp_path)
    monkeypatch.setattr(stack, "OLDER", ("argo-cd-3.2",))
    assert stack.missing() == ("there are no servers in .tools/cluster", "run `make setup-e2e`, which builds them")
    (tmp_path / "cluster").touch()
    problem, fix = stack.missing() or ("", "")
    assert ".tools/argo-cd-3.2" in problem
    assert "make setup-e2e-long" in fix
    (tmp_path / "argo-cd-3.2").touch()
    assert stack.missing() is None
