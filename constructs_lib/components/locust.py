"""Locust: a master with the web page, and workers that make the load."""

from constructs import Construct

from constructs_lib.catalogue.model import Component
from constructs_lib.parts.chart import ComponentChart
from constructs_lib.parts.config import Config, config_map, env_config
from constructs_lib.parts.context import Context
from constructs_lib.parts.pod import PodOptions
from constructs_lib.parts.resource import resource
from constructs_lib.parts.service import service
from constructs_lib.parts.storage import Mount, tmp
from constructs_lib.parts.workload import deployment

FOLDER = "/mnt/locust"
SETTINGS = {"HOME": "/tmp", "LOCUST_LOCUSTFILE": f"{FOLDER}/locustfile.py"}
HOST = "--host=$(INGRESS_URL)"


def _options(component: Component, context: Context, scope: Construct, scripts: Config, *arguments: str) -> PodOptions:
    return PodOptions(
        environment=env_config(scope, component, context, SETTINGS),
        command=["locust", *arguments],
        mounts=[Mount(name="locust-scripts", path=FOLDER, config=scripts), tmp()],
    )


def _scripts() -> Config:
    """The load test; the master's chart makes the ConfigMap."""
    return Config("locust-scripts", {"locustfile.py": resource("locust/locustfile.py")})


class LocustMaster(ComponentChart):
    """Spreads the load over the workers and shows what they see; it makes none itself."""

    def __init__(self, scope: Construct, id_: str, *, component: Component, context: Context) -> None:
        """Exclusive: workers would connect to either of two masters."""
        super().__init__(scope, id_)
        scripts = _scripts()
        config_map(self, component, scripts.name, scripts.data)
        options = _options(component, context, self, scripts, "--master", "--web-host=0.0.0.0", HOST)
        deployment(self, component, context, options, exclusive=True)
        service(self, component)


class LocustWorker(ComponentChart):
    """Makes the load, once the master says so."""

    def __init__(self, scope: Construct, id_: str, *, component: Component, context: Context) -> None:
        """It waits for a master that is not there yet."""
        super().__init__(scope, id_)
        options = _options(component, context, self, _scripts(), "--worker", HOST)
        deployment(self, component, context, options)
