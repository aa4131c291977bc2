"""What a component of type grafana is."""

from collections.abc import Mapping
from dataclasses import dataclass

from constructs_lib.component_type import SERVER, ComponentType
from constructs_lib.resolved import ResolvedComponent, Surroundings, frozen, specialized
from constructs_lib.types.grafana.dashboards import dashboards


@dataclass(frozen=True, kw_only=True)
class GrafanaComponent(ResolvedComponent):
    """`title` names the folder of the dashboards, which are JSON by file name."""

    title: str
    dashboards: Mapping[str, str]


class Grafana(ComponentType):
    """Data sources and dashboards are files: nothing is clicked together, and nothing is lost with the pod."""

    name = "grafana"
    takes = SERVER | {"metrics"}
    ports = ("http",)
    probes = True
    scales = True
    single = True

    def resolve(self, base: ResolvedComponent, around: Surroundings) -> ResolvedComponent:
        """The dashboards of the whole platform."""
        catalogue = around.catalogue
        return specialized(base, GrafanaComponent, title=catalogue.title, dashboards=frozen(dashboards(catalogue)))


TYPE = Grafana()
