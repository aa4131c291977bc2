"""The optional traits of overlays/components: the tiers that each changes, and their combinations."""

from collections.abc import Iterable, Iterator
from itertools import chain, combinations
from pathlib import Path

from constructs_lib.command import SETTINGS
from constructs_lib.kustomization import GENERATED, Kustomization, normal
from constructs_lib.problem import InvalidInput, Problem

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


def refuse_misplaced(root: Path, overlays: Iterable[Path]) -> None:
    """InvalidInput where a tier's overlay lists traits by hand, or what is generated among its resources."""
    problems = [problem for overlay in overlays for problem in _misplaced(root, overlay)]
    if problems:
        raise InvalidInput(problems)


def _misplaced(root: Path, overlay: Path) -> Iterator[Problem]:
    """Nothing where the overlay cannot be read: whoever builds it says that."""
    try:
        folder = Kustomization(root, overlay)
    except InvalidInput:
        return
    for number, name in enumerate(folder.entries("components")):
        path = normal(overlay / name)
        if path.is_relative_to(root / "overlays" / COMPONENTS):
            fix = f"remove the line, and list {path.parent.name} under traits in {SETTINGS}"
            yield Problem(folder.place("components", number), f"the trait {path.parent.name} is attached by hand", fix)
    for number, name in enumerate(folder.entries("resources")):
        if normal(overlay / name) == overlay / GENERATED:
            message = f"{name} is among its resources, and changes others as a component"
            yield Problem(folder.place("resources", number), message, "move it to its components")
