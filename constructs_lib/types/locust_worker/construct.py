"""A worker of a load test."""

from constructs import Construct

from constructs_lib.parts.chart import ComponentChart
from constructs_lib.parts.workload import deployment
from constructs_lib.types.locust_master.construct import locust_options
from constructs_lib.types.locust_master.spec import LocustComponent


class LocustWorker(ComponentChart):
    """Makes the load, once the master says so."""

    def __init__(self, scope: Construct, id_: str, *, component: LocustComponent) -> None:
        """It waits for a master that is not there yet."""
        super().__init__(scope, id_)
        deployment(self, component, locust_options(self, component, "--worker"))


CONSTRUCT = LocustWorker
