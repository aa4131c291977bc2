"""The doctor finds what is missing, wrong, hanging or crashing, and says how to fix it."""

import shutil
from pathlib import Path

import pytest

from chatdb import doctor
from tests.repository import ROOT


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """The project's own files, and nothing installed."""
    for name in ("requirements", "tools"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copyfile(ROOT / "package.json", tmp_path / "package.json")
    return tmp_path


def fixes(root: Path) -> dict[str, str]:
    """Name and fix of every finding that has one."""
    return {finding.name: finding.fix for finding in doctor.findings(root) if finding.fix}


def node(root: Path, script: str) -> None:
    """Put a program in the place of Node."""
    path = root / ".venv/bin/node"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_here_all_is_well() -> None:
    """The tests' own set-up is complete."""
    assert fixes(ROOT) == {}


def test_everything_missing(machine: Path) -> None:
    """Each need is named with the command that installs it."""
    assert fixes(machine) == {
        "Node": "rm -r .venv; make synth",
        "cdk8s CLI": "make synth",
        "kustomize": "make setup-synth",
        "kubeconform": "make setup-synth",
        "promtool": "make setup-test",
        "glua": "make setup-test",
        "schemas": "make synth",
    }


@pytest.mark.parametrize("script", ["echo v20.1.0", "exit 1", "sleep 30", "echo nonsense"])
def test_bad_node(machine: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Too old, broken, hanging, or not Node."""
    monkeypatch.setattr(doctor, "SECONDS", 0.5)
    node(machine, script)
    assert "Node" in fixes(machine)


def test_good_node(machine: Path) -> None:
    """New enough."""
    node(machine, "echo v22.0.0")
    assert "Node" not in fixes(machine)


def test_other_package(machine: Path) -> None:
    """A package that is not as locked is named."""
    lock = machine / "requirements/synth.lock"
    lock.write_text(lock.read_text().replace("click==", "click==99."))
    assert "Python packages" in fixes(machine)


def test_extras_are_named_and_not_missed(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What one target alone needs is shown; only where all of it is there is it installed."""
    stamps = machine / ".tools/stamps"
    stamps.mkdir(parents=True)
    (stamps / "kube-score").touch()
    (stamps / "cluster").touch()
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    findings = {finding.name: (finding.found, finding.fix) for finding in doctor.findings(machine)}
    assert findings["Maven"] == (None, "")
    assert findings["extras of make setup-local"] == (None, "")
    assert findings["extras of make e2e"] == ("installed", "")
    assert findings["extras of make scores"] == (None, "")
