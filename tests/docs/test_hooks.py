"""The hooks for git are valid, local, and stop a commit that leaves a generated file stale."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.repository import ROOT, copy_repository

CONFIG = ROOT / ".pre-commit-config.yaml"
HOOKS: list[dict[str, Any]] = [
    hook for repository in yaml.safe_load(CONFIG.read_text())["repos"] for hook in repository["hooks"]
]
IDS = [hook["id"] for hook in HOOKS]


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the project in the folder, with the folder's code, whatever the user's settings are."""
    own = {"PYTHONPATH": str(folder), "PRE_COMMIT_HOME": str(folder / ".cache"), "PRE_COMMIT_COLOR": "never"}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = os.environ | own | {"PATH": path}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def test_configuration_is_valid_and_local() -> None:
    """Nothing is downloaded for a hook."""
    done = subprocess.run(["pre-commit", "validate-config", str(CONFIG)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert {entry["repo"] for entry in yaml.safe_load(CONFIG.read_text())["repos"]} == {"local"}
    assert len(set(IDS)) == len(IDS)


def test_hooks_are_the_lint_of_make_and_the_generator() -> None:
    """Whatever `make lint` runs is a hook, and so is what the generator can say of itself."""
    recipe = re.findall(r"^lint: .*\n((?:\t.+\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)[0]
    line = ["make", "--dry-run", "--no-print-directory", "lint"]
    printed = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    wanted = printed.splitlines()[-len(recipe.splitlines()) :]
    wanted += ["chatdb synth --check", "chatdb check", "python -m tools.docs --check"]
    assert [re.sub(r"^/usr/bin/env |\.(venv|tools)/bin/", "", hook["entry"]) for hook in HOOKS] == wanted


@pytest.mark.parametrize("hook", HOOKS, ids=IDS)
def test_hook_can_run(hook: dict[str, Any]) -> None:
    """Its program is one that make installs, and some file of the repository starts it."""
    program, *arguments = hook["entry"].split()
    assert (ROOT / program).exists()
    assert all((ROOT / argument).exists() for argument in arguments if argument.endswith(".py"))
    if "files" in hook:
        pattern = re.compile(hook["files"])
        folders = (ROOT / "catalogue", ROOT / "chatdb", ROOT / "constructs_lib", ROOT / "services")
        paths = (path.relative_to(ROOT).as_posix() for folder in folders for path in folder.rglob("*.py"))
        assert any(pattern.search(path) for path in paths)
        assert not pattern.search("LICENSE")


def test_a_stale_file_is_stopped(tmp_path: Path) -> None:
    """As it is the hook passes; with an edit in dist/ it fails, and says which file and what to do."""
    copy = copy_repository(tmp_path)
    (copy / ".venv").symlink_to(ROOT / ".venv")
    (copy / CONFIG.name).write_text(CONFIG.read_text())
    (copy / ".gitignore").write_text(".tools\n.cdk8s\n.cache\n.venv\n__pycache__\n")
    for command in (["init", "--quiet"], ["add", "--all"]):
        assert run(copy, "git", *command).returncode == 0
    fresh = run(copy, "pre-commit", "run", "generated", "--all-files")
    assert fresh.returncode == 0, fresh.stdout
    (copy / "dist/edge/ingress.k8s.yaml").write_text("edited")
    assert run(copy, "git", "add", "--all").returncode == 0
    stale = run(copy, "pre-commit", "run", "generated", "--all-files")
    assert stale.returncode == 1
    assert "dist/edge/ingress.k8s.yaml: not what the code gives; run `chatdb synth` and commit" in stale.stdout
