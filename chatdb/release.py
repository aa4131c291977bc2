"""A release: every tier is pinned to one commit, so that updates roll through the waves in order."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from chatdb.committed import AS_COMMITTED, builds, checked_out, generate
from chatdb.git import failed, git, run_git
from chatdb.plan.pinned import steps
from chatdb.published import DEEPEN, contains, published, shallow
from chatdb.repository import catalogue
from constructs_lib import manifest_yaml
from constructs_lib.command import COMMAND
from constructs_lib.files import advised_writes, exclusive, write_by_rename
from constructs_lib.footprint import scale_targets
from constructs_lib.gitops.publish import publish
from constructs_lib.gitops.regenerate import LOCK
from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.rendered import Manifest
from constructs_lib.settings import AUTOSCALED, COMMIT, Settings, pins_path, read_settings

HEADER = "# Written by `chatdb release`: the commit that each tier's Application is pinned to.\n"
COMMIT_SECONDS = 900
"""The hooks of the user run in it, and they may check a whole repository."""
ONE_AT_A_TIME = Path(".cdk8s/release.lock")
NAMED = 10
"""How many files or releases a message names."""
Tell = Callable[[str], None]
"""Prints a line for people."""
UNDER_WAY = Path(".cdk8s/release")
"""Names the paths that a run is changing; who finds it after a run that was killed brings them back."""


@dataclass(frozen=True, slots=True)
class Release:
    """A commit that the tiers of an environment are, or were, pinned to, and the commit that says so."""

    contents: str
    pins: str


def release(root: Path, environment: str, *, offline: bool, commit: bool, tell: Tell) -> str:
    """Pin every tier of the environment to HEAD, where it is pushed, and its committed tree is generated and checked.

    Returns the commit; `tell` hears what changes, before anything is written. InvalidInput with what is wrong; then
    nothing has changed.
    """
    with _committed(root, environment) as (contents, tree, settings):
        if not offline:
            published(root, settings, contents)
        generate(tree, environment, pins_of(settings, contents, {}), rules=True)
        built = builds(tree, environment, settings.tiers)
        told = tuple(steps(root, settings, contents, tree, built))
        pins = pins_of(settings, contents, built)
        if AUTOSCALED in pins:
            generate(tree, environment, pins, rules=False)
        for line in told:
            tell(line)
        message = f"Release {contents[:12]} to {environment}"
        take(root, tree, environment, message if commit else None)
    return contents


def rollback(root: Path, environment: str, to: str | None, *, offline: bool, commit: bool, tell: Tell) -> str:
    """Pin every tier to the commit of an earlier release: the last one before the present one, or the one named.

    Returns the commit; `tell` hears what changes, before anything is written. InvalidInput with what is wrong; then
    nothing has changed.
    """
    with _committed(root, environment) as (_, tree, settings):
        earlier = _earlier(root, settings, to)
        if not offline:
            published(root, settings, earlier)
        with checked_out(root, earlier) as old:
            built = builds(old, environment, settings.tiers)
        told = tuple(steps(root, settings, earlier, tree, built))
        generate(tree, environment, pins_of(settings, earlier, built), rules=False)
        for line in told:
            tell(line)
        # It begins as a release does: what releases after a merge leaves it alone.
        message = f"Release {earlier[:12]} to {environment} again"
        take(root, tree, environment, message if commit else None)
    return earlier


def releases(root: Path, environment: str) -> Iterator[Release]:
    """The releases of an environment, latest first, as the history of HEAD has them."""
    path = pins_path(Path(), environment).as_posix()
    for commit in git(root, "rev-list", "HEAD", "--", path).split():
        text = run_git(root, "cat-file", "blob", f"{commit}:./{path}").out
        try:
            pins = yaml.safe_load(text) or {}
            contents = {pins[tier] for tier in pins if tier != AUTOSCALED}
        except (yaml.YAMLError, AttributeError, TypeError):
            continue
        # Tiers that somebody has pinned to different commits are no release.
        if len(contents) == 1 and COMMIT.fullmatch(str(*contents)):
            yield Release(str(*contents), commit)


def pins_of(settings: Settings, contents: str, built: Mapping[str, Iterable[Manifest]]) -> dict[str, object]:
    """What a file of pins says: every tier at that commit, and what autoscalers scale in what is built of it there."""
    scaled = {
        tier: sorted(f"{one.namespace}/{one.name}" for one in scale_targets(manifests) if one.kind == "Deployment")
        for tier, manifests in built.items()
    }
    scaled = {tier: deployments for tier, deployments in scaled.items() if deployments}
    return {**dict.fromkeys(settings.tiers, contents), **({AUTOSCALED: scaled} if scaled else {})}


def write_pins(root: Path, environment: str, pins: Mapping[str, object]) -> None:
    """Write the file of pins of the environment."""
    text = manifest_yaml.dump([{str(key): value for key, value in sorted(pins.items())}])
    write_by_rename(pins_path(root, environment), HEADER + text)


def own_paths(environment: str) -> tuple[str, str]:
    """What a release changes: the pins, and the Applications that are generated with them."""
    return pins_path(Path(), environment).as_posix(), f"argocd/{environment}"


def take(root: Path, tree: Path, environment: str, message: str | None) -> None:
    """Take pins and Applications of the tree over into the repository, and commit them where there is a message.

    InvalidInput where git refuses; then index and files are as they were.
    """
    paths = own_paths(environment)
    written = [file.relative_to(tree).as_posix() for path in paths for file in [tree / path, *(tree / path).rglob("*")]]
    done = run_git(root, "check-ignore", "--no-index", "--", *written)
    if done.err:
        raise failed("check-ignore", done, "correct that and run again")
    if ignored := done.out.splitlines():
        fix = "take it out of .gitignore: Argo CD sees what is committed alone"
        raise InvalidInput(Problem(path, "is ignored by git", fix) for path in ignored)
    with undone_on_failure(root, paths):
        with exclusive(root / LOCK):
            publish(root, tree, paths)
        if message is not None:
            commit_paths(root, paths, message)


def commit_paths(root: Path, paths: tuple[str, ...], message: str) -> None:
    """Commit these paths alone, with the user's hooks and signature; what else is staged stays so."""
    git(root, "add", "--", *paths)
    arguments = ("commit", "--quiet", "--message", message, "--", *paths)
    done = run_git(root, *arguments, seconds=COMMIT_SECONDS, hooks=True)
    if done.code:
        raise failed("commit", done, "correct that and run again; index and files are as they were before")


