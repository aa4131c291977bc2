"""What pinning an environment to another commit changes: the commits between, and what is deployed before it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from chatdb.committed import checked_out
from chatdb.git import run_git
from chatdb.plan.plan import between
from chatdb.plan.sides import FOLDERS, Side, in_order, objects, waves
from chatdb.plan.views import as_text
from constructs_lib.problem import InvalidInput
from constructs_lib.rendered import Manifest
from constructs_lib.settings import COMMIT, Settings

SUBJECTS = 10
"""How many commits are named."""


def commits(root: Path, settings: Settings, contents: str) -> Iterator[str]:
    """Lines for people: what the tiers are pinned to, what they would be, and the commits of the project between."""
    by_target = defaultdict(list)
    for tier in settings.tiers:
        by_target[settings.target(tier)].append(tier)
    for target, tiers in by_target.items():
        named = "every tier" if len(by_target) == 1 else ", ".join(tiers)
        yield f"{named} of {settings.environment}: {_short(target)} -> {_short(contents)}"
        if COMMIT.fullmatch(target):
            # A clone may not have what is pinned; `steps` says so.
            subjects = run_git(root, "rev-list", "--oneline", f"{target}..{contents}", "--", ".").out.splitlines()
            yield from (f"  {subject}" for subject in subjects[:SUBJECTS])
            if len(subjects) > SUBJECTS:
                yield f"  and {len(subjects) - SUBJECTS} more"


def deployed(root: Path, settings: Settings, base: Path) -> Side:
    """The tiers as they are pinned now; `base` is the tree of the branch, which a tier without a pin tracks.

    InvalidInput where a tier does not build.
    """
    environment = settings.environment
    rendered: dict[str, list[Manifest]] = {}
    with ExitStack() as stack:
        for target in {settings.target(tier): None for tier in settings.tiers}:
            tree = stack.enter_context(checked_out(root, target, FOLDERS)) if COMMIT.fullmatch(target) else base
            tiers = [tier for tier in settings.tiers if settings.target(tier) == target]
            rendered |= objects(root, environment, tree, tiers)
    return in_order(rendered, waves(base, environment))


def steps(
    root: Path, settings: Settings, contents: str, base: Path, rendered: Mapping[str, Sequence[Manifest]]
) -> Iterator[str]:
    """Lines for people: the commits, and the plan of pinning every tier to the commit that renders to that.

    What is pinned now may be a commit that this clone does not have; then there is no plan, and a line says so.
    """
    yield from commits(root, settings, contents)
    after = in_order(rendered, waves(base, settings.environment))
    try:
        plan = between(root, settings.environment, deployed(root, settings, base), after)
    except InvalidInput as error:
        yield from (f"no plan: {problem}" for problem in error.problems)
    else:
        yield from as_text(plan)


def _short(target: str) -> str:
    return target[:12] if COMMIT.fullmatch(target) else target
