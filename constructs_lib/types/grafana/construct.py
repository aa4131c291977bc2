"""Grafana."""

from constructs import Construct

from constructs_lib.component_type import own_file
from constructs_lib.parts.chart import ComponentChart
from constructs_lib.parts.config import config_map, env_config
from constructs_lib.parts.pod import PodOptions
from constructs_lib.parts.service import service
from constructs_lib.parts.storage import Mount, tmp
from constructs_lib.parts.workload import deployment
from constructs_lib.types.grafana.spec import GrafanaComponent

PROVISIONING = "/etc/grafana/provisioning"
DASHBOARDS = "/var/lib/grafana-dashboards"


class Grafana(ComponentChart):
    """Data sources and dashboards are files: nothing is clicked together, and nothing is lost with the pod."""

    def __init__(self, scope: Construct, id_: str, *, component: GrafanaComponent) -> None:
        """Dashboards are re-read by Grafana itself, so that a new service does not restart it."""
        super().__init__(scope, id_)
        name = "datasources.yaml"
        sources = config_map(self, component, "grafana-datasources", {name: own_file(__name__, name)})
        name = "dashboards.yaml"
        text = own_file(__name__, name, component.platform).replace("@title@", component.title)
        providers = config_map(self, component, "grafana-providers", {name: text})
        files = config_map(self, component, "grafana-dashboards", component.dashboards)
        options = PodOptions(
            env_vars=env_config(self, component),
            reloaded=[files],
            mounts=[
                Mount(name="datasources", path=f"{PROVISIONING}/datasources", config=sources),
                Mount(name="providers", path=f"{PROVISIONING}/dashboards", config=providers),
                Mount(name="dashboards", path=DASHBOARDS, config=files),
                Mount(name="data", path="/var/lib/grafana", scratch="256Mi"),
                tmp(),
            ],
        )
        deployment(self, component, options)
        service(self, component)


CONSTRUCT = Grafana
