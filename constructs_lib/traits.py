"""The optional traits of overlays/components: the tiers that each is attached to, and their combinations."""

from collections.abc import Iterable, Iterator
from itertools import chain, combinations
from pathlib import Path

from constructs_lib import manifest_yaml
from constructs_lib.kustomization import Kustomization

COMPONENTS = "components"


def traits(overlays: Path) -> dict[str, tuple[str, ...]]:
    """Trait -> the tiers that it changes: each is a folder overlays/components/<trait>/<tier>."""
    by_trait: dict[str, list[str]] = {}
    for path in sorted(path for path in (overlays / COMPONENTS).glob("*/*") if path.is_dir()):
        by_trait.setdefault(path.parent.name, []).append(path.name)
    return {trait: tuple(tiers) for trait, tiers in by_trait.items()}


def every_combination(overlays: Path) -> Iterator[tuple[str, ...]]:
    """From no trait to all of them."""
    names = sorted(traits(overlays))
    return chain.from_iterable(combinations(names, size) for size in range(len(names) + 1))


def attach(overlay: Path, names: Iterable[str]) -> None:
    """Add the traits to their tiers below the environment's overlay, as docs/traits.md says."""
    known = traits(overlay.parent)
    for trait in names:
        for tier in known[trait]:
            kustomization = Kustomization(overlay.parents[1], overlay / tier)
            names = [*kustomization.entries("components"), f"../../{COMPONENTS}/{trait}/{tier}"]
            text = manifest_yaml.dump([{**kustomization.content, "components": names}])
            kustomization.path.write_text(text, encoding="utf-8")
