"""The optional traits of overlays/components: the tiers that each changes, and their combinations."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from constructs_lib.command import SETTINGS
from constructs_lib.kustomization import GENERATED, Kustomization, normal
from constructs_lib.model import Catalogue
from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.yaml_files import Place

COMPONENTS = "components"
GENERATED_TRAITS = "dist/traits"


def traits(overlays: Path) -> dict[str, tuple[str, ...]]:
    """Trait -> the tiers that it patches: each is a folder overlays/components/<trait>/<tier>."""
    by_trait: dict[str, list[str]] = {}
    for path in sorted(path for path in (overlays / COMPONENTS).glob("*/*") if path.is_dir()):
        by_trait.setdefault(path.parent.name, []).append(path.name)
    return {trait: tuple(tiers) for trait, tiers in by_trait.items()}


def known_traits(root: Path, catalogue: Catalogue) -> tuple[str, ...]:
    """All traits that an environment may name, sorted: those of the catalogue, and those that are patches alone."""
    return tuple(sorted({*traits(root / "overlays"), *(trait.name for trait in catalogue.traits)}))


def problems_of_traits(root: Path, catalogue: Catalogue, raw: Mapping[str, Any], place: Place) -> Iterator[Problem]:
    """What is wrong with the list of traits."""
    names, where, known = raw.get("traits") or [], place.at("traits"), known_traits(root, catalogue)
    fix = f"list some of {', '.join(known)}" if known else "remove it: there are none"
    if not isinstance(names, list):
        yield Problem(str(where), "traits is not a list", fix)
        return
    for number, name in enumerate(names):
        if name not in known:
            yield Problem(str(where.at(number)), f"{name!r} is not a known trait", fix)
        elif name in names[:number]:
            yield Problem(str(where.at(number)), f"the trait {name} is listed twice", "keep one")
    for trait in (one for one in catalogue.traits if one.name in names):
        for other in sorted(set(trait.excludes) & {str(name) for name in names}):
            message = f"the traits {trait.name} and {other} exclude each other"
            yield Problem(str(where.at(names.index(trait.name))), message, "keep one of them")
        for other in sorted(set(trait.needs) - {str(name) for name in names}):
            message = f"the trait {trait.name} needs the trait {other}"
            yield Problem(str(where.at(names.index(trait.name))), message, f"list {other}, too")


def problems_of_options(catalogue: Catalogue, raw: Mapping[str, Any], place: Place) -> Iterator[Problem]:
    """Traits that lack the setting that they are about, and such settings without their trait."""
    names = raw.get("traits") or []
    if not isinstance(names, list):
        return
    for trait in (one for one in catalogue.traits if one.option):
        option, attached = trait.option, trait.name in names
        if attached and option not in raw:
            where = str(place.at("traits", names.index(trait.name)))
            yield Problem(where, f"the trait {trait.name} needs the setting {option}", f"add {option}")
        elif option in raw and not attached:
            fix = f"list it under traits, or remove {option}"
            yield Problem(str(place.at(option)), f"{option} has no effect without the trait {trait.name}", fix)


def choices(root: Path, catalogue: Catalogue) -> Iterator[tuple[str, ...]]:
    """No trait, each alone, and each two, of what an environment may have."""
    excluded = {frozenset((one.name, other)) for one in catalogue.traits for other in one.excludes}
    needed = {one.name: set(one.needs) for one in catalogue.traits}
    for size in range(3):
        chosen = combinations(known_traits(root, catalogue), size)
        whole = (names for names in chosen if all(needed.get(name, set()) <= {*names} for name in names))
        yield from (names for names in whole if frozenset(names) not in excluded)


def trait_folders(root: Path, out: Path, catalogue: Catalogue, names: Sequence[str], tier: str) -> list[str]:
    """The components of the tier that the traits of these names are, relative to the repository, in order.

    Generated ones in `out` come first: patches of overlays/components find what they bring.
    """
    generated = [f"{GENERATED_TRAITS}/{trait.name}/{tier}" for trait in catalogue.traits if trait.name in names]
    patches = [f"overlays/{COMPONENTS}/{name}/{tier}" for name in names]
    return [
        *(folder for folder in generated if (out / folder).is_dir()),
        *(folder for folder in patches if (root / folder).is_dir()),
    ]


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
        if any(path.is_relative_to(root / folder) for folder in (f"overlays/{COMPONENTS}", GENERATED_TRAITS)):
            fix = f"remove the line, and list {path.parent.name} under traits in {SETTINGS}"
            yield Problem(folder.place("components", number), f"the trait {path.parent.name} is attached by hand", fix)
    for number, name in enumerate(folder.entries("resources")):
        if normal(overlay / name) == overlay / GENERATED:
            message = f"{name} is among its resources, and changes others as a component"
            yield Problem(folder.place("resources", number), message, "move it to its components")
