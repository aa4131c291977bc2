"""Charts by cdk8s: importing this starts Node."""

from collections.abc import Iterable

from cdk8s import App, Chart

from constructs_lib.parts.autoscaler import autoscaler
from constructs_lib.parts.disruption import disruption_budget
from constructs_lib.parts.gateway import Gateway
from constructs_lib.parts.namespaces import Namespaces
from constructs_lib.parts.policy import network_policy
from constructs_lib.rendered import Manifest
from constructs_lib.resolved import ResolvedComponent, ResolvedGateway, ResolvedNamespaces
from constructs_lib.types import construct_of, type_of


def build(specs: Iterable[ResolvedComponent | ResolvedGateway | ResolvedNamespaces]) -> list[list[Manifest]]:
    """The objects of each chart."""
    app = App()
    return [_chart(app, str(number), spec).to_json() for number, spec in enumerate(specs)]


def _chart(app: App, id_: str, spec: ResolvedComponent | ResolvedGateway | ResolvedNamespaces) -> Chart:
    if isinstance(spec, ResolvedNamespaces):
        return Namespaces(app, id_, spec=spec)
    if isinstance(spec, ResolvedGateway):
        return Gateway(app, id_, spec=spec)
    return _of_component(app, id_, spec)


def _of_component(app: App, id_: str, component: ResolvedComponent) -> Chart:
    chart: Chart = construct_of(component.type)(app, id_, component=component)
    for policy in component.policies:
        network_policy(chart, component.platform, component.name, policy)
    if component.autoscale:
        autoscaler(chart, component, component.autoscale)
    if component.most_replicas > 1 and not type_of(component).operator:
        disruption_budget(chart, component)
    return chart
