"""Grafana."""

from constructs import Construct

from constructs_lib.catalogue.model import Component
from constructs_lib.components.dashboards import dashboards
from constructs_lib.parts.chart import ComponentChart
from constructs_lib.parts.config import config_map, env_config
from constructs_lib.parts.context import Context
from constructs_lib.parts.pod import PodOptions
from constructs_lib.parts.resource import resource
from constructs_lib.parts.service import service
from constructs_lib.parts.storage import Mount, tmp
from constructs_lib.parts.workload import deployment

PROVISIONING = "/etc/grafana/provisioning"
DASHBOARDS = "/var/lib/grafana-dashboards"


class Grafana(ComponentChart):
    """Data sources and dashboards are files: nothing is clicked together, and nothing is lost with the pod."""

    def __init__(self, scope: Construct, id_: str, *, component: Component, context: Context) -> None:
        """Dashboards are re-read by Grafana itself, so that a new service does not restart it."""
        super().__init__(scope, id_)
        sources = config_map(
            self, component, "grafana-datasources", {"datasources.yaml": resource("grafana/datasources.yaml")}
        )
        providers = config_map(
            self, component, "grafana-providers", {"dashboards.yaml": resource("grafana/dashboards.yaml")}
        )
        files = config_map(self, component, "grafana-dashboards", dashboards(context.catalogue))
        options = PodOptions(
            environment=env_config(self, component, context),
            reloaded=[files],
            mounts=[
                Mount(name="datasources", path=f"{PROVISIONING}/datasources", config=sources),
                Mount(name="providers", path=f"{PROVISIONING}/dashboards", config=providers),
                Mount(name="dashboards", path=DASHBOARDS, config=files),
                Mount(name="data", path="/var/lib/grafana", scratch="256Mi"),
                tmp(),
            ],
        )
        deployment(self, component, context, options)
        service(self, component)
