"""The base manifests: the objects of each chart, as data."""

from cdk8s import App, Chart

from constructs_lib.job_names import config_data, named_by_content
from constructs_lib.parts.disruption import disruption_budget
from constructs_lib.parts.gateway import Gateway
from constructs_lib.parts.namespaces import Namespaces
from constructs_lib.parts.policy import network_policy
from constructs_lib.rendered import Manifest, Rendered
from constructs_lib.resolved import ResolvedComponent, ResolvedPlatform
from constructs_lib.types import construct_of, type_of

NAMESPACES = "namespaces"
"""The chart that is no component's."""
GATEWAY = "gateway"
GATEWAY_API = "traits/gateway-api"
"""The folder of an optional trait; overlays/components/gateway-api takes it in."""


def render(platform: ResolvedPlatform) -> Rendered:
    """The objects of every component, of the namespaces, and of what optional traits bring."""
    app = App()
    charts: dict[tuple[str, str], list[Manifest]] = {}
    templates: dict[str, list[Manifest]] = {}
    for component in platform.components:
        type_ = type_of(component)
        objects = _chart(app, component).to_json()
        data = config_data(objects)
        for manifest in objects:
            if type_.per_environment(manifest):
                templates.setdefault(component.tier, []).append(manifest)
            else:
                named = named_by_content(manifest, component.name, data)
                charts.setdefault((component.tier, component.name), []).append(named)
    namespaces = Namespaces(app, NAMESPACES, spec=platform.namespaces)
    charts[platform.namespaces.tier, NAMESPACES] = namespaces.to_json()
    if platform.gateway:
        charts[GATEWAY_API, GATEWAY] = Gateway(app, f"trait.{GATEWAY}", spec=platform.gateway).to_json()
    return Rendered(charts=charts, templates=templates)


def _chart(app: App, component: ResolvedComponent) -> Chart:
    chart: Chart = construct_of(component.type)(app, component.name, component=component)
    for policy in component.policies:
        network_policy(chart, component.platform, component.name, policy)
    if component.replicas > 1:
        disruption_budget(chart, component)
    return chart
