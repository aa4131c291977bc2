"""Platforms with traits: the catalogue is varied, and resolved anew."""

from collections.abc import Collection, Iterable
from dataclasses import replace

from constructs_lib.model import Catalogue, Operator, Trait
from constructs_lib.options import Options
from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.resolve.problems.places import TRAITS, entry
from constructs_lib.resolve.resolve import resolve
from constructs_lib.resolved import ResolvedPlatform, Successor, specialized
from constructs_lib.types import type_of

OF_ALL = ("waves", "namespaces", "gateway")
"""What is rendered once for all environments."""


def varied(platform: ResolvedPlatform, names: Collection[str], options: Options | None = None) -> ResolvedPlatform:
    """The platform with the traits of these names; itself where none of them varies the catalogue.

    Traits are applied in the catalogue's order. InvalidInput where the varied catalogue has a problem, or where a trait
    changes a component that it does not state, or keeps one that nothing takes over from.
    """
    chosen = _chosen(platform, names)
    if not chosen:
        return platform
    nodes = (operator.node for operator in operators(platform, names))
    catalogue = replace(platform.catalogue, externals=(*platform.catalogue.externals, *nodes))
    place = entry(TRAITS, "+".join(trait.name for trait in chosen))
    for trait in chosen:
        catalogue = _vary(trait, catalogue, options or Options())
    try:
        made = resolve(catalogue)
    except InvalidInput as error:
        said = (Problem(place, f"it leads to this: {one.where}: {one.what}", one.fix) for one in error.problems)
        raise InvalidInput(said) from error
    kept = {name for trait in chosen for name in trait.keeps}
    if problems := [*_unstated(platform, made, chosen, place), *_not_taken_over(made, kept, place)]:
        raise InvalidInput(problems)
    before = {name: platform.component(name) for name in kept}
    components = (
        specialized(one, Successor, before=before[one.name]) if one.name in kept else one for one in made.components
    )
    return replace(made, components=tuple(components))


def _not_taken_over(platform: ResolvedPlatform, kept: Iterable[str], place: str) -> Iterable[Problem]:
    able = {one.name for one in platform.components if type_of(one).takes_over}
    for name in sorted({*kept} - able):
        yield Problem(place, f"it keeps {name}, and nothing takes over its data", "remove it from keeps")


def _vary(trait: Trait, catalogue: Catalogue, options: Options) -> Catalogue:
    try:
        return trait.vary(catalogue, options)
    except KeyError as error:
        message = f"it changes {error.args[0]}, which the catalogue does not have"
        raise InvalidInput([Problem(entry(TRAITS, trait.name), message, "remove the trait from TRAITS")]) from error


def operators(platform: ResolvedPlatform, names: Collection[str]) -> tuple[Operator, ...]:
    """The operators that the traits of these names need."""
    by_name = {one.node.name: one for trait in _chosen(platform, names) for one in trait.operators}
    return tuple(by_name.values())


def _chosen(platform: ResolvedPlatform, names: Collection[str]) -> list[Trait]:
    chosen = set(names)
    return [trait for trait in platform.catalogue.traits if trait.name in chosen]


def differing(before: ResolvedPlatform, after: ResolvedPlatform) -> frozenset[str]:
    """The components that only one of both has, or that differ."""
    old, new = ({one.name: one for one in platform.components} for platform in (before, after))
    return frozenset(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))


def _unstated(before: ResolvedPlatform, after: ResolvedPlatform, traits: list[Trait], place: str) -> Iterable[Problem]:
    stated = {name for trait in traits for name in trait.changes(before.catalogue)}
    for name in sorted(differing(before, after) - stated):
        yield Problem(place, f"it changes {name}, which it does not state", f"keep {name}, or add it to changes")
    for name in OF_ALL:
        if getattr(before, name) != getattr(after, name):
            yield Problem(place, f"it changes the {name} of the platform, which no trait may", f"keep the {name}")
