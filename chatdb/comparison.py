"""What pinning an environment to another commit changes: commits, and the objects that its tiers render to."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

from chatdb.committed import checked_out
from chatdb.deploy.objects import title
from chatdb.git import git
from constructs_lib.kustomize import kustomize
from constructs_lib.rendered import Manifest, identity
from constructs_lib.settings import COMMIT, Settings

SUBJECTS = 10
"""How many commits are named."""
ByIdentity = Mapping[tuple[str, str, str], Manifest]
Objects = Mapping[str, ByIdentity]
"""Tier -> the objects that it renders to."""


def commits(root: Path, settings: Settings, contents: str) -> Iterator[str]:
    """Lines for people: what the tiers are pinned to, what they would be, and the commits of the project between."""
    by_target = defaultdict(list)
    for tier in settings.tiers:
        by_target[settings.target(tier)].append(tier)
    for target, tiers in by_target.items():
        named = "every tier" if len(by_target) == 1 else ", ".join(tiers)
        yield f"{named} of {settings.environment}: {_short(target)} -> {_short(contents)}"
        if COMMIT.fullmatch(target):
            subjects = git(root, "rev-list", "--oneline", f"{target}..{contents}", "--", ".").splitlines()
            yield from (f"  {subject}" for subject in subjects[:SUBJECTS])
            if len(subjects) > SUBJECTS:
                yield f"  and {len(subjects) - SUBJECTS} more"


def objects(root: Path, settings: Settings, base: Path, after: Objects) -> Iterator[str]:
    """Lines for people: the objects of each tier that would be added, changed or removed.

    `after` is what the commit that would be pinned renders to; `base` is the tree of the branch, which a tier without a
    pin tracks. InvalidInput where a tier does not build as it is pinned now.
    """
    with ExitStack() as stack:
        trees = {target: base for target in map(settings.target, settings.tiers) if not COMMIT.fullmatch(target)}
        for target in {*map(settings.target, settings.tiers)} - {*trees}:
            trees[target] = stack.enter_context(checked_out(root, target))
        for tier in settings.tiers:
            before = _rendered(trees[settings.target(tier)], settings, tier)
            yield from (f"{tier}: {line}" for line in _differences(before, after[tier]))


def rendered(tree: Path, settings: Settings) -> Objects:
    """What the environment's tiers render to in a tree; InvalidInput where one does not build."""
    return {tier: _rendered(tree, settings, tier) for tier in settings.tiers}


def _rendered(tree: Path, settings: Settings, tier: str) -> ByIdentity:
    manifests = kustomize(tree, tree / "overlays" / settings.environment / tier)
    return {identity(manifest): manifest for manifest in manifests}


def _differences(before: ByIdentity, after: ByIdentity) -> Iterator[str]:
    for key in sorted({*before, *after}):
        if key not in before:
            yield f"added {title(after[key])}"
        elif key not in after:
            yield f"removed {title(before[key])}"
        elif before[key] != after[key]:
            yield f"changed {title(after[key])}"


def _short(target: str) -> str:
    return target[:12] if COMMIT.fullmatch(target) else target
