"""Prometheus."""

from typing import Any

import yaml
from constructs import Construct

from constructs_lib.catalogue.graph import Relation, links
from constructs_lib.catalogue.model import Catalogue, Component
from constructs_lib.parts.access import access
from constructs_lib.parts.chart import ComponentChart
from constructs_lib.parts.config import config_map, env_config
from constructs_lib.parts.context import Context
from constructs_lib.parts.pod import PodOptions
from constructs_lib.parts.resource import resource
from constructs_lib.parts.service import service
from constructs_lib.parts.storage import Mount
from constructs_lib.parts.workload import deployment

SERVICES_JOB = "chatdb-services"


def scrape_config(catalogue: Catalogue) -> str:
    """prometheus.yml with the address of every scraped port in the job of the services."""
    config: dict[str, Any] = yaml.safe_load(resource("prometheus/prometheus.yml"))
    scraped = [link for link in links(catalogue) if link.relation is Relation.SCRAPES]
    targets = [f"{link.provider.name}.{link.provider.namespace}:{link.port.number}" for link in scraped]
    services = next(job for job in config["scrape_configs"] if job["job_name"] == SERVICES_JOB)
    services["static_configs"] = [{"targets": targets}]
    return str(yaml.safe_dump(config, sort_keys=False))


class Prometheus(ComponentChart):
    """Scrapes the services twice over, as the specification says: by address, and by pod annotation."""

    def __init__(self, scope: Construct, id_: str, *, component: Component, context: Context) -> None:
        """It reloads its files by itself, so that a new service does not restart it."""
        super().__init__(scope, id_)
        access(self, component, component.access)
        data = {
            "prometheus.yml": scrape_config(context.catalogue),
            "alerts.yml": resource("prometheus/alerts.yml"),
        }
        files = config_map(self, component, "prometheus-config", data)
        environment = env_config(self, component, context)
        options = PodOptions(
            environment=environment,
            reloaded=[files],
            mounts=[
                Mount(name="prometheus-config", path="/etc/prometheus", config=files),
                Mount(name="prometheus-storage", path="/prometheus/data", scratch="1Gi"),
            ],
            args=[
                "--config.file=/etc/prometheus/prometheus.yml",
                "--storage.tsdb.path=/prometheus/data",
                "--storage.tsdb.retention.time=15d",
                "--storage.tsdb.retention.size=700MB",
                "--web.console.libraries=/etc/prometheus/console_libraries",
                "--web.console.templates=/etc/prometheus/consoles",
                "--web.enable-lifecycle",
                "--enable-feature=auto-reload-config",
            ],
        )
        deployment(self, component, context, options, exclusive=True)
        service(self, component)
