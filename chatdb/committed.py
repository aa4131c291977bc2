"""The committed tree, apart from the working tree: checked out to one side, and checked by its own code."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from chatdb.git import failed, git, run_git
from chatdb.repository import ROOT
from constructs_lib.gitops.prefix import GIT
from constructs_lib.kustomize import kustomize_each
from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.rendered import Manifest

SECONDS = 300
AS_COMMITTED = {"core.autocrlf": "false", "core.sparseCheckout": "false", "core.splitIndex": "false"}
"""What the user's checkout may differ by; Argo CD's does not."""
TOOLS = ".tools"


@contextmanager
def checked_out(root: Path, commit: str, only: Collection[str] = ()) -> Iterator[Path]:
    """The files of the project at a commit, in a temporary folder at the same place below a top.

    With `only`, those below these folders of the project's top, where the commit has them.

    Neither the index nor the list of worktrees knows of it: a run that is killed leaves a temporary folder alone.
    InvalidInput where a part of the commit is missing or damaged.
    """
    prefix = git(root, "rev-parse", "--show-prefix")
    with tempfile.TemporaryDirectory(prefix="chatdb-") as scratch:
        top = Path(scratch).resolve()
        tree = top / prefix
        tree.mkdir(parents=True, exist_ok=True)
        (top / GIT).mkdir()
        (top / GIT / "HEAD").touch()
        env_vars = {
            "GIT_DIR": git(root, "rev-parse", "--absolute-git-dir"),
            "GIT_INDEX_FILE": str(top / GIT / "index"),
            "GIT_WORK_TREE": str(tree),
        }
        for line in _lines(root, f"{commit}:{prefix.rstrip('/')}", only):
            done = run_git(root, *line, env_vars=env_vars, settings=AS_COMMITTED)
            if done.code:
                fix = "see whether the commit has this folder, and `git fsck` whether it is whole"
                raise failed(f"{line[0]} {commit[:12]}", done, fix)
        if (root / TOOLS).is_dir() and not (tree / TOOLS).exists():
            (tree / TOOLS).symlink_to((root / TOOLS).resolve())
        yield tree


def _lines(root: Path, tree: str, only: Collection[str]) -> Iterator[tuple[str, ...]]:
    """The commands of git that write the files of a tree."""
    yield "read-tree", "--reset", *(() if only else ("-u",)), tree
    there = run_git(root, "ls-tree", "--full-tree", "--name-only", tree).out.splitlines() if only else []
    if folders := sorted({*only} & {*there}):
        yield "restore", "--worktree", "--", *folders


def generate(tree: Path, environment: str, pins: Mapping[str, object], *, rules: bool) -> None:
    """Check that an environment of the tree is what its own code gives, and write its pins and Applications into it.

    InvalidInput with each stale file, and with `rules` each finding of `chatdb check`. The code is the tree's where it
    has some, in a process of its own: the one that runs may be the working tree's.
    """
    code = tree if (tree / "chatdb").is_dir() else ROOT
    arguments = (str(tree), environment, json.dumps(dict(pins)), *(["rules"] * rules))
    command = [sys.executable, "-m", "chatdb.verification", *arguments]
    env_vars = os.environ | {"PYTHONPATH": str(code)}
    try:
        done = subprocess.run(
            command, cwd=code, env=env_vars, capture_output=True, text=True, timeout=SECONDS, check=False
        )
        problems = json.loads(done.stdout)
    except subprocess.TimeoutExpired as error:
        message = f"the check of the commit has not ended within {SECONDS} s"
        raise InvalidInput([Problem("the commit", message, "run `chatdb check`, and see what it waits for")]) from error
    except ValueError as error:
        message = f"its code does not run: {done.stderr.strip()[-500:]}"
        raise InvalidInput([Problem("the commit", message, "correct it and commit")]) from error
    if problems:
        raise InvalidInput(Problem(*problem) for problem in problems)


def builds(tree: Path, environment: str, tiers: tuple[str, ...]) -> dict[str, list[Manifest]]:
    """What Argo CD builds of each tier of the tree; InvalidInput with each that it could not. None of its code runs."""
    fix = "choose another release, or leave the tier out of the settings"
    folders = (tree / "overlays" / environment / tier for tier in tiers)
    try:
        return {folder.name: manifests for folder, manifests in kustomize_each(tree, folders)}
    except InvalidInput as error:
        raise InvalidInput(Problem(problem.where, problem.what, fix) for problem in error.problems) from error
