"""The workflow of pull requests, step by step in a shell as on GitHub, with a command that ends as it is told."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.cli.workflows import FOLDER, SHELL, jobs

COMMAND = '#!/bin/sh\necho "the plan of $*"\nexit $CODE\n'


@pytest.fixture(scope="module")
def job() -> dict[str, Any]:
    """The only job."""
    (only,) = jobs(FOLDER / "plan.yaml")
    return only


@pytest.mark.parametrize(("code", "fails"), [(0, 0), (3, 0), (4, 1), (1, 1), (2, 2)])
def test_outcome(job: dict[str, Any], tmp_path: Path, code: int, fails: int) -> None:
    """Changes pass, a blocking risk fails, and so does a plan that could not be made; its text is in the summary."""
    program = tmp_path / ".venv/bin/chatdb"
    program.parent.mkdir(parents=True)
    program.write_text(COMMAND)
    program.chmod(0o755)
    summary, output = tmp_path / "summary", tmp_path / "output"
    env_vars = {**os.environ, "BASE": "origin/main", "GITHUB_STEP_SUMMARY": str(summary), "GITHUB_OUTPUT": str(output)}
    plan = next(step for step in job["steps"] if step.get("id") == "plan")
    last = job["steps"][-1]
    subprocess.run([*SHELL, plan["run"]], cwd=tmp_path, env={**env_vars, "CODE": str(code)}, check=True)
    assert summary.read_text() == "the plan of plan --base origin/main --markdown --detailed-exitcode\n"
    assert (tmp_path / "plan.md").read_text() == summary.read_text()
    assert last["env"] == {"CODE": "${{ steps.plan.outputs.code }}"}
    said = output.read_text().removeprefix("code=").strip()
    done = subprocess.run([*SHELL, last["run"]], cwd=tmp_path, env={**env_vars, "CODE": said}, check=False)
    assert done.returncode == fails


def test_nothing_of_a_pull_request_is_pasted_into_a_shell(job: dict[str, Any]) -> None:
    """A branch may be named by a stranger: expressions are in `env` and `if` alone."""
    assert [step["run"] for step in job["steps"] if "${{" in step.get("run", "")] == []
