"""What traits of the catalogue make of the base: a component for each, and what an environment has besides."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from jsonpatch import JsonPatchException, JsonPointerException

from constructs_lib.charts import Charts
from constructs_lib.gitops.delta import Delta, by_identity, difference
from constructs_lib.gitops.kustomizations import write_component, write_objects
from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.render import render_variation
from constructs_lib.rendered import Rendered
from constructs_lib.resolve import varied
from constructs_lib.resolved import ResolvedPlatform
from constructs_lib.settings import Settings
from constructs_lib.traits import GENERATED_TRAITS

OBJECTS = "objects.yaml"
Deltas = Mapping[str, Mapping[str, Delta]]
"""Trait -> tier -> how the trait alone changes the tier's base; nothing for tiers that it leaves as they are."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Variation:
    """The base as an environment has it: its platform, all objects, and by tier what its traits' components lack."""

    platform: ResolvedPlatform
    rendered: Rendered
    rest: Mapping[str, Delta]


def trait_deltas(
    platform: ResolvedPlatform, rendered: Rendered, charts: Charts, names: Collection[str] | None = None
) -> Deltas:
    """Those of each trait that can stand alone: it needs neither settings of an environment nor other traits.

    With `names`, of those among them that are named.
    """
    return {
        trait.name: _deltas(
            platform.tiers, rendered, render_variation(varied(platform, [trait.name]), platform, rendered, charts)
        )
        for trait in platform.catalogue.traits
        if not trait.option and not trait.needs and (names is None or trait.name in names)
    }


def write_trait_deltas(out: Path, deltas: Deltas) -> None:
    """Write dist/traits/<trait>/<tier>: a Kustomize Component that makes of the tier's base what the trait makes it."""
    for trait, by_tier in deltas.items():
        for tier, delta in by_tier.items():
            folder = out / GENERATED_TRAITS / trait / tier
            if delta.added:
                write_objects(folder / OBJECTS, delta.added.values())
            write_component(folder, resources=[OBJECTS] if delta.added else [], patches=delta.patches())


def variation(
    platform: ResolvedPlatform, settings: Settings, rendered: Rendered, deltas: Deltas, charts: Charts
) -> Variation:
    """The base with all traits of the environment; InvalidInput where two of them cannot be attached together."""
    own = varied(platform, settings.traits, settings.options)
    if own is platform:
        return Variation(platform=platform, rendered=rendered, rest={})
    made = render_variation(own, platform, rendered, charts)
    attached = [name for name in deltas if name in settings.traits]
    rest = {}
    for tier in platform.tiers:
        objects = by_identity(rendered.base(tier))
        try:
            for name in attached:
                objects = deltas[name].get(tier, Delta()).onto(objects)
        except (JsonPatchException, JsonPointerException) as error:
            message = f"the traits {', '.join(attached)} change the same field of tier {tier}: {error}"
            where = f"environment {settings.environment}"
            raise InvalidInput([Problem(where, message, "leave out one of them")]) from error
        if delta := difference(objects, by_identity(made.base(tier))):
            rest[tier] = delta
    return Variation(platform=own, rendered=made, rest=rest)


def _deltas(tiers: Iterable[str], before: Rendered, after: Rendered) -> Mapping[str, Delta]:
    deltas = {tier: difference(by_identity(before.base(tier)), by_identity(after.base(tier))) for tier in tiers}
    return {tier: delta for tier, delta in deltas.items() if delta}
