"""A commit on a branch of its own, made beside the checkout: HEAD, index and files of the user stay as they are."""

from pathlib import Path

from chatdb.committed import AS_COMMITTED
from chatdb.git import Done, failed, git, run_git
from constructs_lib.gitops.prefix import GIT
from constructs_lib.problem import InvalidInput, Problem

PUSH_SECONDS = 900
"""The hook pre-push of the user runs in it, and it may check a whole repository."""
NO_COMMIT = "0" * 40


def commit_on_branch(root: Path, tree: Path, base: str, branch: str, paths: tuple[str, ...], message: str) -> None:
    """Commit the paths of `tree`, which is `base` checked out to one side, on a new branch that begins at `base`.

    The branch comes into being at once, with its commit: a run that is killed leaves no part of it. Where it is there
    with this content already, nothing is done. InvalidInput where it has other content, or git refuses.
    """
    content = _written(root, tree, base, paths)
    ref = f"refs/heads/{branch}"
    if tip := run_git(root, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}").out.strip():
        if git(root, "rev-parse", f"{tip}^{{tree}}", f"{tip}^@").split() != [content, base]:
            fix = f"merge it, or delete it with `git branch -D {branch}`, and run again"
            raise InvalidInput([Problem(f"branch {branch}", "is there with other content", fix)])
        return
    # Unlike `git commit`, it signs only where that is said.
    signed = run_git(root, "config", "--type=bool", "--get", "commit.gpgSign").out.strip() == "true"
    arguments = ("commit-tree", *(["-S"] if signed else []), "-p", base, "-m", message, content)
    commit = _done(run_git(root, *arguments), "commit-tree")
    git(root, "update-ref", "-m", "chatdb promote", ref, commit, NO_COMMIT)


def push_branch(root: Path, repository: str, branch: str) -> None:
    """Push the branch under its own name; InvalidInput where that is refused, or the branch has other content there."""
    arguments = ("push", "--quiet", "--no-follow-tags", "--", repository, f"refs/heads/{branch}:refs/heads/{branch}")
    _done(run_git(root, *arguments, seconds=PUSH_SECONDS, hooks=True), f"push {branch}")


def _written(root: Path, tree: Path, base: str, paths: tuple[str, ...]) -> str:
    """The tree object of `base` with the paths as they are in the folder `tree`, by an index of its own."""
    inside = Path(git(root, "rev-parse", "--show-prefix")).parts
    top = tree.parents[len(inside) - 1] if inside else tree
    env_vars = {
        "GIT_DIR": git(root, "rev-parse", "--absolute-git-dir"),
        "GIT_INDEX_FILE": str(top / GIT / "branch-index"),
        "GIT_WORK_TREE": str(top),
    }
    lines = (("read-tree", base), ("add", "--all", "--force", "--", *paths), ("write-tree",))
    printed = [_done(run_git(tree, *line, env_vars=env_vars, settings=AS_COMMITTED), line[0]) for line in lines]
    return printed[-1]


def _done(done: Done, command: str) -> str:
    """What git has printed; InvalidInput where it has failed."""
    if done.code:
        raise failed(command, done, "correct that and run again; the checkout is as it was")
    return done.out.strip()