@contextmanager
def undone_on_failure(root: Path, paths: tuple[str, ...]) -> Iterator[None]:
    """Bring the paths, in which nothing was changed before, back to HEAD where something fails."""
    write_by_rename(root / UNDER_WAY, "\n".join(paths))
    try:
        yield
    except BaseException:
        recover(root)
        raise
    (root / UNDER_WAY).unlink()


def recover(root: Path) -> None:
    """Bring back what a run has changed that failed or was killed: in the index, and in the files."""
    if not (root / UNDER_WAY).is_file():
        return
    paths = (root / UNDER_WAY).read_text(encoding="utf-8").split("\n")
    fix = f"end what is using the repository, and run `{COMMAND} release` again: it brings back {' and '.join(paths)}"
    git(root, "reset", "--quiet", "--", *paths, fix=fix)
    git(root, "clean", "--quiet", "--force", "-d", "--", *paths, fix=fix)
    if tracked := [path for path in paths if git(root, "ls-files", "--", path)]:
        done = run_git(root, "restore", "--", *tracked, settings=AS_COMMITTED)
        if done.code:
            raise failed("restore", done, fix)
    (root / UNDER_WAY).unlink()


@contextmanager
def _committed(root: Path, environment: str) -> Iterator[tuple[str, Path, Settings]]:
    """HEAD, beside which nothing may be changed; its tree to one side, and the environment's settings in it."""
    with one_at_a_time(root):
        present = head(root)
        refuse_changes(root, ".")
        with checked_out(root, present) as tree:
            yield present, tree, read_settings(tree, catalogue(), environment)


@contextmanager
def one_at_a_time(root: Path) -> Iterator[None]:
    """Wait for another run, and bring back what one that was killed has changed."""
    with advised_writes(str(root)), exclusive(root / ONE_AT_A_TIME):
        recover(root)
        yield


def head(root: Path) -> str:
    """The commit HEAD; InvalidInput where there is none, or Argo CD could not name it."""
    fix = f"run `{COMMAND}` in a clone of the repository, with a commit"
    commit = git(root, "rev-parse", "--verify", "HEAD^{commit}", fix=fix)
    if not COMMIT.fullmatch(commit):
        raise InvalidInput(
            [Problem("git", f"{commit} is not an SHA-1 id", "use a repository with SHA-1: Argo CD does")]
        )
    return commit


def refuse_changes(root: Path, *paths: str) -> None:
    """InvalidInput where something below the paths is not committed."""
    status = git(root, "status", "--porcelain", "--untracked-files=all", "--ignore-submodules=none", "--", *paths)
    if changed := status.splitlines():
        names = ", ".join(line.strip() for line in changed[:NAMED])
        raise InvalidInput([Problem("git", f"there are changes that are not committed: {names}", "commit them first")])


def _earlier(root: Path, settings: Settings, to: str | None) -> str:
    """The commit of the release that is asked for; without a name, of the last one before what is pinned now."""
    history, present = list(releases(root, settings.environment)), set(dict(settings.pins).values())
    if to is None:
        for one in history:
            if one.contents not in present and all(contains(root, pinned, one.contents) for pinned in present):
                return one.contents
        message = f"the history of HEAD has no earlier release of {settings.environment}"
        raise InvalidInput([Problem("git", message, f"name a release with --to{_deeper(root)}")])
    named = run_git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{to}^{{commit}}").out.strip()
    wanted = next((one.contents for one in history if named in (one.contents, one.pins)), None)
    if wanted is None:
        known = ", ".join(dict.fromkeys(one.contents[:12] for one in history[:NAMED])) or "none"
        fix = f"name one of these: {known}{_deeper(root)}"
        raise InvalidInput([Problem("--to", f"{to!r} is not a release of {settings.environment}", fix)])
    if present == {wanted}:
        raise InvalidInput(
            [Problem("--to", f"{wanted[:12]} is what {settings.environment} is pinned to", "name another")]
        )
    return wanted


def _deeper(root: Path) -> str:
    return f"; {DEEPEN}" if shallow(root) else ""
