"""Promotion: an environment is pinned to the commit that another one has proven, on a branch for a pull request."""

from collections.abc import Iterator
from pathlib import Path

from chatdb.branch import commit_on_branch, push_branch
from chatdb.committed import builds, checked_out, generate
from chatdb.plan.pinned import steps
from chatdb.promoted_images import Objects, image_problems
from chatdb.published import DEEPEN, contains, published, shallow
from chatdb.release import Tell, head, one_at_a_time, own_paths, pins_of, refuse_changes
from constructs_lib.command import COMMAND, SETTINGS
from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.settings import COMMIT, PINS, Settings


def promote(
    root: Path,
    source: Settings,
    target: Settings,
    contents: str,
    *,
    offline: bool,
    dry_run: bool,
    push: bool,
    tell: Tell,
) -> None:
    """Pin every tier of `target` to the commit that `source` has proven, by a commit on a branch that begins at HEAD.

    `tell` hears what changes before anything is written, and what was done. With `dry_run` nothing is. InvalidInput
    with what is wrong; the checkout is as it was in any case.
    """
    environment = target.environment
    with one_at_a_time(root):
        base = head(root)
        # All is read from commits; these are what somebody would expect to see promoted.
        refuse_changes(root, SETTINGS, PINS, f"overlays/{environment}", f"argocd/{environment}")
        if not offline:
            published(root, target, base)
        if problems := tuple(_refusals(root, source, target, base, contents)):
            raise InvalidInput(problems)
        if {*map(target.target, target.tiers)} == {contents}:
            tell(f"every tier of {environment} is pinned to {contents[:12]} already")
            return
        with checked_out(root, base) as tree, checked_out(root, contents) as promoted:
            after = _checked(promoted, source, target, contents)
            told = tuple(steps(root, target, contents, tree, after))
            generate(tree, environment, pins_of(target, contents, after), rules=False)
            for line in told:
                tell(line)
            if dry_run:
                return
            # It begins as a release does: what releases after a merge leaves it alone.
            message = f"Release {contents[:12]} to {environment}\n\nPromoted from {source.environment}."
            branch = branch_name(target, contents)
            commit_on_branch(root, tree, base, branch, own_paths(environment), message)
    if push:
        push_branch(root, target.repository, branch)
        tell(f"pushed branch {branch} to {target.repository}; merge it into {target.revision}, and Argo CD follows")
    else:
        tell(f"committed on branch {branch}; push it, merge it into {target.revision}, and Argo CD follows")


def branch_name(target: Settings, contents: str) -> str:
    """The branch of a promotion: one for each commit."""
    return f"promote/{target.environment}-{contents[:12]}"


def _refusals(root: Path, source: Settings, target: Settings, base: str, contents: str) -> Iterator[Problem]:
    """Why this commit cannot be what the environment is pinned to."""
    where, deeper = f"commit {contents[:12]}", f"; {DEEPEN}" if shallow(root) else ""
    if extra := [tier for tier in target.tiers if tier not in source.tiers]:
        # One commit is for all tiers; to keep these at another would be a mixture that nobody has checked.
        message = f"{source.environment} does not have the tiers {', '.join(extra)}, and so has not proven them"
        fix = f"add them to `tiers` of {source.environment}, and release it"
        yield Problem(f"environment {target.environment}", message, fix)
    if not contains(root, base, contents):
        yield Problem(where, f"{source.environment} runs it, and HEAD does not contain it", f"run `git pull`{deeper}")
        return
    for pin in sorted({*filter(COMMIT.fullmatch, map(target.target, target.tiers))}):
        if not contains(root, contents, pin):
            message = f"does not contain {pin[:12]}, which {target.environment} is pinned to"
            fix = f"to go back, run `{COMMAND} rollback -e {target.environment}`{deeper}"
            yield Problem(where, message, fix)


def _checked(promoted: Path, source: Settings, target: Settings, contents: str) -> Objects:
    """What the commit renders to; InvalidInput with what a release would refuse, and with images that are not there."""
    overlays = f"overlays/{target.environment}"
    if not (promoted / overlays).is_dir():
        fix = f"run `{COMMAND} release -e {source.environment}` with a commit that has it, and promote that"
        raise InvalidInput([Problem(f"commit {contents[:12]}", f"does not have {overlays}", fix)])
    generate(promoted, target.environment, {}, rules=True)
    after = builds(promoted, target.environment, target.tiers)
    if problems := tuple(image_problems(promoted, source, target, after)):
        raise InvalidInput(problems)
    return after
