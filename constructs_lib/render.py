"""The base manifests: the objects of each chart, as data; InvalidInput where two are one."""

from collections.abc import Collection, Iterable, Iterator, Mapping

from constructs_lib.charts import Charts, Spec
from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.rendered import Manifest, Place, Rendered, identity
from constructs_lib.resolve.problems.places import COMPONENTS
from constructs_lib.resolve.variation import differing
from constructs_lib.resolved import ResolvedComponent, ResolvedPlatform
from constructs_lib.types import type_of

CLAIM = "PersistentVolumeClaim"
NAMESPACES = "namespaces"
"""The chart that is no component's."""
GATEWAY = "gateway"
GATEWAY_API = "traits/gateway-api"
"""The folder of an optional trait; overlays/components/gateway-api takes it in."""


def render(platform: ResolvedPlatform, charts: Charts | None = None) -> Rendered:
    """The objects of every component, of the namespaces, and of what optional traits bring."""
    specs = _of_components(platform.components)
    specs[platform.namespaces.tier, NAMESPACES] = platform.namespaces
    if platform.gateway:
        specs[GATEWAY_API, GATEWAY] = platform.gateway
    made = _rendered(specs, charts or Charts())
    _refuse_clashes(made)
    return made


def render_variation(
    platform: ResolvedPlatform, base: ResolvedPlatform, rendered: Rendered, charts: Charts | None = None
) -> Rendered:
    """The objects of a variation of the platform `base`, which gave `rendered`."""
    other = differing(base, platform)
    own = _rendered(_of_components(one for one in platform.components if one.name in other), charts or Charts())
    made = Rendered(
        charts={**_without(other, rendered.charts), **own.charts},
        templates={**_without(other, rendered.templates), **own.templates},
    )
    _refuse_clashes(made)
    return made


def _without(components: Collection[str], places: Mapping[Place, list[Manifest]]) -> dict[Place, list[Manifest]]:
    return {place: objects for place, objects in places.items() if place[1] not in components}


def _of_components(components: Iterable[ResolvedComponent]) -> dict[Place, Spec]:
    return {(one.tier, one.name): one for one in components if type_of(one).rendered}


def _rendered(specs: Mapping[Place, Spec], charts: Charts) -> Rendered:
    made = dict(zip(specs, charts.of(specs.values()), strict=True))
    return Rendered(
        charts={place: chart.objects for place, chart in made.items() if chart.objects},
        templates={place: chart.templates for place, chart in made.items() if chart.templates},
        texts={place: chart.text for place, chart in made.items() if chart.objects},
    )


def _refuse_clashes(rendered: Rendered) -> None:
    if clashes := list(_clashes([*rendered.charts.items(), *rendered.templates.items()])):
        raise InvalidInput(clashes)


def _clashes(charts: Iterable[tuple[tuple[str, str], list[Manifest]]]) -> Iterator[Problem]:
    """Objects, and claims of StatefulSets, of one kind, namespace and name: one would replace the other."""
    makers: dict[tuple[str, str, str], str] = {}
    for (_, chart), objects in charts:
        for made in (one for manifest in objects for one in _identities(manifest)):
            if made in makers:
                kind, namespace, name = made
                message = f"{kind} {namespace}/{name} is made by {makers[made]} and by {chart}"
                yield Problem(COMPONENTS, message, "rename one of them, or the claim of its storage")
            makers[made] = chart


def _identities(manifest: Manifest) -> Iterator[tuple[str, str, str]]:
    kind, namespace, own = identity(manifest)
    yield kind, namespace, own
    if kind == "StatefulSet":
        for template in manifest["spec"]["volumeClaimTemplates"]:
            for number in range(manifest["spec"]["replicas"]):
                yield CLAIM, namespace, f"{template['metadata']['name']}-{own}-{number}"
