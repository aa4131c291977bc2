"""Whether Argo CD can find a commit: it is part of the branch that it follows, in the repository that it reads."""

from pathlib import Path

from chatdb.git import failed, git, run_git
from constructs_lib.command import SETTINGS
from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.settings import Settings

FETCH_SECONDS = 300
DEEPEN = "the clone is shallow: run `git fetch --unshallow`, or check out with `fetch-depth: 0` in a workflow"


def shallow(root: Path) -> bool:
    """Whether the clone has a part of the history only."""
    return git(root, "rev-parse", "--is-shallow-repository") == "true"


def published(root: Path, settings: Settings, commit: str) -> None:
    """InvalidInput where `revision` of `repository` does not contain the commit, or nobody can say so.

    What is fetched gets no name: no branch, no tag and no FETCH_HEAD changes.
    """
    branch = f"{settings.revision} of {settings.repository}"
    tip = _tip(root, settings, branch)
    if contains(root, tip, commit):
        return
    fetch = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-prune", "--refmap=")
    done = run_git(root, *fetch, "--", settings.repository, _ref(settings.revision), seconds=FETCH_SECONDS)
    if done.code:
        raise failed(f"fetch {branch}", done, "correct that and run again")
    if contains(root, tip, commit):
        return
    fix = DEEPEN if shallow(root) else "push or merge it there, and run again"
    raise InvalidInput([Problem(f"commit {commit[:12]}", f"is not in {branch}", fix)])


def _ref(revision: str) -> str:
    """A branch, where it is not the full name of something else."""
    return revision if revision == "HEAD" or revision.startswith("refs/") else f"refs/heads/{revision}"


def _tip(root: Path, settings: Settings, branch: str) -> str:
    """The commit that the branch is at."""
    ref = _ref(settings.revision)
    done = run_git(root, "ls-remote", "--quiet", "--", settings.repository, ref)
    if done.code:
        fix = f"correct `repository` in {SETTINGS} or the access to it; --offline leaves this check out"
        raise failed(f"ls-remote {settings.repository}", done, fix)
    commits = {name: commit for commit, name in (line.split("\t") for line in done.out.splitlines())}
    if ref not in commits:
        raise InvalidInput([Problem(SETTINGS, f"there is no branch {branch}", "push it, or correct `revision`")])
    return commits[ref]


def contains(root: Path, tip: str, commit: str) -> bool:
    """Whether the commit is the tip or an ancestor of it; no, where the history of the tip is not there."""
    return not run_git(root, "merge-base", "--is-ancestor", commit, tip).code
