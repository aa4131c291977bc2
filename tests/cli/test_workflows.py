"""The workflows of GitHub: what their steps run, in a shell as on GitHub."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.cli.release_project import OWN, URL, commit, git, push
from tests.cli.workflows import FOLDER, SHELL, jobs
from tests.repository import ROOT

WORKFLOWS = sorted(FOLDER.glob("*.yaml"))
BRANCH = "release-minikube"
CHATDB = f"""#!{sys.executable}
from pathlib import Path
from chatdb.cli import main
main(obj=Path.cwd())
"""
GH = """#!/bin/sh
echo "$*" >> "$GH_LOG"
test "$1 $2" != "pr view" || cat "$GH_STATE"
"""


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_fetch_the_history(path: Path) -> None:
    """A shallow checkout cannot tell whether a commit is part of the branch, or what its dates are."""
    for job in jobs(path):
        (checkout,) = [step for step in job["steps"] if step.get("uses", "").startswith("actions/checkout@")]
        assert checkout["with"]["fetch-depth"] == 0


def commands() -> list[str]:
    """The lines of all workflows, of the example for GitLab and of the development container."""
    steps = [step for path in WORKFLOWS for job in jobs(path) for step in job["steps"]]
    (example,) = re.findall(
        r"```yaml\n(.*?)```", (ROOT / "docs/continuous-integration.md").read_text("utf-8"), re.DOTALL
    )
    scripts = [job["script"] for job in yaml.safe_load(example).values() if "script" in job]
    container = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text("utf-8"))
    texts = [*(step.get("run", "") for step in steps), *(line for script in scripts for line in script)]
    return [line for text in (*texts, container["onCreateCommand"]) for line in text.splitlines()]


def test_make_targets_exist() -> None:
    """Whatever calls make names a target of the Makefile."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = [line.removeprefix("make ") for line in commands() if line.startswith("make ")]
    assert len(targets) > 5
    assert [target for target in targets if f"\n{target}:" not in makefile] == []


class Runner:
    """Runs the last step of the release workflow in a project."""

    def __init__(self, project: Path, folder: Path) -> None:
        """`gh` writes its arguments into a file, and prints the state of the pull request."""
        (job,) = jobs(FOLDER / "release.yaml")
        self.script = job["steps"][-1]["run"]
        self.project, self.log, self.state = project, folder / "log", folder / "state"
        self._program(folder / "bin/gh", GH)
        self._program(project / ".venv/bin/chatdb", CHATDB)
        (project / ".git/info/exclude").write_text(".venv\n")
        git(project, "remote", "add", "origin", URL)
        self.env_vars = {
            **os.environ,
            "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "ENVIRONMENT": "minikube",
            "GH_LOG": str(self.log),
            "GH_STATE": str(self.state),
        }

    @staticmethod
    def _program(path: Path, text: str) -> None:
        path.parent.mkdir(parents=True)
        path.write_text(text)
        path.chmod(0o755)

    def run(self, state: str = "") -> list[str]:
        """What `gh` was called for."""
        self.log.write_text("")
        self.state.write_text(state)
        command = [*SHELL, self.script]
        done = subprocess.run(command, cwd=self.project, env=self.env_vars, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return [" ".join(line.split()[:2]) for line in self.log.read_text().splitlines()]


def merged(project: Path, text: str) -> str:
    """A change on main, pushed; its commit."""
    (project / "notes.md").write_text(text)
    contents = commit(project, text)
    push(project)
    return contents


@pytest.mark.usefixtures("own_git")
def test_release_opens_a_pull_request(project: Path, tmp_path: Path) -> None:
    """The pins are on a branch, main does not move, and a second release updates the same pull request."""
    runner = Runner(project, tmp_path)
    contents = merged(project, "a change")
    assert runner.run() == ["auth setup-git", "pr view", "pr create"]
    assert git(project, "ls-remote", URL, "refs/heads/main").split()[0] == contents
    released = git(project, "ls-remote", URL, f"refs/heads/{BRANCH}").split()[0]
    assert git(project, "rev-parse", f"{released}^") == contents
    assert OWN[0] in git(project, "show", "--format=", "--name-only", released).split()
    git(project, "reset", "--quiet", "--hard", contents)
    merged(project, "another change")
    assert runner.run("OPEN\n") == ["auth setup-git", "pr view"]


@pytest.mark.usefixtures("own_git")
@pytest.mark.parametrize("merge", ["--no-ff", "--ff-only"])
def test_merge_of_the_pins_is_not_released(project: Path, tmp_path: Path, merge: str) -> None:
    """By a merge commit, or by the commit itself, whatever its message."""
    runner = Runner(project, tmp_path)
    merged(project, "a change")
    assert runner.run()
    released = git(project, "rev-parse", "HEAD")
    git(project, "reset", "--quiet", "--hard", "HEAD^")
    git(project, "merge", "--quiet", merge, *(["--message=Merge it"] if merge == "--no-ff" else []), released)
    push(project)
    assert runner.run("MERGED\n") == []
