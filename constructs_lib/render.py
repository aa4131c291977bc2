"""The base manifests: the objects of each chart, as data; InvalidInput where two are one."""

from collections.abc import Iterable, Iterator

from cdk8s import App, Chart

from constructs_lib.job_names import config_data, named_by_content
from constructs_lib.parts.autoscaler import autoscaler
from constructs_lib.parts.disruption import disruption_budget
from constructs_lib.parts.gateway import Gateway
from constructs_lib.parts.namespaces import Namespaces
from constructs_lib.parts.policy import network_policy
from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.rendered import Manifest, Rendered, identity
from constructs_lib.resolve.problems.places import COMPONENTS
from constructs_lib.resolve.variation import differing
from constructs_lib.resolved import ResolvedComponent, ResolvedPlatform
from constructs_lib.types import construct_of, type_of

Charts = dict[tuple[str, str], list[Manifest]]
"""(Folder in dist/, file) -> objects."""
CLAIM = "PersistentVolumeClaim"
NAMESPACES = "namespaces"
"""The chart that is no component's."""
GATEWAY = "gateway"
GATEWAY_API = "traits/gateway-api"
"""The folder of an optional trait; overlays/components/gateway-api takes it in."""


def render(platform: ResolvedPlatform) -> Rendered:
    """The objects of every component, of the namespaces, and of what optional traits bring."""
    app = App()
    charts, templates = _of_components(app, platform.components)
    namespaces = Namespaces(app, NAMESPACES, spec=platform.namespaces)
    charts[platform.namespaces.tier, NAMESPACES] = namespaces.to_json()
    if platform.gateway:
        charts[GATEWAY_API, GATEWAY] = Gateway(app, f"trait.{GATEWAY}", spec=platform.gateway).to_json()
    made = Rendered(charts=charts, templates=templates)
    _refuse_clashes(made)
    return made


def render_variation(platform: ResolvedPlatform, base: ResolvedPlatform, rendered: Rendered) -> Rendered:
    """The objects of a variation of the platform `base`, which gave `rendered`: what differs is rendered anew."""
    other = differing(base, platform)
    charts, templates = _of_components(App(), [one for one in platform.components if one.name in other])
    made = Rendered(
        charts={key: objects for key, objects in rendered.charts.items() if key[1] not in other} | charts,
        templates={key: objects for key, objects in rendered.templates.items() if key[1] not in other} | templates,
    )
    _refuse_clashes(made)
    return made


def _of_components(app: App, components: Iterable[ResolvedComponent]) -> tuple[Charts, Charts]:
    """What dist/ has of them, and what each environment completes."""
    charts: Charts = {}
    templates: Charts = {}
    for component in (one for one in components if type_of(one).rendered):
        type_, place = type_of(component), (component.tier, component.name)
        objects = _chart(app, component).to_json()
        data = config_data(objects)
        for manifest in objects:
            if type_.per_environment(manifest):
                templates.setdefault(place, []).append(manifest)
            else:
                charts.setdefault(place, []).append(named_by_content(manifest, component.name, data))
    return charts, templates


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


def _chart(app: App, component: ResolvedComponent) -> Chart:
    chart: Chart = construct_of(component.type)(app, component.name, component=component)
    for policy in component.policies:
        network_policy(chart, component.platform, component.name, policy)
    if component.autoscale:
        autoscaler(chart, component, component.autoscale)
    if component.most_replicas > 1 and not type_of(component).operator:
        disruption_budget(chart, component)
    return chart
