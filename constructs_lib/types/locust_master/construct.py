"""The master of a load test, with the web page; and what its workers have in common with it."""

from constructs import Construct

from constructs_lib.parts.chart import ComponentChart
from constructs_lib.parts.config import Config, config_map, env_config
from constructs_lib.parts.pod import PodOptions
from constructs_lib.parts.service import service
from constructs_lib.parts.storage import Mount, tmp
from constructs_lib.parts.workload import deployment
from constructs_lib.types.locust_master.spec import FOLDER, LocustComponent

SCRIPTS = "locust-scripts"
"""The ConfigMap of the load test, which the master's chart makes."""


def locust_options(scope: Construct, component: LocustComponent, *arguments: str) -> PodOptions:
    """Locust with these arguments and the load test, against the ingress controller."""
    scripts = Config(SCRIPTS, component.scripts)
    return PodOptions(
        env_vars=env_config(scope, component),
        command=["locust", *arguments, "--host=$(INGRESS_URL)"],
        mounts=[Mount(name=SCRIPTS, path=FOLDER, config=scripts), tmp()],
    )


class LocustMaster(ComponentChart):
    """Spreads the load over the workers and shows what they see; it makes none itself."""

    def __init__(self, scope: Construct, id_: str, *, component: LocustComponent) -> None:
        """Exclusive: workers would connect to either of two masters."""
        super().__init__(scope, id_)
        config_map(self, component, SCRIPTS, component.scripts)
        deployment(self, component, locust_options(self, component, "--master"), exclusive=True)
        service(self, component)


CONSTRUCT = LocustMaster
