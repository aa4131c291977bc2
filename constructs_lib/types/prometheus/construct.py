"""Prometheus."""

from typing import Any

import yaml
from constructs import Construct

from constructs_lib.component_type import own_file
from constructs_lib.parts.access import access
from constructs_lib.parts.chart import ComponentChart
from constructs_lib.parts.config import config_map, env_config
from constructs_lib.parts.pod import PodOptions
from constructs_lib.parts.service import service
from constructs_lib.parts.storage import Mount
from constructs_lib.parts.workload import deployment
from constructs_lib.types.prometheus.spec import PrometheusComponent

FOLDER = "/etc/prometheus"


class Prometheus(ComponentChart):
    """Scrapes the services twice over, as the specification says: by address, and by pod annotation."""

    def __init__(self, scope: Construct, id_: str, *, component: PrometheusComponent) -> None:
        """It reloads its files by itself, so that a new service does not restart it."""
        super().__init__(scope, id_)
        access(self, component)
        data = {"prometheus.yml": _config(component), **component.files}
        files = config_map(self, component, "prometheus-config", data)
        # <name>-config is the name of its files' ConfigMap where the component is called like its type.
        env_vars = env_config(self, component, f"{component.name}-environment")
        options = PodOptions(
            env_vars=env_vars,
            reloaded=[files],
            mounts=[
                Mount(name="prometheus-config", path=FOLDER, config=files),
                Mount(name="prometheus-storage", path="/prometheus/data", scratch="1Gi"),
            ],
            args=[
                f"--config.file={FOLDER}/prometheus.yml",
                "--storage.tsdb.path=/prometheus/data",
                f"--web.console.libraries={FOLDER}/console_libraries",
                f"--web.console.templates={FOLDER}/consoles",
                "--web.enable-lifecycle",
                "--config.auto-reload",
            ],
        )
        deployment(self, component, options, exclusive=True)
        service(self, component)


def _config(component: PrometheusComponent) -> str:
    """Its prometheus.yml; the rule files are the files that the component carries."""
    config: dict[str, Any] = yaml.safe_load(own_file(__name__, "prometheus.yml", component.platform))
    config["rule_files"] = [f"{FOLDER}/{name}" for name in component.files]
    pods, services = config["scrape_configs"]
    pods["kubernetes_sd_configs"][0]["namespaces"] = {"names": [*component.namespaces]}
    services["static_configs"] = [{"targets": [*component.targets]}]
    return str(yaml.safe_dump(config, sort_keys=False))


CONSTRUCT = Prometheus
