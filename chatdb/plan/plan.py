"""A plan: what an environment becomes when a change is merged, and the risks of it."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from chatdb.committed import checked_out
from chatdb.git import git, run_git
from chatdb.plan import accepted
from chatdb.plan.changes import Change
from chatdb.plan.notes import Note, compared, notes
from chatdb.plan.sides import ARGO_CD, FOLDERS, Side, side, worked_on
from constructs_lib.settings import Settings, environment_names


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """The changes of one environment in the order of its waves, and the notes, what blocks first."""

    environment: str
    changes: tuple[Change, ...]
    notes: tuple[Note, ...]

    @property
    def blocks(self) -> bool:
        """Whether somebody has to accept a risk before this is merged."""
        return any(note.blocks for note in self.notes)


def between(root: Path, environment: str, before: Side, after: Side) -> Plan:
    """The plan from one side to the other; what the repository `root` has accepted is marked."""
    difference = compared(before, after)
    reasons = accepted.read(root).get(environment, {})
    marked = tuple(accepted.marked(notes(difference), reasons))
    return Plan(environment=environment, changes=difference.changes, notes=marked)


def plans(root: Path, environments: Sequence[Settings], base: str) -> list[Plan]:
    """What merging the working tree does to each environment, where the commit `base` is what is deployed.

    InvalidInput where a side does not build.
    """
    names = [settings.environment for settings in environments]
    with ExitStack() as stack, ThreadPoolExecutor(2) as pool:
        committed = pool.submit(_sides_of_commit, root, names, base)
        tree = stack.enter_context(worked_on(root, names[0] if len(names) == 1 else None))
        # First, so that what both sides share is built once.
        before = committed.result()
        after = [side(root, name, tree) for name in names]
        return [between(root, *each) for each in zip(names, before, after, strict=True)]


def _sides_of_commit(root: Path, names: Sequence[str], base: str) -> list[Side]:
    with checked_out(root, base, FOLDERS) as tree:
        return [side(root, name, tree) for name in names]


def removed(root: Path, base: str) -> list[str]:
    """The environments that the commit `base` deploys, and that the working tree does not declare any more."""
    # A commit without the folder deploys nothing.
    paths = run_git(root, "ls-tree", "-r", "--name-only", f"{base}:./{ARGO_CD}").out.splitlines()
    names = {Path(path).parent.name for path in paths if Path(path).name == "root.yaml"}
    return sorted(names - environment_names(root))


def base_commit(root: Path, revision: str | None, branch: str) -> str:
    """The commit that a plan starts from: the one that is named, or where HEAD has left the branch that is deployed.

    Without that branch, HEAD itself. InvalidInput where the name is not a commit.
    """
    if revision is not None:
        return _commit(root, revision)
    for name in (f"origin/{branch}", branch):
        done = run_git(root, "merge-base", "HEAD", name)
        if not done.code:
            return done.out.strip()
    return _commit(root, "HEAD")


def _commit(root: Path, revision: str) -> str:
    fix = "name a commit, a branch or a tag that this clone has; `git fetch` brings what is missing"
    return git(root, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}", fix=fix)
