"""Grafana."""

import json
from typing import Any

from constructs import Construct

from constructs_lib.catalogue.model import Catalogue, Component
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


def services_dashboard(catalogue: Catalogue) -> str:
    """The dashboard whose variable `service` offers every scraped component."""
    dashboard: dict[str, Any] = json.loads(resource("grafana/services.json"))
    names = sorted(component.name for component in catalogue.components if component.metrics)
    variable = next(entry for entry in dashboard["templating"]["list"] if entry["name"] == "service")
    variable["query"] = ",".join(names)
    variable["options"] = [{"text": name, "value": name, "selected": False} for name in names]
    return json.dumps(dashboard, indent=2, sort_keys=True) + "\n"


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
        dashboards = config_map(
            self, component, "grafana-dashboards", {"services.json": services_dashboard(context.catalogue)}
        )
        options = PodOptions(
            environment=env_config(self, component, context),
            reloaded=[dashboards],
            mounts=[
                Mount(name="datasources", path=f"{PROVISIONING}/datasources", config=sources),
                Mount(name="providers", path=f"{PROVISIONING}/dashboards", config=providers),
                Mount(name="dashboards", path=DASHBOARDS, config=dashboards),
                Mount(name="data", path="/var/lib/grafana", scratch="256Mi"),
                tmp(),
            ],
        )
        deployment(self, component, context, options)
        service(self, component)
