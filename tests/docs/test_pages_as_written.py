"""Commands of the pages print what the pages show: they run as they are written, in a copy of the repository."""

import fnmatch
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.repository import IDENTITY, ROOT, copy_repository


def block(page: str, heading: str) -> list[tuple[str, str]]:
    """(command, output) of each `$ ` line in the console block below the heading."""
    section = (ROOT / page).read_text("utf-8").partition(f"# {heading}\n")[2].partition("\n## ")[0]
    (text,) = re.findall(r"```console\n(.*?)```", section, re.DOTALL)
    steps = re.split(r"^\$ (.+)\n", text, flags=re.MULTILINE)[1:]
    return list(zip(steps[::2], steps[1::2], strict=True))


def alike(output: str, written: str) -> bool:
    """Whether the output is what is written, where a line of three dots stands for any number of lines."""
    escaped = re.sub(r"([\[?*])", r"[\1]", written)
    return fnmatch.fnmatchcase(output, re.sub(r"^\.\.\.\n", "*", escaped, flags=re.MULTILINE))


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy that is a git repository, and a `chatdb` that runs the copy's code."""
    folder = copy_repository(tmp_path_factory.mktemp("copy"))
    (folder / ".gitignore").write_text(".tools\n.cdk8s\n.cache\nbin\n__pycache__\n")
    command = folder / "bin/chatdb"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m chatdb "$@"\n')
    command.chmod(0o755)
    run(folder, "git init --quiet && git add --all && git commit --quiet --message 'As it was'")
    return folder


def run(folder: Path, command: str) -> str:
    """What the shell prints for a line, which has to succeed."""
    path = os.pathsep.join([str(folder / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]])
    ours = {"PATH": path, "PYTHONPATH": str(folder), "COLUMNS": "80", "PYTHONDONTWRITEBYTECODE": "1"}
    unset = {"PYTEST_ADDOPTS", "PYTEST_XDIST_WORKER", "PYTEST_CURRENT_TEST"}
    environment = {name: value for name, value in os.environ.items() if name not in unset} | IDENTITY | ours
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def run_as_written(copy: Path, steps: list[tuple[str, str]]) -> None:
    """Runs the commands; each output has to be what is written."""
    for command, written in steps:
        output = run(copy, command)
        assert alike(output, written), f"$ {command}\n{output}"


def test_plan_of_the_readme(copy: Path) -> None:
    """The change that the README plans."""
    steps = block("README.md", "Review a change")
    assert [command for command, _ in steps][1:] == ["chatdb plan -e minikube"]
    run_as_written(copy, steps)
    run(copy, "git checkout --quiet .")


def test_add_a_service(copy: Path) -> None:
    """Every output is the page's; then style and types of the new code are right, and nothing is stale."""
    steps = block("docs/adding-a-service.md", "Adding a service")
    assert [command for command, _ in steps][:2] == ["chatdb new-service billing --needs kafka:kafka", "chatdb synth"]
    run_as_written(copy, steps)
    run(copy, "chatdb synth --check && python -m tools.docs --check")
    code = "catalogue tests/services"
    run(copy, f"ruff check --no-cache {code} && ruff format --no-cache --check {code}")
    run(copy, "mypy --cache-dir .cache catalogue")
    explained = run(copy, "chatdb explain billing")
    assert "dist/processing/billing.k8s.yaml:2 ConfigMap chatdb-services/billing-config" in explained
    assert "  services/billing/README.md\n  tests/services/test_service_billing.py\n" in explained


def test_a_difference_is_seen() -> None:
    """The comparison takes three dots for any lines, and nothing else."""
    assert alike("a\nb\nc\n", "a\n...\n")
    assert alike("......  [100%]\n1 passed\n", "......  [100%]\n...\n")
    assert not alike("a\nb\n", "a\n")
    assert not alike("a *\n", "a b\n")
    assert not alike("", "a\n...\n")
