"""The optional traits of overlays/components: the tiers that each is attached to, and their combinations."""

from collections.abc import Iterable, Iterator
from itertools import chain, combinations
from pathlib import Path

import yaml

from constructs_lib.kustomize import KUSTOMIZATION

COMPONENTS = "components"


def traits(overlays: Path) -> dict[str, tuple[str, ...]]:
    """Trait -> the tiers that it changes: each is a folder overlays/components/<trait>/<tier>."""
    found: dict[str, list[str]] = {}
    for path in sorted((overlays / COMPONENTS).glob(f"*/*/{KUSTOMIZATION}")):
        found.setdefault(path.parents[1].name, []).append(path.parent.name)
    return {trait: tuple(tiers) for trait, tiers in found.items()}


def every_combination(overlays: Path) -> Iterator[tuple[str, ...]]:
    """From no trait to all of them."""
    names = sorted(traits(overlays))
    return chain.from_iterable(combinations(names, size) for size in range(len(names) + 1))


def attach(overlay: Path, names: Iterable[str]) -> None:
    """Add the traits to their tiers below the environment's overlay, as docs/traits.md says."""
    known = traits(overlay.parent)
    for trait in names:
        for tier in known[trait]:
            path = overlay / tier / KUSTOMIZATION
            kustomization = yaml.safe_load(path.read_text(encoding="utf-8"))
            kustomization.setdefault("components", []).append(f"../../{COMPONENTS}/{trait}/{tier}")
            path.write_text(yaml.safe_dump(kustomization), encoding="utf-8")
